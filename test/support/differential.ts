// Runs the same jobs on two executors and names the first word in which they differ.
import { ACCESS_RESULT_WORDS, ioWords, type Command } from '../../src/engine/plan/commands.ts';
import type { Executor, ExecutorConfig } from '../../src/engine/plan/executor.ts';
import type { Completion, Job } from '../../src/engine/plan/job.ts';
import { printCommand, printJob } from '../../src/engine/plan/print.ts';

/** Submits all jobs at once and waits for all of their completions. */
export async function complete(executor: Executor, jobs: readonly Job[]): Promise<Completion[]> {
  for (const job of jobs) executor.submit(job);
  const done: Completion[] = [];
  while (done.length < jobs.length) {
    await executor.settled();
    done.push(...executor.take());
  }
  return done;
}

/** A job that returns every word that a job can have changed: all spaces, then the results of the whole access list. */
function snapshotJob(seq: number, config: ExecutorConfig): Job {
  const commands: Command[] = config.spaces.map(({ pages }, space) => ({ op: 'readback', space, frame: 0, pages }));
  if (config.accessCapacity > 0) commands.push({ op: 'accessResult', base: 0, count: config.accessCapacity });
  return { seq, queue: 'check', label: 'snapshot', commands, timed: false };
}

/**
 * Runs `jobs` and a snapshot (numbered after the last job) on both. Null when every word agrees, else a report: the first
 * difference, and every job printed.
 */
export async function compareExecutors(
  suspect: Executor,
  reference: Executor,
  jobs: readonly Job[],
): Promise<string | null> {
  const last = jobs.at(-1)?.seq ?? 0;
  const all = [...jobs, snapshotJob(last + 1, reference.config)];
  const [suspects, references] = await Promise.all([complete(suspect, all), complete(reference, all)]);
  for (let i = 0; i < all.length; i++) {
    const difference = differentCompletion(all[i] as Job, suspects[i] as Completion, references[i] as Completion);
    if (difference !== null) return [difference, ...jobs.map(printJob)].join('\n');
  }
  return null;
}

function differentCompletion(job: Job, a: Completion, b: Completion): string | null {
  const where = `job ${job.seq} (${job.label})`;
  if (a.seq !== b.seq) return `${where}: seq ${a.seq} ≠ ${b.seq}`;
  if (a.status !== b.status) return `${where}: status ${a.status} ≠ ${b.status}`;
  const io = differentWord(a.io, b.io, (word) => ioPlace(job, word));
  if (io !== null) return `${where}: ${io}`;
  if (a.dropped !== b.dropped) return `${where}: dropped ${a.dropped} ≠ ${b.dropped}`;
  const fault = differentWord(a.faults, b.faults, (word) => `fault record ${Math.floor(word / 4)} dword ${word % 4}`);
  return fault === null ? null : `${where}: ${fault}`;
}

function differentWord(a: Uint32Array, b: Uint32Array, place: (word: number) => string): string | null {
  const at = a.findIndex((word, i) => word !== b[i]);
  if (at >= 0) return `${place(at)}: ${hex(a[at])} ≠ ${hex(b[at])}`;
  return a.length === b.length ? null : `${place(a.length)}: ${a.length} words ≠ ${b.length}`;
}

function hex(word: number | undefined): string {
  return word === undefined ? 'nothing' : `0x${word.toString(16).padStart(8, '0')}`;
}

/** Which command's io the word is, and what it means there. */
function ioPlace(job: Job, word: number): string {
  let start = 0;
  for (const [i, command] of job.commands.entries()) {
    const words = ioWords(command);
    if (word < start + words) return `io of${printCommand(command, i)}: ${meaning(command, word - start)}`;
    start += words;
  }
  return `io word ${word} of ${start}`;
}

function meaning(command: Command, word: number): string {
  if (command.op === 'readback')
    return `space ${command.space} frame ${command.frame + Math.floor(word / 1024)} word ${word % 1024}`;
  if (command.op === 'hash') return `frame ${command.frame + Math.floor(word / 2)} hash word ${word % 2}`;
  if (command.op === 'accessResult')
    return `access ${command.base + Math.floor(word / ACCESS_RESULT_WORDS)} ${word % 2 === 0 ? 'status' : 'value'}`;
  return `word ${word}`;
}
