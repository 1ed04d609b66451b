// Migration of a virtual span: collect and freeze, then the caller copies, then commit and finish
// (gpusvm-and-pagemap.md §4.1; mm/migrate_device.c). Between `migrateVmaSetup` and `migrateVmaFinalize` the content of
// every collected page is frozen: locked, mapped nowhere, CPU faulters wait. Copying is legal only there.
import { present } from '../../base/assert.ts';
import type { Status } from '../../base/errno.ts';
import { alignDown, type Pfn, type Vpn } from '../../base/units.ts';
import { MMU_EVENT } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import { splitAll } from './huge.ts';
import { dropEntry, freezeEntry, isMapping, mapPage } from './mapping.ts';
import { finishSlots, movePages, undoUnmovable, unmapElsewhere } from './migrate-device.ts';
import { MIGRATE_FLAG, MIGRATE_SELECT, type MigrateVectors } from './migrate-vectors.ts';
import type { Mm } from './mm.ts';
import type { InvalidateEvent } from './notifier.ts';
import { LEAF_PAGES, PTE_KIND, leafEnd, pteKind, ptePfn, pteWritable } from './page-table.ts';
import type { Vma } from './vma.ts';

export { MIGRATE_FLAG, MIGRATE_SELECT, MigrateVectors } from './migrate-vectors.ts';
export { migrateDeviceFinalize, migrateDevicePages, migrateDevicePfns } from './migrate-device.ts';

/** One migration of [startVpn, endVpn) inside one area (struct migrate_vma). The caller holds the mmap lock throughout. */
export interface MigrateVma {
  readonly mm: Mm;
  readonly vma: Vma | null;
  readonly startVpn: Vpn;
  readonly endVpn: Vpn;
  /** Slot i is page startVpn + i; capacity ≥ the span. */
  readonly vectors: MigrateVectors;
  /** Device-private pages are collected only where their owner is this object. */
  readonly owner: object | null;
  /** MIGRATE_SELECT bits. */
  readonly select: number;
  /** Device page that the caller has locked and referenced, −1 = none. It stays locked. */
  readonly faultPfn: Pfn | -1;
  /** Slots written. */
  npages: number;
  /** Slots that take part, holes included. */
  cpages: number;
}

/**
 * Collects: every movable page of the span is referenced, locked and behind a migration entry afterwards. Slots with
 * source flags 0 do not take part. EINVAL: the arguments do not fit; 0 also where nothing was collected.
 */
export function* migrateVmaSetup(m: MigrateVma): Op<Status> {
  m.npages = 0;
  m.cpages = 0;
  if (!isMigratable(m)) return 'EINVAL';
  m.vectors.reset(m.endVpn - m.startVpn);
  const { sched } = m.mm.world;
  const event = migrateEvent(m, m.startVpn);
  yield* m.mm.subscriptions.start(event);
  yield* splitAll(m.mm, m.startVpn, m.endVpn);
  if (sched.exploring) yield* sched.point('migrate.collect');
  const taken = sched.injection === null ? null : lockInjected(m);
  collect(m, present(m.vma, 'area'));
  for (const pfn of taken ?? []) m.mm.world.pages.unlock(pfn);
  m.mm.subscriptions.end(event);
  if (sched.exploring) yield* sched.point('migrate.unmap');
  if (m.cpages === 0) return 0;
  yield* unmapElsewhere(m.mm.world, m.vectors);
  m.cpages = undoUnmovable(m.mm.world, m.vectors, m.faultPfn);
  return 0;
}

/**
 * Commits: afterwards a slot's source still says MIGRATE exactly where its page moved or its hole was filled. Slots
 * without destination stay. Holes get their page here, inside a second MIGRATE section from the first of them to the end.
 */
export function* migrateVmaPages(m: MigrateVma): Op<void> {
  const { vectors: v, mm } = m;
  const { sched } = mm.world;
  if (sched.injection !== null) yield* sched.point('migrate.commit');
  movePages(mm.world, v, m.faultPfn);
  const firstHole = findHole(v);
  if (firstHole >= 0) yield* fillHoles(m, firstHole);
  if (sched.injection !== null) yield* sched.point('migrate.committed');
}

function* fillHoles(m: MigrateVma, firstHole: number): Op<void> {
  const { vectors: v, mm } = m;
  const event = migrateEvent(m, m.startVpn + firstHole);
  yield* mm.subscriptions.start(event);
  for (let i = firstHole; i < v.n; i++) if (isFilledHole(v, i)) insertPage(m, i);
  mm.subscriptions.end(event);
}

/** Finishes: entries map the destination where the page moved, the source again elsewhere; both sides are let go. */
export function migrateVmaFinalize(m: MigrateVma): void {
  finishSlots(m.mm.world, m.vectors, m.faultPfn);
}

