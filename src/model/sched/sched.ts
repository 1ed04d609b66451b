// The only loop: drives operations until all wait, in first-come order or in a seeded one. It never awaits.
import { assert, present } from '../../base/assert.ts';
import type { Rng } from '../../base/rng.ts';
import type { Ns } from '../../base/units.ts';
import type { WaitQueue } from './fence.ts';
import type { Injection } from './injection.ts';
import type { Op, Wait } from './op.ts';
import type { RwLock } from './rw-lock.ts';
import { Task } from './task.ts';
import { TimerQueue } from './timer-queue.ts';

export interface SchedOptions {
  /** Seeded order picks the next ready task at random and lets named yield points preempt; absent = first come. */
  readonly explore?: Rng;
}

export interface RunResult {
  /** Tasks not done. */
  readonly alive: number;
  /** Ready tasks left because the budget ran out. */
  readonly ready: number;
  /** Earliest timer, or null. */
  readonly nextDeadline: Ns | null;
}

class YieldPoint implements Wait {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  describe(): string {
    return `point ${this.name}`;
  }

  park(task: Task): void {
    task.sched.ready(task);
  }
}

const GIVE_WAY = new YieldPoint('give way');

export class Sched {
  private readonly rng: Rng | null;
  private readonly timers = new TimerQueue();
  private readyTasks: Task[] = [];
  private readyHead = 0;
  private readonly tasks = new Set<Task>();
  private current: Task | null = null;
  private nextTaskId = 1;
  private clock: Ns = 0;
  /** Contended lock acquisitions, for statistics. */
  contentions = 0;
  /** Failures and holds at named places; null, the normal case, costs nothing. */
  injection: Injection | null = null;

  constructor(options: SchedOptions = {}) {
    this.rng = options.explore ?? null;
  }

  /** Time of this slice; constant within one `run`. */
  get now(): Ns {
    return this.clock;
  }

  /** Tasks that are not done. */
  get alive(): number {
    return this.tasks.size;
  }

  /** True when yield points preempt, or an injection may hold a task at one. */
  get exploring(): boolean {
    return this.rng !== null || this.injection !== null;
  }

  currentTask(): Task {
    return present(this.current, 'current task: this code runs outside of sched.run');
  }

  /** Starts an operation; it first runs in the next `run`. */
  spawn<T>(name: string, op: Op<T>, onDone?: (result: T) => void): Task {
    const task = new Task(this, this.nextTaskId++, name, op, (onDone as ((r: unknown) => void) | undefined) ?? null);
    this.tasks.add(task);
    this.ready(task);
    return task;
  }

  /** Puts a parked task back into the ready queue. Waitables call it. */
  ready(task: Task): void {
    task.waitingFor = null;
    this.readyTasks.push(task);
  }

  contended(_lock: RwLock): void {
    this.contentions++;
  }

  /** A place where exploration may switch tasks; free in normal runs: `if (s.exploring) yield* s.point('…')`. */
  *point(name: string): Op<void> {
    if (this.injection !== null) yield* this.injection.pass(name);
    if (this.rng !== null) yield new YieldPoint(name);
  }

  /** True when the step `name` is injected to fail now. */
  fails(name: string): boolean {
    return this.injection !== null && this.injection.fails(name);
  }

  /** Sleeps until the clock reads at least `deadline`. */
  *sleepUntil(deadline: Ns): Op<void> {
    while (this.clock < deadline) yield this.timers.at(deadline);
  }

  /** Sleeps until the clock reads `deadline` or `queue` is woken, whichever comes first: the caller looks again. */
  *sleepUntilOr(deadline: Ns, queue: WaitQueue): Op<void> {
    if (this.clock >= deadline) return;
    this.timers.wakeAt(deadline, queue);
    yield queue;
  }

  /** Ends this step of a long computation, so that `run` can keep to its budget; other ready tasks go first. */
  *giveWay(): Op<void> {
    yield GIVE_WAY;
  }

  /**
   * Sets the clock to `now` (never backwards), fires due timers and drives ready tasks until none is ready or
   * `keepGoing` returns false (asked after every step of a task; the caller looks at the wall clock there).
   */
  run(now: Ns, keepGoing: () => boolean = always): RunResult {
    assert(this.current === null, 'sched.run is not reentrant');
    this.clock = Math.max(this.clock, now);
    this.timers.fire(this.clock);
    while (this.readyHead < this.readyTasks.length) {
      this.step(this.pick());
      if (!keepGoing()) break;
    }
    return { alive: this.tasks.size, ready: this.readyTasks.length - this.readyHead, nextDeadline: this.timers.next() };
  }

  /** One line per task that is not done: what it waits for and which locks it holds. */
  describeTasks(): string[] {
    return [...this.tasks].map((task) => {
      const locks = task.held.map((lock) => lock.name).join(', ');
      return `${task.name}: ${task.waitingFor?.describe() ?? 'ready'}${locks ? `; holds ${locks}` : ''}`;
    });
  }

  private pick(): Task {
    const count = this.readyTasks.length - this.readyHead;
    if (this.rng !== null && count > 1) this.swapToHead(this.readyHead + this.rng.below(count));
    const task = present(this.readyTasks[this.readyHead], 'ready task');
    this.readyHead++;
    if (this.readyHead > 1024 && this.readyHead * 2 > this.readyTasks.length) this.compact();
    return task;
  }

  private swapToHead(index: number): void {
    const chosen = present(this.readyTasks[index], 'ready task');
    this.readyTasks.splice(index, 1);
    this.readyTasks.splice(this.readyHead, 0, chosen);
  }

  private compact(): void {
    this.readyTasks = this.readyTasks.slice(this.readyHead);
    this.readyHead = 0;
  }

  private step(task: Task): void {
    this.current = task;
    try {
      const result = task.op.next();
      if (result.done === true) this.finish(task, result.value);
      else {
        task.waitingFor = result.value;
        result.value.park(task);
      }
    } finally {
      this.current = null;
    }
  }

  private finish(task: Task, result: unknown): void {
    assert(task.held.length === 0, () => `${task.name} ended holding ${task.held.map((l) => l.name).join(', ')}`);
    task.done = true;
    task.result = result;
    this.tasks.delete(task);
    task.onDone?.(result);
  }
}

function always(): boolean {
  return true;
}
