// Sleeping tasks by deadline; ties wake in the order they went to sleep.
import { MinHeap } from '../../base/min-heap.ts';
import type { Ns } from '../../base/units.ts';
import type { WaitQueue } from './fence.ts';
import type { Wait } from './op.ts';

interface Entry {
  readonly deadline: Ns;
  readonly order: number;
  readonly wake: () => void;
}

export class TimerQueue {
  private readonly heap = new MinHeap<Entry>(
    (a, b) => a.deadline < b.deadline || (a.deadline === b.deadline && a.order < b.order),
  );
  private order = 0;

  /** Earliest deadline, or null when nobody sleeps. */
  next(): Ns | null {
    return this.heap.peek()?.deadline ?? null;
  }

  /** A waitable that wakes its task once the clock has reached `deadline`. */
  at(deadline: Ns): Wait {
    return {
      describe: () => `timer ${deadline}`,
      park: (task) => this.push(deadline, () => task.sched.ready(task)),
    };
  }

  /** Wakes `queue` once the clock has reached `deadline`, whoever waits there by then. */
  wakeAt(deadline: Ns, queue: WaitQueue): void {
    this.push(deadline, () => queue.wakeAll());
  }

  /** Wakes whatever has a deadline that is not after `now`. */
  fire(now: Ns): void {
    for (let head = this.heap.peek(); head !== undefined && head.deadline <= now; head = this.heap.peek()) {
      this.heap.pop();
      head.wake();
    }
  }

  private push(deadline: Ns, wake: () => void): void {
    this.heap.push({ deadline, order: this.order++, wake });
  }
}
