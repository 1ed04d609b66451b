// What must hold of address spaces and pages after every step (gpusvm-and-pagemap.md §6.4): each check returns what is
// wrong in words, nothing when all is well. For tests and the report's check; nothing here is fast.
import type { Mm, MmWorld } from './mm.ts';
import { PTE_KIND, pteHuge, pteKind, ptePfn, pteWritable, type PteKind } from './page-table.ts';
import { PAGE_FLAG, type PageStore } from './pages.ts';

/** All invariants that concern mm. Quiescent ones are checked only when the scheduler has no task left. */
export function checkMm(world: MmWorld): string[] {
  const mms = [...world.mms.values()];
  const problems = mms.flatMap((mm) => [
    ...checkAreas(mm),
    ...checkEntries(mm),
    ...checkSequence(mm),
    ...checkSubscriptions(mm),
  ]);
  problems.push(...checkCounts(world), ...checkFreePages(world), ...checkMigratingLocked(world));
  if (world.sched.alive === 0) problems.push(...checkQuiescent(world));
  return problems;
}

/** Areas are non-empty, ascending and disjoint; none outlives its process. */
export function checkAreas(mm: Mm): string[] {
  const problems: string[] = [];
  let end = 0;
  for (const vma of mm.vmas()) {
    if (vma.startVpn < end || vma.endVpn <= vma.startVpn)
      problems.push(`${mm.name}: area at ${vma.startVpn} overlaps or is empty`);
    end = vma.endVpn;
  }
  return problems;
}

/** Each entry fits its area and the page it names (I48); outside an area only while a section that covers it is open. */
export function checkEntries(mm: Mm): string[] {
  const problems: string[] = [];
  mm.table.forEachInRange(0, Infinity, (vpn, word) => {
    const wrong = wrongEntry(mm, vpn, word);
    if (wrong !== null && !isBeingChanged(mm, vpn)) problems.push(`${mm.name}: entry at ${vpn}: ${wrong}`);
  });
  return problems;
}

/** I32: the count is odd only while a section is open. */
export function checkSequence(mm: Mm): string[] {
  const { seq, active, refusals } = mm.subscriptions;
  const problems: string[] = [];
  if (seq % 2 === 1 && active === 0) problems.push(`I32 ${mm.name}: sequence ${seq} is odd, nothing is open`);
  if (refusals > 0) problems.push(`I36 ${mm.name}: ${refusals} blockable events refused`);
  return problems;
}

/** I33, I34: a subscription's count is odd, and equals the global one only while an invalidation is open. */
export function checkSubscriptions(mm: Mm): string[] {
  const problems: string[] = [];
  for (const sub of mm.subscriptions.list()) {
    if (sub.seq % 2 === 0)
      problems.push(`I33 ${mm.name}: subscription at ${sub.startVpn} has the even count ${sub.seq}`);
    if (sub.seq === mm.subscriptions.seq && mm.subscriptions.active === 0) {
      problems.push(`I34 ${mm.name}: subscription at ${sub.startVpn} is invalidating, nothing is open`);
    }
  }
  return problems;
}

/** I39: map counts are what the tables say, references cover them, the back-pointers lead to the entries. */
export function checkCounts(world: MmWorld): string[] {
  const { pages } = world;
  const problems: string[] = [];
  const found = countMappings(world, problems);
  for (let pfn = 0; pfn < pages.total; pfn++) {
    const mapped = pages.mapcount[pfn] as number;
    const refs = pages.refcount[pfn] as number;
    if (mapped !== found[pfn]) problems.push(`I39 page ${pfn}: map count ${mapped}, ${found[pfn]} entries`);
    if (mapped < 0 || refs < mapped) problems.push(`I39 page ${pfn}: ${refs} references, ${mapped} mappings`);
    if (refs === 0 && pages.rmapMm[pfn] !== -1) problems.push(`I39 page ${pfn}: free, but has an entry`);
  }
  return problems;
}

/** I47: what can be allocated next can be locked at once; the free count is right. */
export function checkFreePages(world: MmWorld): string[] {
  const { pages } = world;
  const problems: string[] = [];
  let free = 0;
  for (let pfn = 0; pfn < pages.total; pfn++) {
    if (pages.refcount[pfn] !== 0) continue;
    if (!pages.isDevice(pfn)) free++;
    if (pages.flags[pfn] !== 0) problems.push(`I47 page ${pfn}: free with flags ${pages.flags[pfn]}`);
  }
  if (free !== pages.freeSystem) problems.push(`free list of ${pages.freeSystem} pages, ${free} are free`);
  return problems;
}

