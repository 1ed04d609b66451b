// What must hold of device memory between any two steps: one function an invariant, named as gpusvm-and-pagemap.md §6.4.
//
// Transitions are asserted where they happen: I41 (release once), I46, I47, I52, underflows. I42 needs the allocator's
// blocks and stands with vram; I44, I45, I49 and I53 compare before and after and stand in the tests.
import { PTE_KIND, pteKind } from '../mm/page-table.ts';
import { NO_PFN } from '../mm/pages.ts';
import type { GpuSvm } from '../svm/svm.ts';
import type { CopyVector } from './devmem.ts';
import type { PagemapState } from './pagemap-state.ts';
import { NO_ZDD } from './zdd.ts';

/** Every violation as a line of text that begins with the invariant's name. `svms`: all mirrors of the world, for I55. */
export function checkPagemap(state: PagemapState, svms: readonly GpuSvm[] = []): string[] {
  const out: string[] = [];
  I39(state, out);
  I40(state, out);
  I41(state, out);
  I43(state, out);
  I55(state, svms, out);
  B7(state, out);
  return out;
}

/** I50: every page of a copy is locked by the migration that copies it. For copy ops to call, in tests. */
export function checkCopy(state: PagemapState, v: CopyVector): string[] {
  const out: string[] = [];
  for (let i = 0; i < v.n; i++) {
    for (const pfn of [v.devicePfn[i] ?? NO_PFN, v.ramPfn[i] ?? NO_PFN]) {
      if (pfn !== NO_PFN && !state.world.pages.isLocked(pfn)) out.push(`I50 slot ${i}: page ${pfn} is not locked`);
    }
  }
  return out;
}

/** Device pages: counts make sense, and a page belongs to a live zdd exactly while it is in use. */
function I39(state: PagemapState, out: string[]): void {
  const { pages } = state.world;
  for (let pfn = pages.systemPages; pfn < pages.total; pfn++) {
    const refs = pages.refcount[pfn] ?? 0;
    const maps = pages.mapcount[pfn] ?? 0;
    if (maps < 0 || refs < maps) out.push(`I39 page ${pfn}: ${refs} references, ${maps} mappings`);
    const zdd = state.zddOf(pfn);
    if (refs > 0 !== (zdd !== NO_ZDD)) out.push(`I39 page ${pfn}: ${refs} references, zdd ${zdd}`);
  }
}

function I40(state: PagemapState, out: string[]): void {
  const { zdds, world } = state;
  const used = new Int32Array(zdds.capacity);
  for (let pfn = world.pages.systemPages; pfn < world.pages.total; pfn++) {
    const zdd = state.zddOf(pfn);
    if (zdd !== NO_ZDD) used[zdd] = (used[zdd] ?? 0) + 1;
  }
  for (let zdd = 0; zdd < zdds.capacity; zdd++) {
    const expected = (used[zdd] ?? 0) + (zdds.hasCreator(zdd) ? 1 : 0);
    if (zdds.refcount(zdd) !== expected) out.push(`I40 zdd ${zdd}: count ${zdds.refcount(zdd)}, holders ${expected}`);
  }
}

/** A live zdd's allocation is neither released nor detached, and its pages are on its device. */
function I41(state: PagemapState, out: string[]): void {
  const { zdds } = state;
  for (let zdd = 0; zdd < zdds.capacity; zdd++) {
    if (zdds.refcount(zdd) === 0) continue;
    const { released, detachedDone } = zdds.allocation(zdd);
    if (released || detachedDone) out.push(`I41 zdd ${zdd}: alive while its allocation is gone`);
  }
}

function I43(state: PagemapState, out: string[]): void {
  if (state.active > 0) return;
  const { pages, mms } = state.world;
  for (let pfn = 0; pfn < pages.total; pfn++)
    if (pages.isLocked(pfn)) out.push(`I43 page ${pfn}: locked, nobody migrates`);
  for (const mm of mms.values()) {
    mm.table.forEachInRange(0, Number.MAX_SAFE_INTEGER, (vpn, word) => {
      if (pteKind(word) === PTE_KIND.migrating)
        out.push(`I43 ${mm.name} page ${vpn}: migration entry, nobody migrates`);
    });
  }
}

/** A pagemap lives at least as long as its zdds and the pages objects that map it. */
function I55(state: PagemapState, svms: readonly GpuSvm[], out: string[]): void {
  const users = new Map<object, number>();
  const count = (pagemap: object | null): void => {
    if (pagemap !== null) users.set(pagemap, (users.get(pagemap) ?? 0) + 1);
  };
  const { zdds } = state;
  for (let zdd = 0; zdd < zdds.capacity; zdd++) if (zdds.refcount(zdd) > 0) count(zdds.allocation(zdd).dpagemap);
  for (const svm of svms) {
    for (const notifier of svm.notifiers) for (const range of notifier.ranges) count(range.pages.dpagemap);
  }
  for (const pagemap of state.pagemaps) {
    const needed = pagemap === null ? 0 : (users.get(pagemap) ?? 0);
    if (pagemap !== null && pagemap.ref < needed) out.push(`I55 pagemap ${pagemap.device}: ${pagemap.ref} < ${needed}`);
  }
}

/** Copies leave no DMA mapping behind. */
function B7(state: PagemapState, out: string[]): void {
  if (state.active === 0 && state.dmaMapped !== 0) out.push(`B7 ${state.dmaMapped} DMA mappings left by copies`);
}
