// What a benchmark case is: data that says which commands to time, how much they do, and how to tell that they did it.
import type { Rng } from '../../base/rng.ts';
import type { Command } from '../../engine/plan/commands.ts';
import type { Completion } from '../../engine/plan/job.ts';
import type { Verification } from './report.ts';
import type { Arena } from './arena.ts';

/** Commands of one sample. */
export interface Region {
  /** Run before the clock starts. */
  readonly before: readonly Command[];
  readonly timed: readonly Command[];
}

/** A case made ready for an arena. */
export interface PreparedCase {
  /** Run once, before anything of the case is timed. */
  readonly setup: readonly Command[];
  /** Most operations of one region. */
  readonly maxOps: number;
  /** Of a `throughput`: jobs under way at a time; 1 without it. */
  readonly inFlight?: number;
  /** What one operation counts in the figure, e.g. its payload bytes. */
  readonly amountPerOp: number;
  /** `ops` operations, the first of which is number `start` of an endless sequence. */
  readonly region: (ops: number, start: number) => Region;
  /** Runs all operations once after the timing and compares; null where there is nothing to compare. */
  readonly check: Check | null;
  readonly params: Readonly<Record<string, string | number | boolean>>;
}

export interface Check {
  /** Leaves results that only the operations can have written. */
  readonly commands: readonly Command[];
  readonly judge: (completion: Completion) => Verification;
}

/** `core`: measured when nothing is chosen; `more`: when it is named, or everything is asked for. */
export type Tier = 'core' | 'more';

export interface BenchCase {
  /** Stable key: the name on the command line and in reports. */
  readonly id: string;
  /** One line for people. */
  readonly about: string;
  /** 'B/s', 'binds/s' … for a rate; 'ns' for the time of one operation. */
  readonly unit: string;
  /**
   * `rate`: amount per second of one job; `latency`: time of operations that each wait for the one before; `throughput`:
   * amount per second of wall time of operations that are jobs of their own, `inFlight` of them under way at a time.
   */
  readonly measure: 'rate' | 'latency' | 'throughput';
  /** What is counted and what is inside the time. */
  readonly convention: string;
  /** Id of the case to be compared with, in the same group: it does the same work in another way. */
  readonly peer: string | null;
  /** Id of the case that bounds this one from above, in the same group. */
  readonly limit: string | null;
  readonly tier: Tier;
  /** Cases of one group are sampled in turns and get the same random stream: what disturbs one disturbs all. */
  readonly group: string;
  readonly prepare: (arena: Arena, rng: Rng) => PreparedCase;
}
