// CPU faults that svm itself provokes carry svm's reason, so that a migration home is not blamed on the program.
import type { Cause } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import type { GpuSvm } from './svm.ts';

/** Runs `op`; pages that it pulls out of device memory name `cause` in their 'migrate' event. */
export function* faultFor<T>(svm: GpuSvm, cause: Cause, op: Op<T>): Op<T> {
  const { causes } = svm.pagemaps;
  const task = svm.world.sched.currentTask();
  causes.set(task, cause);
  const result = yield* op;
  causes.delete(task);
  return result;
}
