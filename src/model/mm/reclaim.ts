// Reclaim as an event that a test or scenario injects: private pages leave their entries for the swap cache, or, after
// MADV_FREE, for good (mm/vmscan.c·shrink_folio_list, mm/rmap.c·try_to_unmap).
//
// A swapped page keeps its frame, in the swap cache, with its content: the model has no disk to put it on. What shows is
// what matters to devices: the entry is gone, migration refuses the page, the next touch brings it back.
import type { Pfn, Vpn } from '../../base/units.ts';
import { MMU_EVENT } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import { splitAll } from './huge.ts';
import { dropEntry, swapEntry } from './mapping.ts';
import type { Mm } from './mm.ts';
import type { InvalidateEvent } from './notifier.ts';
import { PTE_KIND, pteKind, ptePfn } from './page-table.ts';
import { PAGE_FLAG } from './pages.ts';

/**
 * Swaps out the private pages behind [start, end), for every process that maps them, one CLEAR section an entry. Left
 * alone: pages in areas that are locked, locked and pinned pages, files' pages, pages on devices. Returns how many went.
 */
export function swapOut(mm: Mm, start: Vpn, end: Vpn): Op<number> {
  return unmapPages(mm, start, end, (pfn) => isSwappable(mm, pfn), swapEntry);
}

/** Frees pages of [start, end) that MADV_FREE gave up and nobody has written to since. Returns how many. */
export function reclaimFree(mm: Mm, start: Vpn, end: Vpn): Op<number> {
  return unmapPages(mm, start, end, (pfn) => isGivenUp(mm, pfn) && isSwappable(mm, pfn), dropEntry);
}

type Change = (mm: Mm, vpn: Vpn, word: number) => void;

function* unmapPages(mm: Mm, start: Vpn, end: Vpn, chosen: (pfn: Pfn) => boolean, change: Change): Op<number> {
  yield* splitAll(mm, start, end);
  const found: Pfn[] = [];
  mm.table.forEachInRange(start, end, (_vpn, word) => {
    if (pteKind(word) === PTE_KIND.present && chosen(ptePfn(word))) found.push(ptePfn(word));
  });
  let count = 0;
  for (const pfn of found) if (yield* unmapPage(mm, pfn, chosen, change)) count++;
  return count;
}

/** Holds the page lock and a reference, so that the page neither migrates nor becomes another one meanwhile. */
function* unmapPage(mm: Mm, pfn: Pfn, chosen: (pfn: Pfn) => boolean, change: Change): Op<boolean> {
  const { pages, mms } = mm.world;
  if (pages.mapcount[pfn] === 0 || !chosen(pfn) || !pages.tryLock(pfn)) return false;
  pages.get(pfn);
  for (const entry of pages.rmap.entries(pfn)) {
    const owner = mms.get(entry.mmId);
    if (owner !== undefined) yield* unmapEntry(owner, entry.vpn, pfn, change);
  }
  const gone = pages.mapcount[pfn] === 0;
  pages.unlock(pfn);
  pages.put(pfn);
  return gone;
}

function* unmapEntry(mm: Mm, vpn: Vpn, pfn: Pfn, change: Change): Op<void> {
  yield* splitAll(mm, vpn, vpn + 1);
  const event: InvalidateEvent = {
    startVpn: vpn,
    endVpn: vpn + 1,
    event: MMU_EVENT.CLEAR,
    blockable: true,
    owner: null,
  };
  yield* mm.subscriptions.start(event);
  const word = mm.table.get(vpn);
  const stillChosen = change === swapEntry || isGivenUp(mm, pfn);
  if (stillChosen && pteKind(word) === PTE_KIND.present && ptePfn(word) === pfn) change(mm, vpn, word);
  mm.subscriptions.end(event);
}

function isGivenUp(mm: Mm, pfn: Pfn): boolean {
  return mm.world.pages.hasFlag(pfn, PAGE_FLAG.lazyFree);
}

function isSwappable(mm: Mm, pfn: Pfn): boolean {
  const { pages, mms } = mm.world;
  if (pages.isLocked(pfn) || pages.isPinned(pfn) || pages.hasFlag(pfn, PAGE_FLAG.file)) return false;
  return pages.rmap.entries(pfn).every((entry) => mms.get(entry.mmId)?.findVma(entry.vpn)?.locked !== true);
}
