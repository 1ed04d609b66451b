// A reader-writer lock with first-come order, and the assertion that locks nest by rank (gpusvm-and-pagemap.md §5.2).
import { assert } from '../../base/assert.ts';
import type { Op, Wait } from './op.ts';
import type { Sched } from './sched.ts';
import type { Task } from './task.ts';

/** Outer locks have smaller ranks; a task may only take a lock of a larger rank than all it holds (xe.md §0.3). */
export const LOCK_RANK = {
  usm: 10,
  vm: 20,
  driverMigrate: 30,
  mmap: 40,
  validation: 50,
  resv: 60,
  notifier: 70,
  migrateJob: 80,
} as const;

type Mode = 'read' | 'write';

class LockWait implements Wait {
  readonly lock: RwLock;
  readonly mode: Mode;

  constructor(lock: RwLock, mode: Mode) {
    this.lock = lock;
    this.mode = mode;
  }

  describe(): string {
    return `lock ${this.lock.name} (${this.mode})`;
  }

  park(task: Task): void {
    this.lock.queue.push({ task, mode: this.mode });
  }
}

export class RwLock {
  readonly name: string;
  readonly rank: number;
  readonly sched: Sched;
  readers = 0;
  writer: Task | null = null;
  readonly queue: { task: Task; mode: Mode }[] = [];

  constructor(sched: Sched, name: string, rank: number) {
    this.sched = sched;
    this.name = name;
    this.rank = rank;
  }

  /** Take the lock for reading; yields only when a writer holds or waits for it. */
  *read(): Op<void> {
    if (!this.tryRead()) yield* this.waitFor('read');
  }

  /** Take the lock for writing; yields only when somebody holds it. */
  *write(): Op<void> {
    if (!this.tryWrite()) yield* this.waitFor('write');
  }

  /** Take for reading now or not at all. Try-locks are exempt from the order assertion only via `unordered`. */
  tryRead(unordered = false): boolean {
    if (this.writer !== null || this.queue.length > 0) return false;
    this.grant(this.sched.currentTask(), 'read', unordered);
    return true;
  }

  tryWrite(unordered = false): boolean {
    if (this.writer !== null || this.readers > 0 || this.queue.length > 0) return false;
    this.grant(this.sched.currentTask(), 'write', unordered);
    return true;
  }

  unlockRead(): void {
    assert(this.readers > 0, () => `${this.name}: unlockRead without a reader`);
    this.readers--;
    this.release(this.sched.currentTask());
  }

  unlockWrite(): void {
    const task = this.sched.currentTask();
    assert(this.writer === task, () => `${this.name}: unlockWrite by ${task.name}, held by ${this.writer?.name}`);
    this.writer = null;
    this.release(task);
  }

  /** Write → read without letting another writer in between. */
  downgrade(): void {
    assert(this.writer === this.sched.currentTask(), () => `${this.name}: downgrade without the write lock`);
    this.writer = null;
    this.readers++;
    this.wakeHead();
  }

  isHeldBy(task: Task): boolean {
    return task.held.includes(this);
  }

  isWriteHeldBy(task: Task): boolean {
    return this.writer === task;
  }

  private *waitFor(mode: Mode): Op<void> {
    this.sched.contended(this);
    this.assertOrder(this.sched.currentTask());
    yield new LockWait(this, mode);
  }

  private grant(task: Task, mode: Mode, unordered: boolean): void {
    if (!unordered) this.assertOrder(task);
    if (mode === 'write') this.writer = task;
    else this.readers++;
    task.held.push(this);
  }

  private assertOrder(task: Task): void {
    for (const held of task.held) {
      assert(
        held.rank < this.rank,
        () => `lock order: ${task.name} takes ${this.name} (${this.rank}) while holding ${held.name} (${held.rank})`,
      );
    }
  }

  private release(task: Task): void {
    const index = task.held.lastIndexOf(this);
    assert(index >= 0, () => `${this.name}: released by ${task.name}, which does not hold it`);
    task.held.splice(index, 1);
    this.wakeHead();
  }

  /** Hands the lock to the head of the queue, and to further readers behind a reader. */
  private wakeHead(): void {
    for (let head = this.queue[0]; head !== undefined; head = this.queue[0]) {
      const free = head.mode === 'read' ? this.writer === null : this.writer === null && this.readers === 0;
      if (!free) return;
      this.queue.shift();
      this.grant(head.task, head.mode, true);
      this.sched.ready(head.task);
    }
  }
}
