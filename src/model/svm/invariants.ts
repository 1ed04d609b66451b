// What must hold of a mirror between any two steps: one function an invariant, named as gpusvm-and-pagemap.md §6.4 names it.
//
// Transitions are asserted where they happen instead: I6, I10–I12, I17, I29, I35, I36. I26 is not visible in a state (the
// sequence is that of a whole notifier); I27 and I30 cover what it protects.
import type { Pfn, Vpn } from '../../base/units.ts';
import { SYSTEM_SPACE, VRAM_SPACE } from '../../engine/plan/commands.ts';
import type { InvalidateEvent } from '../mm/notifier.ts';
import { PTE_KIND, pteHuge, pteKind, ptePfn } from '../mm/page-table.ts';
import type { SvmNotifier } from './notifier.ts';
import { ACQUIRED, DMA_DIR, pagesValid, PROTO, slotDir, slotOrder, slotProto } from './pages.ts';
import type { SvmRange } from './range.ts';
import type { GpuSvm } from './svm.ts';

/** Every violation as a line of text that begins with the invariant's name; empty = all is well. */
export function checkSvm(svm: GpuSvm): string[] {
  const out: string[] = [];
  I1(svm, out);
  I7(svm, out);
  I8(svm, out);
  I9(svm, out);
  for (const notifier of svm.notifiers) {
    I3(notifier, out);
    for (const range of notifier.ranges) {
      I2(notifier, range, out);
      I5(range, out);
      for (const check of PAGES) check(range, out);
    }
  }
  return out;
}

/** I30: what the driver's callback must leave behind. Call it when the callback returns. */
export function checkAfterInvalidate(notifier: SvmNotifier, event: InvalidateEvent): string[] {
  const out: string[] = [];
  for (const range of notifier.ranges.overlapping(event.startVpn, event.endVpn)) {
    if (pagesValid(range.pages)) out.push(`I30 ${named(range)}: still mapped after the callback`);
    if ((range.tilePresent & ~range.tileInvalidated) !== 0) out.push(`I30 ${named(range)}: still bound`);
  }
  return out;
}

/** Notifiers are aligned windows of one size, apart and ascending (with I4). */
function I1(svm: GpuSvm, out: string[]): void {
  let end = -Infinity;
  for (const { startVpn, endVpn } of svm.notifiers) {
    const size = endVpn - startVpn;
    if (size !== svm.notifierPages || startVpn % size !== 0) out.push(`I1 notifier ${startVpn}: not an aligned window`);
    if (startVpn < end) out.push(`I1 notifier ${startVpn}: overlaps or precedes the one before`);
    end = endVpn;
  }
}

function I2(notifier: SvmNotifier, range: SvmRange, out: string[]): void {
  const inside = range.startVpn >= notifier.startVpn && range.endVpn <= notifier.endVpn;
  if (!inside || range.notifier !== notifier) out.push(`I2 ${named(range)}: not inside its notifier`);
  if (!range.inTree || range.refcount < 1) out.push(`I2 ${named(range)}: in the tree without the tree's reference`);
  if (notifier.ranges.firstOverlap(range.startVpn, range.startVpn + 1) !== range)
    out.push(`I2 ${named(range)}: not found`);
}

/** Ranges of one notifier are apart and ascending (with I4). */
function I3(notifier: SvmNotifier, out: string[]): void {
  let end = -Infinity;
  for (const range of notifier.ranges) {
    if (range.startVpn < end) out.push(`I3 ${named(range)}: overlaps or precedes the one before`);
    end = range.endVpn;
  }
}

function I5(range: SvmRange, out: string[]): void {
  const size = range.endVpn - range.startVpn;
  const fits = range.svm.chunkPages.includes(size) && range.startVpn % size === 0;
  if (!fits) out.push(`I5 ${named(range)}: not an aligned chunk`);
}

/** One that loses its last range may wait for an invalidation before it goes. */
function I7(svm: GpuSvm, out: string[]): void {
  for (const notifier of svm.notifiers) {
    if (notifier.ranges.size === 0 && !notifier.removed) out.push(`I7 notifier ${notifier.startVpn}: empty`);
  }
}

