// The CPU fault handler (handle_mm_fault): one trip makes the entry usable, or says why the access must fault again.
import { present } from '../../base/assert.ts';
import type { Pfn, Vpn } from '../../base/units.ts';
import { MMU_EVENT } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import { allocPage } from './alloc-page.ts';
import { writePresent } from './cow.ts';
import { touchFile } from './file-fault.ts';
import { mapPage } from './mapping.ts';
import type { Mm, MmDevice } from './mm.ts';
import type { InvalidateEvent } from './notifier.ts';
import { PTE_KIND, leafEnd, pteKind, ptePfn, pteWord, pteWritable } from './page-table.ts';
import { PAGE_FLAG } from './pages.ts';
import type { Vma } from './vma.ts';
import { ZeroFill, prepareZeroPage } from './zero-fill.ts';

/**
 * `minor`: the entry is there. `migrated`: it came home from a device. `gated`: its timeslice keeps it on the device.
 * `busy`: somebody else has the page, or it did not move. `BUS`: no page can be had: bus error.
 */
export type FaultOutcome = 'minor' | 'migrated' | 'gated' | 'busy' | 'BUS';

/** Time between two attempts at a page that neither moves nor says until when: an arbitrary, short model time. */
const REFAULT_NS = 10_000;

/**
 * One trip for an access that `vma` permits. The caller holds the mmap lock and has checked permissions. Waits only
 * inside callbacks and migrations: after `gated` or `busy` call `waitForEntry`, then try again.
 */
export function* handleFault(mm: Mm, vma: Vma, vpn: Vpn, write: boolean): Op<FaultOutcome> {
  const word = mm.table.get(vpn);
  switch (pteKind(word)) {
    case PTE_KIND.none:
      return touchFresh(mm, vma, vpn, vpn + 1, write) > 0 ? 'minor' : 'BUS';
    case PTE_KIND.present:
      return write && (yield* writePresent(mm, vma, vpn, vpn + 1)) === 0 ? 'BUS' : 'minor';
    case PTE_KIND.zero:
      return write && (yield* replaceZeroPages(mm, vpn, vpn + 1)) === 0 ? 'BUS' : 'minor';
    case PTE_KIND.devPrivate:
      return yield* bringHome(mm, vma, vpn, ptePfn(word));
    case PTE_KIND.migrating:
      return 'busy';
    case PTE_KIND.swapped:
      return swapIn(mm, vpn, word);
    case PTE_KIND.special:
      return 'BUS';
  }
}

/**
 * Faults in the untouched pages from `vpn` on, up to the first that is not untouched, the end of the leaf or `end`:
 * many pages, one job. Returns how many; 0 = the first page found no memory.
 */
export function touchFresh(mm: Mm, vma: Vma, vpn: Vpn, end: Vpn, write: boolean): number {
  if (vma.io) return 0;
  const stop = leafEnd(vpn, Math.min(end, vma.endVpn));
  if (vma.anonymous && !write) return mapZeroPages(mm, vpn, stop);
  if (vma.file !== null) return touchFile(mm, vma, vma.file, vpn, stop, write);
  const flags = vma.anonymous ? 0 : PAGE_FLAG.file;
  const fill = new ZeroFill(mm.world);
  // This loop is what populating costs: the question is asked once.
  const injected = mm.world.sched.injection !== null;
  let count = 0;
  for (; vpn + count < stop && mm.table.get(vpn + count) === 0; count++) {
    const pfn = injected ? allocPage(mm.world, 'mm.alloc-zero') : mm.world.pages.allocSystem();
    if (pfn < 0) break;
    mm.world.pages.flags[pfn] = flags;
    fill.add(pfn);
    mapPage(mm, vpn + count, pfn, write);
  }
  fill.submit();
  return count;
}

/** Emits one trip of the CPU through the handler. */
export function reportFault(mm: Mm, vpn: Vpn, write: boolean, outcome: FaultOutcome | 'SEGV'): void {
  mm.world.events.emit(mm.world.sched.now, { kind: 'cpu-fault', pid: mm.id, vpn, write, outcome });
}

