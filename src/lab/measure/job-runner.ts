// Runs one list of commands at a time on an executor and times it by both clocks.
import { assert } from '../../base/assert.ts';
import { NS_PER_MS } from '../../base/units.ts';
import type { Command } from '../../engine/plan/commands.ts';
import type { Executor } from '../../engine/plan/executor.ts';
import type { Completion } from '../../engine/plan/job.ts';
import { macrotask } from '../session/macrotask.ts';

/** Longest stretch without a turn of the event loop (design.md §4). */
const TURN_MS = 8;

/** The user does not want to wait any longer. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

export interface Timing {
  readonly completion: Completion;
  /** Device time of the job; null when the device has none or gave an impossible one. */
  readonly gpuNs: number | null;
  /** From before the submission until the completion is in hand. */
  readonly wallNs: number;
}

/** The executor must be this runner's alone: it numbers the jobs. */
export class JobRunner {
  readonly executor: Executor;
  /** Monotonic wall milliseconds, e.g. performance.now. */
  readonly now: () => number;
  readonly #cancelled: () => boolean;
  #seq = 0;
  #lastTurnMs: number;

  constructor(executor: Executor, now: () => number, cancelled: () => boolean = () => false) {
    this.executor = executor;
    this.now = now;
    this.#cancelled = cancelled;
    this.#lastTurnMs = now();
  }

  /** Jobs that were submitted. */
  get jobs(): number {
    return this.#seq;
  }

  /** Throws Cancelled when asked to stop, and what the executor throws. */
  async run(label: string, commands: readonly Command[], timed = false): Promise<Timing> {
    await this.#giveWay();
    if (this.#cancelled()) throw new Cancelled('cancelled');
    const start = this.now();
    this.executor.submit({ seq: ++this.#seq, queue: 'bench', label, commands, timed });
    this.executor.flush();
    const completion = await this.#completion();
    return { completion, gpuNs: completion.gpuNs, wallNs: (this.now() - start) * NS_PER_MS };
  }

  /**
   * Runs `jobs` jobs of the same commands, `depth` of them under way at any time, and returns when the last has come back.
   * Throws as `run` does.
   */
  async runMany(label: string, commands: readonly Command[], jobs: number, depth: number): Promise<void> {
    let submitted = 0;
    for (let done = 0; done < jobs;) {
      await this.#giveWay();
      if (this.#cancelled()) throw new Cancelled('cancelled');
      for (; submitted < jobs && submitted < done + depth; submitted++) {
        this.executor.submit({ seq: ++this.#seq, queue: 'bench', label, commands, timed: false });
        this.executor.flush();
      }
      await this.executor.settled();
      done += this.executor.take().length;
    }
  }

  /** Signals and messages need a turn of the event loop, which an executor that never waits does not give them. */
  async #giveWay(): Promise<void> {
    if (this.now() - this.#lastTurnMs < TURN_MS) return;
    await macrotask();
    this.#lastTurnMs = this.now();
  }

  async #completion(): Promise<Completion> {
    for (;;) {
      await this.executor.settled();
      const [completion, ...rest] = this.executor.take();
      assert(rest.length === 0, 'one job was submitted and several came back');
      if (completion !== undefined) return completion;
    }
  }
}
