// The collector: takes unmapped ranges out of the page tables and out of the svm, oldest first (xe.md §2.3).
import type { Status } from '../../base/errno.ts';
import type { Op } from '../sched/op.ts';
import { rangeEvict } from '../svm/range-evict.ts';
import { rangeRemove } from '../svm/range-remove.ts';
import type { SvmRange } from '../svm/range.ts';
import { unbindRange } from './binder.ts';
import { logRange } from './range-log.ts';
import type { XeVm } from './vm.ts';

/**
 * Collects every range on the list; vm.lock is held for writing. 0 · ENOENT the VM is closed or banned · EAGAIN the GPU
 * mapping was replaced, look it up again (only after the whole list is done) · any other error stops the collection.
 * An unbind that fails bans the VM.
 */
export function* collectGarbage(vm: XeVm): Op<Status> {
  if (vm.closed || vm.banned) return 'ENOENT';
  let result: Status = 0;
  for (let range = vm.gcList.shift(); range !== undefined; range = vm.gcList.shift()) {
    const status = yield* collectRange(vm, range);
    if (status === 'EAGAIN') result = 'EAGAIN';
    else if (status !== 0) return status;
  }
  return result;
}

function* collectRange(vm: XeVm, range: SvmRange): Op<Status> {
  const { startVpn, endVpn } = range;
  const { stats, options } = vm.device;
  range.gcLinked = false;
  logRange(vm, 'GARBAGE COLLECTOR', range);
  stats.addOwn('x_gc_ranges');
  if (options.gcEvict && range.pages.flags.partialUnmap) {
    stats.addOwn('x_gc_evictions');
    yield* rangeEvict(vm.svm, range); // errors are ignored: what cannot move stays (gpusvm-and-pagemap.md S6)
  }
  const unbound = yield* unbindRange(vm, range);
  if (unbound !== 0) {
    vm.ban(`unbind of an unmapped range failed with ${unbound}`);
    return unbound;
  }
  yield* rangeRemove(vm.svm, range);
  return vm.resetAttributes(vm, startVpn, endVpn);
}

/** The work item behind an unmap: its result interests nobody, the next fault sees the state it leaves (xe.md §2.3). */
export function* collectInBackground(vm: XeVm): Op<void> {
  yield* vm.lock.write();
  vm.gcScheduled = false;
  if (vm.needsCollection) yield* collectGarbage(vm);
  vm.lock.unlockWrite();
}
