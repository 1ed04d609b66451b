// The half of migration that knows pages but no areas, and the physical variant that consists of it alone: eviction
// moves raw device frames without the mmap lock (gpusvm-and-pagemap.md §4.1, §4.5; mm/migrate_device.c).
import { AssertionError } from '../../base/assert.ts';
import type { Pfn, Vpn } from '../../base/units.ts';
import { MMU_EVENT } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import { splitHuge } from './huge.ts';
import { freezeEntry, isMapping, thawEntry } from './mapping.ts';
import { MIGRATE_FLAG, type MigrateVectors } from './migrate-vectors.ts';
import type { Mm, MmWorld } from './mm.ts';
import { ptePfn } from './page-table.ts';
import { PAGE_FLAG, type PageStore } from './pages.ts';

/**
 * Collects the pages whose raw frames the caller wrote to `v.src[0 … v.n)`: referenced, locked and unmapped from every
 * page table (one CLEAR section each). Free and locked pages get source flags 0. Returns the number collected.
 */
export function* migrateDevicePfns(world: MmWorld, v: MigrateVectors): Op<number> {
  for (let i = 0; i < v.n; i++) {
    v.clearDst(i);
    if (lockPage(world.pages, v.src[i] as number)) v.srcFlags[i] = MIGRATE_FLAG.VALID | MIGRATE_FLAG.MIGRATE;
    else v.clearSrc(i);
  }
  if (world.sched.exploring) yield* world.sched.point('migrate.evict');
  for (let i = 0; i < v.n; i++) if (v.srcFlags[i] !== 0) yield* unmapEverywhere(world, v.src[i] as number);
  return undoUnmovable(world, v, -1);
}

/** Commits: MIGRATE stays exactly where a page moves to the destination that the caller set (locked, one reference). */
export function migrateDevicePages(world: MmWorld, v: MigrateVectors): void {
  movePages(world, v, -1);
}

/** Finishes as `migrateVmaFinalize`. */
export function migrateDeviceFinalize(world: MmWorld, v: MigrateVectors): void {
  finishSlots(world, v, -1);
}

/**
 * Behind collection: pages that somebody else still refers to, or that stayed mapped, are put back and leave the
 * migration. Returns the slots still in it, holes included (migrate_device_unmap).
 */
export function undoUnmovable(world: MmWorld, v: MigrateVectors, faultPfn: Pfn | -1): number {
  let staying = 0;
  for (let i = 0; i < v.n; i++) {
    if (!v.isMigrating(i)) continue;
    const pfn = v.src[i] as number;
    if (!v.hasSource(i) || isMovable(world.pages, pfn, faultPfn)) {
      staying++;
      continue;
    }
    thawEntry(world, pfn, pfn);
    letGo(world.pages, pfn, faultPfn);
    v.clearSrc(i);
  }
  return staying;
}

/** Clears MIGRATE where a page has no destination or can no longer move; holes with a destination are left alone. */
export function movePages(world: MmWorld, v: MigrateVectors, faultPfn: Pfn | -1): void {
  for (let i = 0; i < v.n; i++) {
    if (v.hasDestination(i) && (!v.hasSource(i) || canMove(world.pages, v, i, faultPfn))) continue;
    v.srcFlags[i] = (v.srcFlags[i] as number) & ~MIGRATE_FLAG.MIGRATE;
  }
}

/** Entries map what they shall map from now on; locks and the migration's references go (__migrate_device_finalize). */
export function finishSlots(world: MmWorld, v: MigrateVectors, faultPfn: Pfn | -1): void {
  const { pages } = world;
  for (let i = 0; i < v.n; i++) {
    const dst = v.hasDestination(i) ? (v.dst[i] as number) : -1;
    if (dst >= 0 && dst === faultPfn) throw new AssertionError('the fault page is a destination');
    if (v.hasSource(i)) {
      const src = v.src[i] as number;
      thawEntry(world, src, v.isMigrating(i) && dst >= 0 ? dst : src);
      letGo(pages, src, faultPfn);
    }
    if (dst >= 0) letGo(pages, dst, -1);
  }
}

function lockPage(pages: PageStore, pfn: Pfn): boolean {
  if (!pages.tryGet(pfn)) return false;
  if (pages.tryLock(pfn)) return true;
  pages.put(pfn);
  return false;
}

/**
 * try_to_migrate for collected pages that further entries map, in other processes or at other places: those freeze too.
 * Yields nothing where no page of the machine has more than one entry.
 */
export function* unmapElsewhere(world: MmWorld, v: MigrateVectors): Op<void> {
  const { pages } = world;
  if (!pages.rmap.anyShared) return;
  for (let i = 0; i < v.n; i++) if (v.hasSource(i)) yield* unmapEverywhere(world, v.src[i] as number);
}

/** try_to_migrate: the entries that map the page, found through the page, become migration entries. */
function* unmapEverywhere(world: MmWorld, pfn: Pfn): Op<void> {
  const { pages } = world;
  for (let before = 0; pages.mapcount[pfn] !== before && pages.mapcount[pfn] !== 0;) {
    before = pages.mapcount[pfn] as number;
    for (const entry of pages.rmap.entries(pfn)) {
      yield* freezeAt(world.mms.get(entry.mmId) as Mm, entry.vpn, pfn);
    }
  }
}

function* freezeAt(mm: Mm, vpn: Vpn, pfn: Pfn): Op<void> {
  if (!isMapping(mm.table.get(vpn))) return;
  yield* splitHuge(mm, vpn);
  const event = { startVpn: vpn, endVpn: vpn + 1, event: MMU_EVENT.CLEAR, blockable: true, owner: null };
  yield* mm.subscriptions.start(event);
  // The callback may have waited, and neither munmap nor mremap needs the page lock: the entry may be gone.
  const word = mm.table.get(vpn);
  if (isMapping(word) && ptePfn(word) === pfn) freezeEntry(mm, vpn, word);
  mm.subscriptions.end(event);
}

/** Nobody but the migration (and the faulter, for its page; and the cache, for a file's) refers to the page. */
function isMovable(pages: PageStore, pfn: Pfn, faultPfn: Pfn | -1): boolean {
  if (pages.mapcount[pfn] !== 0) return false;
  const known = pfn === faultPfn ? 2 : 1;
  if (pages.refcount[pfn] === known) return true;
  return pages.refcount[pfn] === known + 1 && pages.hasFlag(pfn, PAGE_FLAG.cached);
}

/**
 * A page that got a further reference since collection stays. File pages never go to device memory; moving one inside
 * its cache is the business of compaction, which the model has not.
 */
function canMove(pages: PageStore, v: MigrateVectors, slot: number, faultPfn: Pfn | -1): boolean {
  const src = v.src[slot] as number;
  if (pages.hasFlag(src, PAGE_FLAG.file)) {
    if (pages.hasFlag(src, PAGE_FLAG.cached) || pages.isDevice(v.dst[slot] as number)) return false;
  }
  return isMovable(pages, src, faultPfn);
}

/** Drops the lock and the migration's reference; the fault page keeps its lock for the faulter. */
function letGo(pages: PageStore, pfn: Pfn, faultPfn: Pfn | -1): void {
  if (pfn !== faultPfn) pages.unlock(pfn);
  pages.put(pfn);
}
