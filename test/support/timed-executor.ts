// An executor that moves nothing and takes exactly the time that a test says: for testing what measures.
import { ioWords, type Command } from '../../src/engine/plan/commands.ts';
import type { Executor, ExecutorConfig, ExecutorInfo } from '../../src/engine/plan/executor.ts';
import type { Completion, Job } from '../../src/engine/plan/job.ts';

export interface TimedOptions {
  /** Device time of one job, in ns. */
  readonly gpuNs: (job: Job) => number;
  /** Wall time on top: submission and waiting. */
  readonly overheadNs?: number;
  readonly timestamps?: boolean;
  /** Timestamps step by this. */
  readonly stepNs?: number;
  /** True for a job whose timestamps are impossible. */
  readonly drops?: (job: Job) => boolean;
}

export class TimedExecutor implements Executor {
  readonly info: ExecutorInfo;
  readonly config: ExecutorConfig;
  readonly jobs: Job[] = [];
  readonly #options: TimedOptions;
  #done: Completion[] = [];
  #nowNs = 0;

  constructor(config: ExecutorConfig, options: TimedOptions) {
    this.config = config;
    this.#options = options;
    const none = { vendor: '', architecture: '', driver: '', backend: 'test', features: [], limits: {} };
    this.info = { kind: 'gpu', name: 'timed', software: false, ...none, timestamps: options.timestamps ?? true };
  }

  /** The wall clock that this executor moves, in ms. */
  readonly now = (): number => this.#nowNs / 1e6;

  submit(job: Job): void {
    this.jobs.push(job);
    const ns = this.#options.gpuNs(job);
    this.#nowNs += ns + (this.#options.overheadNs ?? 0);
    const io = new Uint32Array(job.commands.reduce((sum, command) => sum + ioWords(command), 0));
    this.#done.push({
      seq: job.seq,
      status: 'ok',
      faults: new Uint32Array(0),
      dropped: 0,
      io,
      gpuNs: this.#stamp(job, ns),
    });
  }

  flush(): void {}

  take(): Completion[] {
    const done = this.#done;
    this.#done = [];
    return done;
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): void {}

  #stamp(job: Job, ns: number): number | null {
    const { drops, stepNs = 1 } = this.#options;
    if (!job.timed || !this.info.timestamps || drops?.(job) === true) return null;
    return Math.floor(ns / stepNs) * stepNs;
  }
}

/** Pages that the commands of a job copy. */
export function pagesCopied(commands: readonly Command[]): number {
  return commands.reduce((sum, command) => sum + (command.op === 'copy' ? command.pages : 0), 0);
}
