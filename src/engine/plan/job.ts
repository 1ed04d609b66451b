// A job: commands for one in-order queue with one fence, and what comes back when it is done.
import type { Command } from './commands.ts';

export interface Job {
  /** Fence number: 1, 2, 3 … in submission order over all queues of an executor. */
  readonly seq: number;
  /** Logical queue, for the printer and for adversarial reordering on the twin. */
  readonly queue: string;
  readonly label: string;
  readonly commands: readonly Command[];
  /** Measure GPU time of the whole job (first command begins … last ends). */
  readonly timed: boolean;
}

/**
 * `engine-fault`: a translated copy met an absent or foreign leaf: that page was not copied, everything else ran.
 * `injected`: failure injection skipped the whole job.
 */
export type JobStatus = 'ok' | 'engine-fault' | 'injected';

/** Words of one fault record: the hardware's four dwords (xe.md §1.1). */
export const FAULT_RECORD_WORDS = 4;

export interface Completion {
  readonly seq: number;
  readonly status: JobStatus;
  /** Fault records of the job's ACCESS commands, ordered by (command, cookie) whatever order lanes wrote them in. */
  readonly faults: Uint32Array;
  /** Faults that found the ring full; their accesses are still pending. */
  readonly dropped: number;
  /** Words returned by the job's commands, in command order (commands.ts·ioWords). */
  readonly io: Uint32Array;
  /** GPU time of a timed job; null when not timed or not measurable. */
  readonly gpuNs: number | null;
}
