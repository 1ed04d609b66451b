// Page-table updates of ranges: staged and committed only while their pages are valid (xe.md §5.5, §5.6, §1.12).
import type { Errno, Status } from '../../base/errno.ts';
import type { Command } from '../../engine/plan/commands.ts';
import { SILENT } from '../event/event.ts';
import { ATOMIC_ATTR } from '../policy/policy.ts';
import type { Fence } from '../sched/fence.ts';
import type { Op } from '../sched/op.ts';
import { pagesValid } from '../svm/get-pages.ts';
import type { SvmRange } from '../svm/range.ts';
import { isErrno } from '../../base/errno.ts';
import { logRange } from './range-log.ts';
import { STAT } from './stats.ts';
import { tlbInvalCommand } from './tlb.ts';
import { TILE0, type XeVm } from './vm.ts';
import type { XeVma } from './vma.ts';

/**
 * Binds the range on the tile and waits for it (R10, R11). EAGAIN: its pages were invalidated since they were
 * collected. ENOMEM: no page-table page even with nobody else allocating.
 */
export function* bindRange(vm: XeVm, vma: XeVma, range: SvmRange): Op<Status> {
  const { validation } = vm.device;
  if (!validation.tryRead()) yield* validation.read();
  let bound = yield* bindOnce(vm, vma, range);
  validation.unlockRead();
  if (bound === 'ENOMEM') {
    yield* validation.write();
    bound = yield* bindOnce(vm, vma, range);
    validation.unlockWrite();
  }
  if (isErrno(bound)) return bound;
  if (vm.device.options.waitMode === 'wait') yield* bound.wait();
  return 0;
}
