// Operations: generators that yield only when they must wait. `sched` is the only loop that drives them.
import type { Task } from './task.ts';

/** What an operation may yield: something a task can be parked on. */
export interface Wait {
  /** Shown by the deadlock report: 'lock notifier (write)', 'fence 17', 'timer 5000000', 'point svm.collect'. */
  describe(): string;
  /** Parks the task. The waitable makes it ready again through `task.sched.ready(task)`. */
  park(task: Task): void;
}

/**
 * An operation that returns T. Uncontended paths yield nothing, so that driving one to its end costs one `next()`.
 * Between two yields an operation is atomic (gpusvm-and-pagemap.md §5.3 R1).
 */
export type Op<T> = Generator<Wait, T, void>;
