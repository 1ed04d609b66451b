// Fences and wait queues: the two things an operation waits for besides locks and time.
import { assert } from '../../base/assert.ts';
import type { Completion } from '../../engine/plan/job.ts';
import type { Ns } from '../../base/units.ts';
import type { Op, Wait } from './op.ts';
import type { Task } from './task.ts';

/** A one-shot event with waiters in first-come order. */
export class WaitQueue implements Wait {
  readonly name: string;
  private waiters: Task[] = [];

  constructor(name: string) {
    this.name = name;
  }

  describe(): string {
    return this.name;
  }

  park(task: Task): void {
    this.waiters.push(task);
  }

  /** Makes every waiter ready, in the order they came. */
  wakeAll(): void {
    const woken = this.waiters;
    this.waiters = [];
    for (const task of woken) task.sched.ready(task);
  }

  get waiting(): number {
    return this.waiters.length;
  }
}

/** Completion of one job. Signalled by whoever drives the executor, never by the model itself. */
export class Fence {
  readonly seq: number;
  /** Model time at which the job is done: submission (or the queue's previous end) plus its cost. */
  readonly modelDone: Ns;
  private readonly queue: WaitQueue;
  private result: Completion | null = null;

  constructor(seq: number, modelDone: Ns) {
    this.seq = seq;
    this.modelDone = modelDone;
    this.queue = new WaitQueue(`fence ${seq}`);
  }

  get signaled(): boolean {
    return this.result !== null;
  }

  /** The completion; only after the fence has signaled. */
  get completion(): Completion {
    assert(this.result !== null, () => `fence ${this.seq} has not signaled`);
    return this.result;
  }

  signal(completion: Completion): void {
    assert(this.result === null, () => `fence ${this.seq} signaled twice`);
    this.result = completion;
    this.queue.wakeAll();
  }

  /** Waits for the job; yields nothing when it is already done. */
  *wait(): Op<Completion> {
    while (this.result === null) yield this.queue;
    return this.result;
  }
}