function I8(svm: GpuSvm, out: string[]): void {
  for (const notifier of svm.notifiers) {
    const registered = notifier.interval.membership !== 'out';
    if (!registered && !notifier.removed) out.push(`I8 notifier ${notifier.startVpn}: not registered`);
  }
}

function I9(svm: GpuSvm, out: string[]): void {
  if (svm.mm === null && svm.notifiers.size > 0) out.push(`I9 ${svm.name}: ${svm.notifiers.size} notifiers after fini`);
}

/** Pages of a huge CPU mapping. */
const HUGE_PAGES = 512;

type RangeCheck = (range: SvmRange, out: string[]) => void;

function I13(range: SvmRange, out: string[]): void {
  const { hasDevmemPages, hasDmaMapping } = range.pages.flags;
  if (pagesValid(range.pages) !== (hasDevmemPages || hasDmaMapping)) out.push(`I13 ${named(range)}`);
}

function I14(range: SvmRange, out: string[]): void {
  const { flags, dpagemap } = range.pages;
  if (flags.hasDevmemPages && !(flags.hasDmaMapping && dpagemap !== null)) out.push(`I14 ${named(range)}: no pagemap`);
}

function I15(range: SvmRange, out: string[]): void {
  const { flags, dpagemap, dmaMapped } = range.pages;
  if (!flags.hasDmaMapping && (dpagemap !== null || dmaMapped !== 0)) out.push(`I15 ${named(range)}: half mapped`);
}

function I16(range: SvmRange, out: string[]): void {
  const { flags, frames, meta } = range.pages;
  if (flags.hasDmaMapping && (frames === null || meta === null))
    out.push(`I16 ${named(range)}: mapped without entries`);
}

function I18(range: SvmRange, out: string[]): void {
  const { unmapped, partialUnmap } = range.pages.flags;
  if (partialUnmap && !unmapped) out.push(`I18 ${named(range)}`);
}

function I19(range: SvmRange, out: string[]): void {
  forEachSlot(range, (slot) => {
    if (slotProto(range.pages, slot) === PROTO.SYSTEM) return;
    const home = range.svm.pagemaps.pagemapOf(slotPfn(range, slot));
    if (home !== range.pages.dpagemap) out.push(`I19 ${named(range)} slot ${slot}: page of another pagemap`);
  });
}

function I20(range: SvmRange, out: string[]): void {
  if ((range.pages.acquired & ACQUIRED.allowMixed) !== 0) return;
  const kinds = new Set<number>();
  forEachSlot(range, (slot) => {
    const system = slotProto(range.pages, slot) === PROTO.SYSTEM;
    kinds.add(system ? -1 : range.svm.pagemaps.zddOf(slotPfn(range, slot)));
  });
  if (kinds.size > 1) out.push(`I20 ${named(range)}: mixed placement`);
}

function I21(range: SvmRange, out: string[]): void {
  if ((range.pages.acquired & ACQUIRED.devmemOnly) === 0) return;
  forEachSlot(range, (slot) => {
    if (slotProto(range.pages, slot) === PROTO.SYSTEM) out.push(`I21 ${named(range)} slot ${slot}: system page`);
  });
}

function I22(range: SvmRange, out: string[]): void {
  if (!pagesValid(range.pages)) return;
  let sum = 0;
  forEachSlot(range, (slot) => {
    sum += 1 << slotOrder(range.pages, slot);
  });
  if (sum !== range.pages.npages) out.push(`I22 ${named(range)}: entries cover ${sum} of ${range.pages.npages} pages`);
}

/** An entry of several pages lies inside one huge mapping of the CPU. */
function I23(range: SvmRange, out: string[]): void {
  forEachSlot(range, (slot, vpn) => {
    const order = slotOrder(range.pages, slot);
    if (order === 0) return;
    const huge = pteHuge(range.svm.mm?.table.get(vpn) ?? 0);
    const inBlock = ((range.pages.frames?.[slot] ?? 0) % HUGE_PAGES) + (1 << order) <= HUGE_PAGES;
    if (!huge || !inBlock) out.push(`I23 ${named(range)} slot ${slot}: order ${order} is not the CPU's`);
  });
}

