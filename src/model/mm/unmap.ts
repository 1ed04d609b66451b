// Taking memory away from a process: munmap, discard and exit; devices are told before an entry goes (I37).
import type { Status } from '../../base/errno.ts';
import type { Vpn } from '../../base/units.ts';
import { MMU_EVENT, type MmuEvent } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import { dropEntry } from './mapping.ts';
import type { Mm } from './mm.ts';
import type { InvalidateEvent } from './notifier.ts';

/** Pages of a 57-bit address space. */
const ADDRESS_SPACE_PAGES = 2 ** 45;

/** munmap (mm/vma.c·do_vmi_align_munmap): areas go under the write lock, entries under the read lock, one UNMAP for all. */
export function* unmapRange(mm: Mm, start: Vpn, end: Vpn): Op<Status> {
  if (start < 0 || end <= start) return 'EINVAL';
  yield* mm.mmapLock.write();
  const removed = mm.areas.removeRange(start, end);
  mm.mmapLock.downgrade();
  if (removed > 0) yield* zap(mm, start, end, MMU_EVENT.UNMAP);
  mm.mmapLock.unlockRead();
  return 0;
}

/** MADV_DONTNEED (mm/madvise.c): anonymous pages read as zero afterwards. */
export function* discardRange(mm: Mm, start: Vpn, end: Vpn): Op<Status> {
  if (start < 0 || end <= start) return 'EINVAL';
  yield* mm.mmapLock.read();
  yield* zap(mm, start, end, MMU_EVENT.CLEAR);
  mm.mmapLock.unlockRead();
  return 0;
}

/**
 * The last user is gone (mm/mmap.c·exit_mmap). Waits for whoever still works on the areas, then drops everything
 * inside one RELEASE. The kernel sends an UNMAP behind it; gpusvm-and-pagemap.md §2.4 lists RELEASE alone.
 */
export function* tearDown(mm: Mm): Op<void> {
  yield* mm.mmapLock.write();
  yield* zap(mm, 0, ADDRESS_SPACE_PAGES, MMU_EVENT.RELEASE);
  mm.areas.clear();
  mm.mmapLock.unlockWrite();
}

/** Drops every entry of [start, end) inside one section. */
function* zap(mm: Mm, start: Vpn, end: Vpn, kind: MmuEvent): Op<void> {
  const event: InvalidateEvent = { startVpn: start, endVpn: end, event: kind, blockable: true, owner: null };
  yield* mm.subscriptions.start(event);
  const { sched } = mm.world;
  if (sched.exploring) yield* sched.point('mm.zap');
  mm.table.forEachInRange(start, end, (vpn, word) => dropEntry(mm, vpn, word));
  mm.table.dropLeaves(start, end);
  mm.subscriptions.end(event);
}
