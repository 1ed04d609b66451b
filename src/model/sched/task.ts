// A task: one running operation, the locks it holds and what it is waiting for.
import type { Op, Wait } from './op.ts';
import type { RwLock } from './rw-lock.ts';
import type { Sched } from './sched.ts';

export class Task {
  readonly sched: Sched;
  readonly id: number;
  readonly name: string;
  readonly op: Op<unknown>;
  /** Locks held, in the order they were taken; the lock-order assertion reads their ranks. */
  readonly held: RwLock[] = [];
  /** Null while ready or running. */
  waitingFor: Wait | null = null;
  done = false;
  result: unknown = undefined;
  /** Called once with the result. */
  readonly onDone: ((result: unknown) => void) | null;

  constructor(sched: Sched, id: number, name: string, op: Op<unknown>, onDone: ((result: unknown) => void) | null) {
    this.sched = sched;
    this.id = id;
    this.name = name;
    this.op = op;
    this.onDone = onDone;
  }
}