function isMigratable(m: MigrateVma): boolean {
  const { vma, startVpn, endVpn, faultPfn } = m;
  const { pages } = m.mm.world;
  if (vma === null || vma.hugetlb || vma.special || vma.io || vma.dax) return false;
  if (endVpn <= startVpn || startVpn < vma.startVpn || endVpn > vma.endVpn) return false;
  if (m.vectors.capacity < endVpn - startVpn) return false;
  return faultPfn < 0 || (pages.isDevice(faultPfn) && pages.isLocked(faultPfn));
}

function migrateEvent(m: MigrateVma, startVpn: Vpn): InvalidateEvent {
  return { startVpn, endVpn: m.endVpn, event: MMU_EVENT.MIGRATE, blockable: true, owner: m.owner };
}

/** Locks the pages whose lock is injected to be somebody else's ('migrate.page-lock'). */
function lockInjected(m: MigrateVma): Pfn[] {
  const { pages, sched } = m.mm.world;
  const taken: Pfn[] = [];
  m.mm.table.forEachInRange(m.startVpn, m.endVpn, (_vpn, word) => {
    const pfn = ptePfn(word);
    if (!isMapping(word) || pfn === m.faultPfn || !sched.fails('migrate.page-lock')) return;
    if (pages.tryLock(pfn)) taken.push(pfn);
  });
  return taken;
}

/** migrate_vma_collect_pmd, leaf by leaf. */
function collect(m: MigrateVma, vma: Vma): void {
  for (let vpn = m.startVpn; vpn < m.endVpn;) {
    const leaf = m.mm.table.leafOf(vpn);
    const base = alignDown(vpn, LEAF_PAGES);
    for (const stop = leafEnd(vpn, m.endVpn); vpn < stop; vpn++) {
      const word = leaf === null ? 0 : (leaf[vpn - base] as number);
      const flags = collectEntry(m, vma, vpn, word);
      m.vectors.srcFlags[m.npages++] = flags;
      if (flags !== 0) m.cpages++;
    }
  }
}

/** Source flags of one slot, its page frozen; 0 = does not take part. */
function collectEntry(m: MigrateVma, vma: Vma, vpn: Vpn, word: number): number {
  switch (pteKind(word)) {
    case PTE_KIND.none:
      return vma.anonymous ? MIGRATE_FLAG.MIGRATE : 0;
    case PTE_KIND.zero:
      return (m.select & MIGRATE_SELECT.SYSTEM) !== 0 ? MIGRATE_FLAG.MIGRATE : 0;
    case PTE_KIND.present:
      return (m.select & MIGRATE_SELECT.SYSTEM) !== 0 ? freezePage(m, vpn, word) : 0;
    case PTE_KIND.devPrivate:
      return isSelectedDevicePage(m, ptePfn(word)) ? freezePage(m, vpn, word) : 0;
    default:
      return 0;
  }
}

function isSelectedDevicePage(m: MigrateVma, pfn: Pfn): boolean {
  if ((m.select & MIGRATE_SELECT.DEVICE_PRIVATE) === 0 || m.owner === null) return false;
  return m.mm.world.deviceOwners[m.mm.world.pages.deviceOf(pfn)] === m.owner;
}

/** Only ever tries the lock: waiting with other pages locked could deadlock against a second migration. */
function freezePage(m: MigrateVma, vpn: Vpn, word: number): number {
  const { pages } = m.mm.world;
  const pfn = ptePfn(word);
  if (pfn !== m.faultPfn && !pages.tryLock(pfn)) return 0;
  pages.get(pfn);
  freezeEntry(m.mm, vpn, word);
  m.vectors.src[m.npages] = pfn;
  return MIGRATE_FLAG.VALID | MIGRATE_FLAG.MIGRATE | (pteWritable(word) ? MIGRATE_FLAG.WRITE : 0);
}

function isFilledHole(v: MigrateVectors, slot: number): boolean {
  return v.isMigrating(slot) && !v.hasSource(slot) && v.hasDestination(slot);
}

function findHole(v: MigrateVectors): number {
  for (let i = 0; i < v.n; i++) if (isFilledHole(v, i)) return i;
  return -1;
}

/** migrate_vma_insert_page: the destination becomes a fresh anonymous page, unless somebody touched the hole meanwhile. */
function insertPage(m: MigrateVma, slot: number): void {
  const { mm, vectors: v } = m;
  const vma = present(m.vma, 'area');
  const vpn = m.startVpn + slot;
  const word = mm.table.get(vpn);
  const isHole = pteKind(word) === PTE_KIND.none || pteKind(word) === PTE_KIND.zero;
  if (!vma.anonymous || !isHole) {
    v.srcFlags[slot] = 0;
    return;
  }
  const pfn = v.dst[slot] as number;
  if (word !== 0) dropEntry(mm, vpn, word);
  mm.world.pages.get(pfn);
  mapPage(mm, vpn, pfn, vma.write);
}
