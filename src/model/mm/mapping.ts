// The only code that changes what an entry refers to: entries and the counts of their pages move together (I39).
//
// A mapping owns one reference of its page. A migration entry owns none: the migration does, which keeps the page
// alive and locked (mm/rmap.c, mm/migrate.c·remove_migration_ptes).
import { AssertionError } from '../../base/assert.ts';
import type { Pfn, Vpn } from '../../base/units.ts';
import type { Mm, MmWorld } from './mm.ts';
import { PTE_KIND, pteKind, ptePfn, pteWord, pteWritable } from './page-table.ts';
import { PAGE_FLAG, type PageStore } from './pages.ts';

/** Maps `pfn` at `vpn`, present or device-private by where the page lies; the mapping takes over one reference. */
export function mapPage(mm: Mm, vpn: Vpn, pfn: Pfn, writable: boolean): void {
  const { pages } = mm.world;
  pages.mapcount[pfn] = (pages.mapcount[pfn] as number) + 1;
  pages.setRmap(pfn, mm.id, vpn);
  mm.table.set(vpn, pteWord(kindOf(pages, pfn), pfn, writable));
}

/** As `mapPage`, the entry being part of a 2 MiB mapping. */
export function mapHugePage(mm: Mm, vpn: Vpn, pfn: Pfn, writable: boolean): void {
  mapPage(mm, vpn, pfn, writable);
  mm.table.set(vpn, pteWord(PTE_KIND.present, pfn, writable, true));
}

/** The entry `word` at `vpn` becomes none and lets go of its page. */
export function dropEntry(mm: Mm, vpn: Vpn, word: number): void {
  const { pages } = mm.world;
  const pfn = ptePfn(word);
  mm.table.set(vpn, 0);
  switch (pteKind(word)) {
    case PTE_KIND.present:
    case PTE_KIND.devPrivate:
      unmapPage(pages, pfn);
      pages.dropRmap(pfn, mm.id, vpn);
      pages.put(pfn);
      return;
    case PTE_KIND.migrating:
      pages.dropRmap(pfn, mm.id, vpn);
      return;
    case PTE_KIND.swapped:
      pages.put(pfn);
      return;
    default:
  }
}

/** A mapping becomes a migration entry; its reference goes, so the caller must hold another one. */
export function freezeEntry(mm: Mm, vpn: Vpn, word: number): void {
  const { pages } = mm.world;
  const pfn = ptePfn(word);
  if ((pages.refcount[pfn] as number) < 2) throw new AssertionError(`page ${pfn} is frozen without a reference`);
  unmapPage(pages, pfn);
  pages.put(pfn);
  mm.table.set(vpn, pteWord(PTE_KIND.migrating, pfn, pteWritable(word)));
}

/** The entry `word` at `vpn` moves to `to` with its page and all that it says. */
export function moveEntry(mm: Mm, vpn: Vpn, to: Vpn, word: number): void {
  const { rmap } = mm.world.pages;
  if (isMapping(word) || pteKind(word) === PTE_KIND.migrating) {
    rmap.remove(ptePfn(word), mm.id, vpn);
    rmap.add(ptePfn(word), mm.id, to);
  }
  mm.table.set(vpn, 0);
  mm.table.set(to, word);
}

/** A present entry becomes a swap entry: the page waits in the swap cache, the entry keeps its reference. */
export function swapEntry(mm: Mm, vpn: Vpn, word: number): void {
  const { pages } = mm.world;
  unmapPage(pages, ptePfn(word));
  pages.rmap.remove(ptePfn(word), mm.id, vpn);
  mm.table.set(vpn, pteWord(PTE_KIND.swapped, ptePfn(word), pteWritable(word)));
}

/**
 * Every migration entry of `src` maps `dst` (the same page when the migration is undone). Entries that were unmapped
 * meanwhile stay so: the page then goes with its last reference.
 */
export function thawEntry(world: MmWorld, src: Pfn, dst: Pfn): void {
  const { pages } = world;
  const mmId = pages.rmapMm[src] as number;
  if (mmId < 0) return;
  if (!pages.rmap.isShared(src)) {
    thawOne(world.mms.get(mmId) as Mm, pages.rmapVpn[src] as number, src, dst);
    return;
  }
  // That several processes have the content goes with it; a page with one entry left is that entry's alone.
  if (pages.hasFlag(src, PAGE_FLAG.forked)) pages.setFlag(dst, PAGE_FLAG.forked);
  for (const entry of pages.rmap.entries(src)) thawOne(world.mms.get(entry.mmId) as Mm, entry.vpn, src, dst);
}

/** The word maps a page: present or device-private. */
export function isMapping(word: number): boolean {
  const kind = pteKind(word);
  return kind === PTE_KIND.present || kind === PTE_KIND.devPrivate;
}

function thawOne(mm: Mm, vpn: Vpn, src: Pfn, dst: Pfn): void {
  const { pages } = mm.world;
  const word = mm.table.get(vpn);
  if (pteKind(word) !== PTE_KIND.migrating || ptePfn(word) !== src) {
    // Frozen in some places only (an undone migration), or mapped since (from a file's cache, from the swap cache).
    if (isMapping(word) && ptePfn(word) === src && src === dst) return;
    throw new AssertionError(`page ${src} has no migration entry`);
  }
  pages.dropRmap(src, mm.id, vpn);
  pages.get(dst);
  mapPage(mm, vpn, dst, pteWritable(word));
}

function kindOf(pages: PageStore, pfn: Pfn): typeof PTE_KIND.present | typeof PTE_KIND.devPrivate {
  return pages.isDevice(pfn) ? PTE_KIND.devPrivate : PTE_KIND.present;
}

function unmapPage(pages: PageStore, pfn: Pfn): void {
  const count = (pages.mapcount[pfn] as number) - 1;
  if (count < 0) throw new AssertionError(`map count of page ${pfn} underflows`);
  pages.mapcount[pfn] = count;
}