/** After `gated` or `busy`: waits for what keeps the entry from being usable; returns at once when it changed. */
export function* waitForEntry(mm: Mm, vpn: Vpn): Op<void> {
  const { pages, sched } = mm.world;
  const word = mm.table.get(vpn);
  const kind = pteKind(word);
  if (kind !== PTE_KIND.devPrivate && kind !== PTE_KIND.migrating) return;
  if (pages.isLocked(ptePfn(word))) yield* pages.waitUnlocked(ptePfn(word));
  else yield* sched.sleepUntil(Math.max(gateOf(mm, ptePfn(word)), sched.now + REFAULT_NS));
}

function mapZeroPages(mm: Mm, vpn: Vpn, stop: Vpn): number {
  prepareZeroPage(mm.world);
  const word = pteWord(PTE_KIND.zero, mm.world.pages.zeroPfn, false);
  let count = 0;
  for (; vpn + count < stop && mm.table.get(vpn + count) === 0; count++) mm.table.set(vpn + count, word);
  return count;
}

/**
 * First writes where reads came before: from `vpn` on, up to `end`, zero pages are replaced by zeroed frames, each in
 * its own CLEAR section since devices may map the zero page (mm/memory.c·wp_page_copy). The frames are zeroed by one
 * job before any of them is mapped. Returns how many pages were handled; 0 = RAM is exhausted.
 */
export function* replaceZeroPages(mm: Mm, vpn: Vpn, end: Vpn): Op<number> {
  const frames = allocZeroed(mm, countZeroPages(mm, vpn, end));
  for (let i = 0; i < frames.length; i++) yield* replaceZeroPage(mm, vpn + i, frames[i] as Pfn);
  return frames.length;
}

function* replaceZeroPage(mm: Mm, vpn: Vpn, pfn: Pfn): Op<void> {
  const event: InvalidateEvent = {
    startVpn: vpn,
    endVpn: vpn + 1,
    event: MMU_EVENT.CLEAR,
    blockable: true,
    owner: null,
  };
  yield* mm.subscriptions.start(event);
  // Callbacks may have waited: another thread may have been faster.
  if (pteKind(mm.table.get(vpn)) === PTE_KIND.zero) mapPage(mm, vpn, pfn, true);
  else mm.world.pages.put(pfn);
  mm.subscriptions.end(event);
}

function countZeroPages(mm: Mm, vpn: Vpn, end: Vpn): number {
  let count = 0;
  while (vpn + count < end && pteKind(mm.table.get(vpn + count)) === PTE_KIND.zero) count++;
  return count;
}

/** Up to `count` zeroed system pages, fewer when RAM runs out. */
function allocZeroed(mm: Mm, count: number): Uint32Array {
  const frames = new Uint32Array(count);
  const fill = new ZeroFill(mm.world);
  let got = 0;
  for (; got < count; got++) {
    const pfn = allocPage(mm.world, 'mm.alloc-zero');
    if (pfn < 0) break;
    fill.add(pfn);
    frames[got] = pfn;
  }
  fill.submit();
  return frames.subarray(0, got);
}

/** A device-private entry (mm/memory.c·do_swap_page): lock the page or give up, then let its device move it. */
function* bringHome(mm: Mm, vma: Vma, vpn: Vpn, pfn: Pfn): Op<FaultOutcome> {
  const { pages } = mm.world;
  if (!pages.tryLock(pfn)) return 'busy';
  pages.get(pfn);
  const status = yield* deviceOf(mm, pfn).migrateToRam(mm, vma, vpn, pfn);
  pages.unlock(pfn);
  pages.put(pfn);
  if (status !== 0) return 'BUS';
  if (pteKind(mm.table.get(vpn)) !== PTE_KIND.devPrivate) return 'migrated';
  return gateOf(mm, ptePfn(mm.table.get(vpn))) > mm.world.sched.now ? 'gated' : 'busy';
}

/** The page waits in the swap cache with its content; one reference belongs to the entry and becomes the mapping's. */
function swapIn(mm: Mm, vpn: Vpn, word: number): FaultOutcome {
  mapPage(mm, vpn, ptePfn(word), pteWritable(word));
  return 'minor';
}

function deviceOf(mm: Mm, pfn: Pfn): MmDevice {
  const index = mm.world.pages.deviceOf(pfn);
  return present(mm.world.devices[index], `driver of device ${index}`);
}

function gateOf(mm: Mm, pfn: Pfn): number {
  return mm.world.pages.isDevice(pfn) ? (deviceOf(mm, pfn).gateUntil?.(pfn) ?? 0) : 0;
}
