// MADV_COLLAPSE: 512 small pages become one 2 MiB mapping, here and now (mm/khugepaged.c·madvise_collapse).
import type { Status } from '../../base/errno.ts';
import { alignDown, alignUp, type Pfn, type Vpn } from '../../base/units.ts';
import type { Op } from '../sched/op.ts';
import { cpuFault, permits } from './access.ts';
import { ContentJob } from './content-job.ts';
import { allocHuge, leafEvent } from './huge.ts';
import { dropEntry, mapHugePage } from './mapping.ts';
import type { Mm } from './mm.ts';
import { LEAF_PAGES, PTE_KIND, pteHuge, pteKind, ptePfn, pteWritable } from './page-table.ts';
import { PAGE_FLAG } from './pages.ts';
import type { Vma } from './vma.ts';

/**
 * Collapses every aligned 2 MiB inside [start, end). The last failure wins, others go on: EINVAL: not private anonymous
 * memory of one area, advice against it, nothing or nothing writable there, or no whole 2 MiB in the span; EAGAIN: a page
 * is locked, pinned or otherwise in use; ENOMEM: no 512 contiguous frames.
 */
export function* collapseSpan(mm: Mm, start: Vpn, end: Vpn): Op<Status> {
  const [from, to] = [alignUp(start, LEAF_PAGES), alignDown(end, LEAF_PAGES)];
  let status: Status = from < to ? 0 : 'EINVAL';
  for (let vpn = from; vpn < to; vpn += LEAF_PAGES) {
    const result = yield* collapseLeaf(mm, vpn);
    if (result !== 0) status = result;
  }
  return status;
}

function* collapseLeaf(mm: Mm, startVpn: Vpn): Op<Status> {
  if (!(yield* bringIn(mm, startVpn))) return 'EINVAL';
  const huge = allocHuge(mm);
  if (huge < 0) return 'ENOMEM';
  yield* mm.mmapLock.write();
  const event = leafEvent(startVpn);
  yield* mm.subscriptions.start(event);
  const vma = mm.findVma(startVpn);
  const status = vma === null ? 'EINVAL' : judge(mm, vma, startVpn);
  if (vma !== null && status === 0) replaceLeaf(mm, vma, startVpn, huge);
  else for (let i = 0; i < LEAF_PAGES; i++) mm.world.pages.put(huge + i);
  mm.subscriptions.end(event);
  mm.mmapLock.unlockWrite();
  return status === 'EALREADY' ? 0 : status;
}

/** Swapped pages and pages on devices come in first (__collapse_huge_page_swapin). False: one cannot. */
function* bringIn(mm: Mm, startVpn: Vpn): Op<boolean> {
  for (let vpn = startVpn; vpn < startVpn + LEAF_PAGES; vpn++) {
    const kind = pteKind(mm.table.get(vpn));
    if (kind === PTE_KIND.none || kind === PTE_KIND.present || kind === PTE_KIND.zero) continue;
    if (typeof (yield* cpuFault(mm, vpn, false)) === 'string') return false;
  }
  return true;
}

/** EALREADY: it is a 2 MiB mapping. */
function judge(mm: Mm, vma: Vma, startVpn: Vpn): Status {
  if (!vma.anonymous || vma.special || vma.huge === 'refused' || vma.endVpn < startVpn + LEAF_PAGES) return 'EINVAL';
  if (pteHuge(mm.table.get(startVpn))) return 'EALREADY';
  if (!permits(vma, false)) return 'EINVAL';
  let inUse = false;
  let writable = false;
  mm.table.forEachInRange(startVpn, startVpn + LEAF_PAGES, (_vpn, word) => {
    inUse ||= isInUse(mm, word);
    writable ||= pteWritable(word);
  });
  if (inUse) return 'EAGAIN';
  return writable ? 0 : 'EINVAL';
}

/** Not simply a page of this and other address spaces. */
function isInUse(mm: Mm, word: number): boolean {
  const { pages } = mm.world;
  const pfn = ptePfn(word);
  if (pteKind(word) === PTE_KIND.zero) return false;
  if (pteKind(word) !== PTE_KIND.present) return true;
  return pages.isLocked(pfn) || pages.refcount[pfn] !== pages.mapcount[pfn] || pages.hasFlag(pfn, PAGE_FLAG.file);
}

/** Pages that others share are copied like the rest: the 2 MiB belong to this process alone. */
function replaceLeaf(mm: Mm, vma: Vma, startVpn: Vpn, huge: Pfn): void {
  const job = new ContentJob(mm.world, 'collapse');
  const old: { vpn: Vpn; word: number }[] = [];
  for (let i = 0; i < LEAF_PAGES; i++) {
    const word = mm.table.get(startVpn + i);
    if (pteKind(word) === PTE_KIND.present) job.copy(ptePfn(word), huge + i);
    else job.zero(huge + i);
    if (word !== 0) old.push({ vpn: startVpn + i, word });
  }
  job.submit();
  for (const { vpn, word } of old) dropEntry(mm, vpn, word);
  for (let i = 0; i < LEAF_PAGES; i++) mapHugePage(mm, startVpn + i, huge + i, vma.write);
  mm.hadHuge = true;
}
