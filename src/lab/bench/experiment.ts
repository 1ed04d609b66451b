// What a benchmark of whole runs is: cases that an experiment measures with executors of its own, on any host.
import type { GpuUnavailable } from '../../engine/gpu/unavailable.ts';
import type { Executor, ExecutorConfig } from '../../engine/plan/executor.ts';
import type { BenchCase, Tier } from '../measure/bench-case.ts';
import type { Metric, Verification } from '../measure/report.ts';

/** A case that is no job on the shared buffers. All cases of one experiment are measured together. */
export interface ExperimentCase {
  /** Stable key: the name on the command line and in reports. */
  readonly id: string;
  /** One line for people. */
  readonly about: string;
  readonly unit: string;
  /** What is counted and what is inside the time. */
  readonly convention: string;
  /** Id of the case to be compared with. */
  readonly peer: string | null;
  /** Id of the case that bounds this one from above. */
  readonly limit: string | null;
  readonly tier: Tier;
  readonly experiment: Experiment;
}

/** A case of either kind: those with `prepare` are jobs on one executor, those with `experiment` are whole runs. */
export type AnyCase = BenchCase | ExperimentCase;

/** What an experiment needs from outside. */
export interface ExperimentHost {
  /** An executor on the adapter that is measured, or why its memory is not there. The experiment destroys it. */
  open(config: ExecutorConfig): Promise<Executor | GpuUnavailable>;
  /** Monotonic wall milliseconds. */
  now(): number;
  /** The user asked to stop: keep what there is and return. */
  cancelled(): boolean;
  /**
   * Says what runs now, for the line of progress, and how to end it at once when the user asks to stop; `stop` is null
   * where the experiment looks at `cancelled` itself, `label` is '' where nothing new runs. Holds until the next call.
   */
  running(stop: (() => void) | null, label: string): void;
}

export interface ExperimentOptions {
  /** Samples wanted of each case. */
  readonly samples: number;
  /** Fewer than these leave a case out when the time ended the experiment. */
  readonly minSamples: number;
  readonly seed: number;
  /** Reading of the host's `now` at which measuring ends; null: no limit. */
  readonly endMs: number | null;
}

export interface ExperimentResult {
  /** With the ids of the cases. */
  readonly metrics: readonly Metric[];
  /** Null when nothing was compared. */
  readonly verification: Verification | null;
  /** What left wrong bytes, and how many pages. */
  readonly wrong: readonly string[];
  /** Ids of cases for which there was no time. */
  readonly leftOut: readonly string[];
  /** Names begin with `x_bench_`; those of several experiments are added up. */
  readonly counters: Readonly<Record<string, number>>;
}

export interface Experiment {
  readonly name: string;
  /**
   * Measures those of its cases that were chosen. Stops early, with what it has, when cancelled or out of time. Rejects
   * with BenchFailure when the device gives no memory or a run of the model fails, and with what the executor throws.
   */
  measure(
    host: ExperimentHost,
    cases: readonly ExperimentCase[],
    options: ExperimentOptions,
  ): Promise<ExperimentResult>;
}

/** Ends a benchmark for a reason that is no bug; the message is for its user. */
export class BenchFailure extends Error {
  override readonly name = 'BenchFailure';
  readonly reason: 'no-memory' | 'unfinished';

  constructor(reason: BenchFailure['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}
