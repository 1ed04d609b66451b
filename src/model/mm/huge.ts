// 2 MiB mappings: 512 entries of one leaf with the huge bit, over 512 frames that are contiguous and aligned. They come
// into being by MADV_COLLAPSE alone, and fall apart, inside a CLEAR section of the whole, before a part of them changes.
import { alignDown, type Pfn, type Vpn } from '../../base/units.ts';
import { MMU_EVENT } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import type { Mm } from './mm.ts';
import type { InvalidateEvent } from './notifier.ts';
import { LEAF_PAGES, pteHuge, pteMakeWritable, pteSmall } from './page-table.ts';

/** Splits the 2 MiB mapping around `vpn`, if there is one (mm/huge_memory.c·__split_huge_pmd). */
export function* splitHuge(mm: Mm, vpn: Vpn): Op<void> {
  if (!mm.hadHuge || !pteHuge(mm.table.get(vpn))) return;
  const startVpn = alignDown(vpn, LEAF_PAGES);
  const event = leafEvent(startVpn);
  yield* mm.subscriptions.start(event);
  forEachHuge(mm, startVpn, pteSmall);
  mm.subscriptions.end(event);
}

/** Splits the 2 MiB mappings that [start, end) cuts: what changes protection, place or existence of a part does first. */
export function* splitEdges(mm: Mm, start: Vpn, end: Vpn): Op<void> {
  if (!mm.hadHuge) return;
  if (start % LEAF_PAGES !== 0) yield* splitHuge(mm, start);
  if (end % LEAF_PAGES !== 0) yield* splitHuge(mm, end);
}

/** Splits every 2 MiB mapping that [start, end) touches: migration and reclaim work page by page. */
export function* splitAll(mm: Mm, start: Vpn, end: Vpn): Op<void> {
  if (!mm.hadHuge) return;
  for (let vpn = mm.table.nextLeaf(start, end); vpn < end; vpn = mm.table.nextLeaf(vpn, end)) {
    yield* splitHuge(mm, vpn);
    vpn = alignDown(vpn, LEAF_PAGES) + LEAF_PAGES;
  }
}

/** The 2 MiB mapping around `vpn` becomes writable as a whole. */
export function writableHuge(mm: Mm, vpn: Vpn): void {
  forEachHuge(mm, alignDown(vpn, LEAF_PAGES), pteMakeWritable);
}

/** A change of the 2 MiB at `startVpn`. */
export function leafEvent(startVpn: Vpn): InvalidateEvent {
  const endVpn = startVpn + LEAF_PAGES;
  return { startVpn, endVpn, event: MMU_EVENT.CLEAR, blockable: true, owner: null };
}

/** First of 512 free, aligned, contiguous system frames, taken with refcount 1 each; −1 = none. */
export function allocHuge(mm: Mm): Pfn | -1 {
  const { pages, sched } = mm.world;
  if (sched.fails('mm.alloc-huge')) return -1;
  for (let pfn = 0; pfn + LEAF_PAGES <= pages.systemPages; pfn += LEAF_PAGES) {
    if (pages.takeRun(pfn, LEAF_PAGES)) return pfn;
  }
  return -1;
}

function forEachHuge(mm: Mm, startVpn: Vpn, change: (word: number) => number): void {
  mm.table.forEachInRange(startVpn, startVpn + LEAF_PAGES, (vpn, word) => {
    if (pteHuge(word)) mm.table.set(vpn, change(word));
  });
}