function I24(range: SvmRange, out: string[]): void {
  const readOnly = (range.pages.acquired & ACQUIRED.readOnly) !== 0;
  const expected = readOnly ? DMA_DIR.toDevice : DMA_DIR.bidirectional;
  forEachSlot(range, (slot) => {
    if (slotDir(range.pages, slot) !== expected) out.push(`I24 ${named(range)} slot ${slot}: wrong direction`);
  });
}

function I25(range: SvmRange, out: string[]): void {
  if (!pagesValid(range.pages)) return;
  const { notifierSeq } = range.pages;
  const possible = notifierSeq > 0 && notifierSeq % 2 === 1 && notifierSeq <= range.notifier.interval.seq;
  if (!possible) out.push(`I25 ${named(range)}: sequence ${notifierSeq} is none that readBegin returned`);
}

/** The main safety property: what is mapped is what the CPU's page table refers to, with nothing in between. */
function I27(range: SvmRange, out: string[]): void {
  forEachSlot(range, (slot, vpn) => {
    const pfn = slotPfn(range, slot);
    for (let i = 0; i < 1 << slotOrder(range.pages, slot); i++) {
      if (homeOf(range, vpn + i) !== pfn + i) out.push(`I27 ${named(range)} page ${vpn + i}: mapped to ${pfn + i}`);
    }
  });
}

function I31(range: SvmRange, out: string[]): void {
  let mapped = 0;
  forEachSlot(range, (slot) => {
    if (slotProto(range.pages, slot) === PROTO.SYSTEM) mapped += 1 << slotOrder(range.pages, slot);
  });
  if (mapped !== range.pages.dmaMapped)
    out.push(`I31 ${named(range)}: ${range.pages.dmaMapped} mappings, ${mapped} entries`);
}

/** System entries target system frames, device entries the device's. */
function I48(range: SvmRange, out: string[]): void {
  const { pages } = range.svm.world;
  forEachSlot(range, (slot) => {
    const system = slotProto(range.pages, slot) === PROTO.SYSTEM;
    if (system === pages.isDevice(slotPfn(range, slot)))
      out.push(`I48 ${named(range)} slot ${slot}: wrong kind of page`);
  });
}

const PAGES: readonly RangeCheck[] = [I13, I14, I15, I16, I18, I19, I20, I21, I22, I23, I24, I25, I27, I31, I48];

/** Calls `fn` for each entry of a mapped range with the page it begins at. */
function forEachSlot(range: SvmRange, fn: (slot: number, vpn: Vpn) => void): void {
  if (!pagesValid(range.pages)) return;
  let vpn = range.startVpn;
  for (let slot = 0; slot < range.pages.count; slot++) {
    fn(slot, vpn);
    vpn += 1 << slotOrder(range.pages, slot);
  }
}

function slotPfn(range: SvmRange, slot: number): Pfn {
  const { pages } = range;
  const device = pages.dpagemap?.device ?? range.svm.device;
  const space = slotProto(pages, slot) === PROTO.SYSTEM ? SYSTEM_SPACE : VRAM_SPACE + device;
  return range.svm.world.pages.pfnOf(space, pages.frames?.[slot] ?? 0);
}

/** The page that the CPU's entry refers to; −1 when it refers to none. */
function homeOf(range: SvmRange, vpn: Vpn): Pfn | -1 {
  const word = range.svm.mm?.table.get(vpn) ?? 0;
  const kind = pteKind(word);
  const refers = kind === PTE_KIND.present || kind === PTE_KIND.zero || kind === PTE_KIND.devPrivate;
  return refers ? ptePfn(word) : -1;
}

function named(range: SvmRange): string {
  return `range [${range.startVpn}, ${range.endVpn})`;
}
