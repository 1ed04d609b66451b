// Runs operations side by side and waits until the last of them has ended.
import type { Op } from '../../model/sched/op.ts';
import { WaitQueue } from '../../model/sched/fence.ts';
import type { Sched } from '../../model/sched/sched.ts';

/** Spawns one task per operation; returns their results in order. */
export function* join<T>(sched: Sched, name: string, ops: readonly Op<T>[]): Op<T[]> {
  const results: T[] = [];
  const done = new WaitQueue(`join ${name}`);
  let left = ops.length;
  ops.forEach((op, index) => {
    sched.spawn(`${name} ${index}`, op, (result) => {
      results[index] = result;
      left--;
      if (left === 0) done.wakeAll();
    });
  });
  while (left > 0) yield done;
  return results;
}
