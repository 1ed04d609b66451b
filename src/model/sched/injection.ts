// Named places where a test decides what happens: a step fails at its k-th hit, or a task is held there until released.
//
// A scheduler without an injection (the normal case) pays one comparison with null at each place. Names are those of the
// yield points and failing steps: 'mm.zap', 'mm.alloc-zero', 'migrate.commit', … Places that ask for an injection before
// they call `sched.point`, instead of for exploration, preempt an exploring run only when it has one: they are finer than
// what recorded seeds were made with.
import { assert } from '../../base/assert.ts';
import { WaitQueue } from './fence.ts';
import type { Op } from './op.ts';

/** A task that waits at a point, or will. */
export class Hold {
  readonly point: string;
  /** Somebody has arrived and has not been released. */
  held = false;
  private released = false;
  private readonly queue: WaitQueue;

  constructor(point: string) {
    this.point = point;
    this.queue = new WaitQueue(`hold at ${point}`);
  }

  /** Lets the task go on; one that has not arrived yet will not stop. */
  release(): void {
    this.released = true;
    this.held = false;
    this.queue.wakeAll();
  }

  *wait(): Op<void> {
    this.held = !this.released;
    while (!this.released) yield this.queue;
  }
}

interface Window {
  readonly from: number;
  readonly until: number;
}

export class Injection {
  /** How often each point was passed and each failing step was reached. */
  readonly hits = new Map<string, number>();
  private readonly failures = new Map<string, Window>();
  private readonly holds = new Map<string, Map<number, Hold>>();

  /** The step `point` fails from its `nth` hit on (1 = the next one), `times` times in a row. */
  fail(point: string, nth = 1, times = 1): void {
    assert(nth >= 1 && times >= 1, () => `${point}: hit ${nth}, ${times} times; allowed: 1 and more`);
    const from = this.count(point) + nth;
    this.failures.set(point, { from, until: from + times });
  }

  /** The step `point` no longer fails. */
  disarm(point: string): void {
    this.failures.delete(point);
  }

  /** The task that makes the `nth` pass of `point` from now on waits there until the hold is released. */
  hold(point: string, nth = 1): Hold {
    const hold = new Hold(point);
    const holds = this.holds.get(point) ?? new Map<number, Hold>();
    holds.set(this.count(point) + nth, hold);
    this.holds.set(point, holds);
    return hold;
  }

  /** Counts a hit of a step that can fail, and says whether it does. */
  fails(point: string): boolean {
    const hit = this.hit(point);
    const window = this.failures.get(point);
    return window !== undefined && hit >= window.from && hit < window.until;
  }

  /** Counts a pass of a yield point; waits where a hold is set. */
  *pass(point: string): Op<void> {
    const hit = this.hit(point);
    const hold = this.holds.get(point)?.get(hit);
    if (hold !== undefined) yield* hold.wait();
  }

  private count(point: string): number {
    return this.hits.get(point) ?? 0;
  }

  private hit(point: string): number {
    const hit = this.count(point) + 1;
    this.hits.set(point, hit);
    return hit;
  }
}
