// The only place that awaits: drives the scheduler in short slices, hands jobs over, signals fences, keeps time.
import { present } from '../../base/assert.ts';
import { NS_PER_MS, type Ns } from '../../base/units.ts';
import type { Executor } from '../../engine/plan/executor.ts';
import type { Completion, Job } from '../../engine/plan/job.ts';
import type { JobQueue } from '../../model/sched/job-queue.ts';
import type { RunResult, Sched } from '../../model/sched/sched.ts';
import { LiveClock, type WallClock } from './clock.ts';
import { macrotask } from './macrotask.ts';
import { memberCompletion, mergeJobs, type MergedJob } from './merge-jobs.ts';

/** Longest stretch of model code without giving the thread back (design.md §4). */
const SLICE_MS = 8;
/** Longest sleep, so that nothing is missed for good. */
const LOOK_MS = 50;

export interface DriverConfig {
  readonly sched: Sched;
  readonly jobs: JobQueue;
  readonly executor: Executor;
  /** `model`: discrete events on model time, the same on every executor. `live`: wall time less pauses. */
  readonly clock: 'live' | 'model';
  readonly wall: WallClock;
  readonly onCompletion: (job: Job, completion: Completion) => void;
  /** True while the program waits for a person (a pause): nothing to do is no deadlock then. */
  readonly waitsForControl: () => boolean;
  /** Told of every stretch of model code, in wall milliseconds; for measurements of the session itself. */
  readonly onSlice?: (fromMs: number, toMs: number) => void;
}

/** Every task waits and nothing can wake one: a bug, or a failure injection without an answer. */
export class DeadlockError extends Error {
  override readonly name = 'DeadlockError';
}

export class Driver {
  private readonly config: DriverConfig;
  private readonly live: LiveClock | null;
  /** Jobs by the seq under which they were submitted; several where they were merged. */
  private readonly submitted = new Map<number, readonly Job[]>();
  private readonly arrived = new Map<number, Completion>();
  /** Submitted jobs wait for one more slice before they go to the device. */
  private held = false;
  private modelNow: Ns = 0;
  private lastYieldMs: number;
  private wake: (() => void) | null = null;
  private stopped = false;

  constructor(config: DriverConfig) {
    this.config = config;
    this.live = config.clock === 'live' ? new LiveClock(config.wall) : null;
    this.lastYieldMs = config.wall();
  }

  now(): Ns {
    return this.live?.now() ?? this.modelNow;
  }

  pause(): void {
    this.live?.pause();
  }

  resume(): void {
    this.live?.resume();
    this.poke();
  }

  /** Makes a waiting loop look again: something outside of the model changed. */
  poke(): void {
    this.wake?.();
  }

  /** Ends `run` at its next turn; jobs in flight are left to the executor. */
  stop(): void {
    this.stopped = true;
    this.poke();
  }

  /** Runs until `done` says so or `stop` is called. Throws DeadlockError and what the executor rejects with. */
  async run(done: () => boolean): Promise<void> {
    while (!this.stopped && !done()) {
      const state = this.slice();
      this.handOver(state.ready > 0);
      if (state.ready > 0) await this.giveWay();
      else if (!done()) await (this.live === null ? this.nextModelEvent(state) : this.nextLiveEvent(state));
      if (this.config.wall() - this.lastYieldMs > SLICE_MS) await this.giveWay();
    }
  }

  private slice(): RunResult {
    const { sched, wall, onSlice } = this.config;
    const start = wall();
    const state = sched.run(this.now(), () => wall() < start + SLICE_MS);
    onSlice?.(start, wall());
    return state;
  }

  /**
   * Submits what the last slice has queued. It is held back for one slice where tasks are ready (`more`): what they
   * submit, such as the replay of a batch that was just served, then goes to the device together with it.
   */
  private handOver(more: boolean): void {
    const jobs = this.config.jobs.drain();
    for (const { job, members } of this.live === null ? jobs.map(alone) : mergeJobs(jobs)) {
      this.submitted.set(job.seq, members);
      this.config.executor.submit(job);
    }
    const waiting = jobs.length > 0 || this.held;
    this.held = waiting && more && !this.held;
    if (waiting && !this.held) this.config.executor.flush();
  }

  /** Model time jumps to whatever is due first: a timer or the oldest job. Ties go to the job. */
  private async nextModelEvent(state: RunResult): Promise<void> {
    const fence = this.config.jobs.nextDue();
    if (fence !== null && (state.nextDeadline === null || fence.modelDone <= state.nextDeadline)) {
      while (!this.arrived.has(fence.seq)) {
        if (this.stopped) return;
        await this.collect();
      }
      this.modelNow = Math.max(this.modelNow, fence.modelDone);
      this.signal(present(this.arrived.get(fence.seq), 'completion'));
    } else if (state.nextDeadline !== null) this.modelNow = Math.max(this.modelNow, state.nextDeadline);
    else if (this.config.waitsForControl()) await this.sleep(null);
    else this.deadlock();
  }

  private async nextLiveEvent(state: RunResult): Promise<void> {
    // What arrived while the thread was given away has made tasks ready: sleeping now would hold them up.
    if (this.signalArrived()) return;
    if (this.config.jobs.inFlight > 0) await this.waitForDevice(state.nextDeadline);
    else if (state.nextDeadline !== null || this.config.waitsForControl()) await this.sleep(state.nextDeadline);
    else this.deadlock();
    this.signalArrived();
  }

  /** Ends at a completion, at the deadline or when poked: a device that hangs must not hold up a cancel. */
  private async waitForDevice(deadline: Ns | null): Promise<void> {
    await Promise.race([this.config.executor.settled(), this.sleep(deadline)]);
    this.poke();
  }

  private async collect(): Promise<void> {
    await this.config.executor.settled();
    for (const completion of this.config.executor.take()) this.arrived.set(completion.seq, completion);
  }

  /** True when anything had arrived. */
  private signalArrived(): boolean {
    const arrived = this.config.executor.take();
    for (const completion of arrived) this.signal(completion);
    return arrived.length > 0;
  }

  private signal(completion: Completion): void {
    const members = present(this.submitted.get(completion.seq), `job ${completion.seq}`);
    this.submitted.delete(completion.seq);
    this.arrived.delete(completion.seq);
    for (const job of members) {
      const own = memberCompletion(completion, job);
      this.config.onCompletion(job, own);
      this.config.jobs.complete(own);
    }
  }

  /** Sleeps to a deadline on the live clock (null, or a clock that stands still: until poked), LOOK_MS at most. */
  private sleep(deadline: Ns | null): Promise<void> {
    const still = deadline === null || this.live?.paused === true;
    const ms = still ? LOOK_MS : Math.min(LOOK_MS, Math.max(0, (deadline - this.now()) / NS_PER_MS));
    return new Promise((resolve) => {
      const timer = setTimeout(finish, ms);
      function finish(): void {
        clearTimeout(timer);
        resolve();
      }
      this.wake = finish;
    });
  }

  private async giveWay(): Promise<void> {
    await macrotask();
    this.lastYieldMs = this.config.wall();
  }

  private deadlock(): never {
    throw new DeadlockError(`nothing can go on:\n${this.config.sched.describeTasks().join('\n')}`);
  }
}

/** On model time every job is due at a time of its own. */
function alone(job: Job): MergedJob {
  return { job, members: [job] };
}
