// madvise by the CPU side: advice on 2 MiB pages, and memory given back at once or on demand (mm/madvise.c).
import type { Status } from '../../base/errno.ts';
import type { Vpn } from '../../base/units.ts';
import { MMU_EVENT } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import { collapseSpan } from './collapse.ts';
import { splitEdges } from './huge.ts';
import { dropEntry } from './mapping.ts';
import type { Mm } from './mm.ts';
import type { InvalidateEvent } from './notifier.ts';
import { PTE_KIND, pteKind, ptePfn } from './page-table.ts';
import { zap } from './unmap.ts';
import type { Vma } from './vma.ts';

export type CpuAdvice = 'HUGEPAGE' | 'NOHUGEPAGE' | 'COLLAPSE' | 'DONTNEED' | 'FREE';

/**
 * Advice on [start, end), area by area. EINVAL: empty span, or an area that the advice does not fit (DONTNEED, FREE:
 * locked or device registers; FREE: not private anonymous; HUGEPAGE: special; COLLAPSE: see collapse.ts); areas before it
 * have taken it. ENOMEM: a hole, the areas around it have taken it; or no 2 MiB of RAM. EINTR: injected ('mm.lock').
 */
export function* cpuMadvise(mm: Mm, start: Vpn, end: Vpn, advice: CpuAdvice): Op<Status> {
  if (start < 0 || end <= start) return 'EINVAL';
  if (advice === 'COLLAPSE') return yield* collapseSpan(mm, start, end);
  if (advice === 'DONTNEED' || advice === 'FREE') return yield* giveBack(mm, start, end, advice);
  if (mm.world.sched.fails('mm.lock')) return 'EINTR';
  yield* mm.mmapLock.write();
  const status = adviseHuge(mm, start, end, advice === 'HUGEPAGE');
  mm.mmapLock.unlockWrite();
  return status;
}

/** hugepage_madvise: a flag of the area. */
function adviseHuge(mm: Mm, start: Vpn, end: Vpn, wanted: boolean): Status {
  const hole = !mm.areas.covers(start, end);
  let status: Status = hole ? 'ENOMEM' : 0;
  for (const vma of mm.areas.carve(start, end)) {
    if (vma.special || vma.io || vma.hugetlb) {
      status = 'EINVAL';
      break;
    }
    vma.huge = wanted ? 'wanted' : 'refused';
  }
  mm.areas.mergeRange(start, end);
  return status;
}

function* giveBack(mm: Mm, start: Vpn, end: Vpn, advice: 'DONTNEED' | 'FREE'): Op<Status> {
  yield* mm.mmapLock.read();
  const status = yield* giveBackLocked(mm, start, end, advice);
  mm.mmapLock.unlockRead();
  return status;
}

function* giveBackLocked(mm: Mm, start: Vpn, end: Vpn, advice: 'DONTNEED' | 'FREE'): Op<Status> {
  const hole = !mm.areas.covers(start, end);
  for (const vma of mm.vmas()) {
    const [from, to] = [Math.max(start, vma.startVpn), Math.min(end, vma.endVpn)];
    if (from >= to) continue;
    if (!fits(vma, advice)) return 'EINVAL';
    yield* splitEdges(mm, from, to);
    if (advice === 'DONTNEED') yield* zap(mm, from, to, MMU_EVENT.CLEAR);
    else yield* markFree(mm, from, to);
  }
  return hole ? 'ENOMEM' : 0;
}

function fits(vma: Vma, advice: 'DONTNEED' | 'FREE'): boolean {
  if (vma.locked || vma.io || vma.hugetlb) return false;
  return advice === 'DONTNEED' || vma.anonymous;
}

/**
 * madvise_free_single_vma: swapped pages go at once; present ones may be taken by `reclaimFree` until somebody writes to
 * them; pages on a device are left alone.
 */
function* markFree(mm: Mm, startVpn: Vpn, endVpn: Vpn): Op<void> {
  const { pages } = mm.world;
  const event: InvalidateEvent = { startVpn, endVpn, event: MMU_EVENT.CLEAR, blockable: true, owner: null };
  yield* mm.subscriptions.start(event);
  mm.table.forEachInRange(startVpn, endVpn, (vpn, word) => {
    const pfn = ptePfn(word);
    if (pteKind(word) === PTE_KIND.swapped) dropEntry(mm, vpn, word);
    // A page that others may see as well, or that is pinned, is not this process's to give away.
    else if (pteKind(word) === PTE_KIND.present && pages.refcount[pfn] === 1) pages.giveUp(pfn);
  });
  mm.subscriptions.end(event);
}
