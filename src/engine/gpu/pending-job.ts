// A job between submission and completion: what has come back so far, possibly from several submissions.
import { ioWords } from '../plan/commands.ts';
import type { Completion, Job, JobStatus } from '../plan/job.ts';
import { regionNs, type StampedRegion } from './timestamps.ts';

export interface PendingJob {
  readonly job: Job;
  /** Words that its commands return, filled as submissions complete. */
  readonly io: Uint32Array;
  /** Words of `io` that encoded commands have claimed. */
  ioTaken: number;
  /** Sorted fault records, one array a submission. */
  readonly faults: Uint32Array[];
  dropped: number;
  status: JobStatus;
  /** Stamps are written for it. */
  readonly timed: boolean;
  readonly region: StampedRegion;
  /** A stamped pass has begun. */
  stamped: boolean;
  /** Work outside any pass came last: an empty stamped pass must close the region. */
  unstampedTail: boolean;
  /** It uploads pages: the GPU's time is not the time that this takes. */
  hostWrite: boolean;
  /** performance.now() when its encoding began. */
  readonly startedMs: number;
}

/** `timestamps`: whether the device can stamp. */
export function startJob(job: Job, timestamps: boolean): PendingJob {
  let words = 0;
  for (const command of job.commands) words += ioWords(command);
  return {
    job,
    io: new Uint32Array(words),
    ioTaken: 0,
    faults: [],
    dropped: 0,
    status: 'ok',
    timed: job.timed && timestamps,
    region: { begin: 0, end: 0 },
    stamped: false,
    unstampedTail: false,
    hostWrite: false,
    startedMs: performance.now(),
  };
}

/** Completion of a job whose whole work failure injection left out. */
export function injectedCompletion(job: Job): Completion {
  const none = new Uint32Array(0);
  return { seq: job.seq, status: 'injected', faults: none, dropped: 0, io: none, gpuNs: null };
}

/** What the job's submitter gets, once everything has come back. */
export function completionOf(pending: PendingJob): Completion {
  const { job, status, dropped, io } = pending;
  if (status === 'injected') return injectedCompletion(job);
  const measured = pending.timed && !pending.hostWrite;
  const gpuNs = measured ? regionNs(pending.region, performance.now() - pending.startedMs) : null;
  return { seq: job.seq, status, faults: joined(pending.faults), dropped, io, gpuNs };
}

function joined(parts: readonly Uint32Array[]): Uint32Array {
  if (parts.length === 1) return parts[0] as Uint32Array;
  const all = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