/** A page behind a migration entry is referenced and locked by its migration. */
export function checkMigratingLocked(world: MmWorld): string[] {
  const problems: string[] = [];
  forEachEntry(world, (mm, vpn, word) => {
    if (pteKind(word) !== PTE_KIND.migrating) return;
    const pfn = ptePfn(word);
    if (!world.pages.isLocked(pfn))
      problems.push(`${mm.name}: migration entry at ${vpn} names page ${pfn}, which nobody holds`);
  });
  return problems;
}

/** I43, I62: with no operation running no entry is migrating, no page locked, no section open, no mmap lock held. */
export function checkQuiescent(world: MmWorld): string[] {
  const problems: string[] = [];
  forEachEntry(world, (mm, vpn, word) => {
    if (pteKind(word) === PTE_KIND.migrating) problems.push(`I43 ${mm.name}: entry at ${vpn} is migrating`);
  });
  for (let pfn = 0; pfn < world.pages.total; pfn++) {
    if (((world.pages.flags[pfn] as number) & PAGE_FLAG.locked) !== 0) problems.push(`I43 page ${pfn} is locked`);
  }
  for (const mm of world.mms.values()) {
    if (mm.subscriptions.active > 0) problems.push(`I32 ${mm.name}: ${mm.subscriptions.active} sections open`);
    if (mm.mmapLock.readers > 0 || mm.mmapLock.writer !== null) problems.push(`I62 ${mm.name}: mmap lock is held`);
  }
  return problems;
}

/**
 * I37: from now on reports every change of `mm`'s table that a device could notice (a page it may map changes, goes,
 * or loses write permission) outside a section that covers it. Returns the list that it appends to.
 */
export function watchEntries(mm: Mm): string[] {
  const problems: string[] = [];
  mm.table.observer = (vpn, before, after) => {
    if (isNoticed(before, after) && !isBeingChanged(mm, vpn)) {
      problems.push(`I37 ${mm.name}: entry at ${vpn} changes from ${before} to ${after} outside a section`);
    }
  };
  return problems;
}

function isNoticed(before: number, after: number): boolean {
  const kind: PteKind = pteKind(before);
  const mapped = kind === PTE_KIND.present || kind === PTE_KIND.zero || kind === PTE_KIND.devPrivate;
  if (!mapped) return false;
  return kind !== pteKind(after) || ptePfn(before) !== ptePfn(after) || (pteWritable(before) && !pteWritable(after));
}

function isBeingChanged(mm: Mm, vpn: number): boolean {
  return mm.subscriptions.open.some((event) => vpn >= event.startVpn && vpn < event.endVpn);
}

function wrongEntry(mm: Mm, vpn: number, word: number): string | null {
  const { pages } = mm.world;
  const vma = mm.findVma(vpn);
  if (vma === null) return 'outside any area';
  if (pteWritable(word) && !vma.write) return 'writable in a read-only area';
  switch (pteKind(word)) {
    case PTE_KIND.present:
      return pages.isDevice(ptePfn(word)) ? 'present, but a device page' : null;
    case PTE_KIND.devPrivate:
      return pages.isDevice(ptePfn(word)) && !pteHuge(word) ? null : 'device-private, but a system page';
    case PTE_KIND.zero:
      return ptePfn(word) === pages.zeroPfn && vma.anonymous && !pteWritable(word) ? null : 'zero page misplaced';
    default:
      return null;
  }
}

function countMappings(world: MmWorld, problems: string[]): Int32Array {
  const { pages } = world;
  const found = new Int32Array(pages.total);
  forEachEntry(world, (mm, vpn, word) => {
    const kind = pteKind(word);
    const pfn = ptePfn(word);
    if (kind === PTE_KIND.present || kind === PTE_KIND.devPrivate) found[pfn] = (found[pfn] as number) + 1;
    else if (kind !== PTE_KIND.migrating) return;
    if (!isBackPointer(pages, pfn, mm.id, vpn)) {
      problems.push(`I39 page ${pfn}: entry at ${mm.name} ${vpn} is not its back-pointer`);
    }
  });
  return found;
}

function isBackPointer(pages: PageStore, pfn: number, mmId: number, vpn: number): boolean {
  if (pages.rmapMm[pfn] === mmId && pages.rmapVpn[pfn] === vpn) return true;
  return pages.rmap.entries(pfn).some((entry) => entry.mmId === mmId && entry.vpn === vpn);
}

function forEachEntry(world: MmWorld, visit: (mm: Mm, vpn: number, word: number) => void): void {
  for (const mm of world.mms.values()) mm.table.forEachInRange(0, Infinity, (vpn, word) => visit(mm, vpn, word));
}
