// What must hold of a VM between operations; each finding is one line that begins with the invariant's id.
//
// Ids: I-F*, I-N*, I-G* of xe.md §12, plain I<n> of gpusvm-and-pagemap.md §6.4. Cheap enough to run after every step of a
// test: one pass over the ranges and their pages.
import { isPowerOfTwo, type Vpn } from '../../base/units.ts';
import { SYSTEM_SPACE } from '../../engine/plan/commands.ts';
import { PTE_KIND } from '../mm/page-table.ts';
import { PROTO, pagesValid } from '../svm/pages.ts';
import type { SvmRange } from '../svm/range.ts';
import type { XeDevice } from './device.ts';
import { TILE0, tileValid } from './tile.ts';
import type { XeVm } from './vm.ts';

/** Findings about a VM at rest (no operation holds its locks); empty = all well. */
export function checkXe(vm: XeVm): string[] {
  const found: string[] = [];
  let linked = 0;
  for (const notifier of vm.svm.notifiers) {
    for (const range of notifier.ranges) {
      checkRange(vm, range, notifier.interval.seq, found);
      if (range.gcLinked) linked++;
    }
  }
  checkList(vm, linked, found);
  if (vm.lock.writer !== null || vm.lock.readers > 0) found.push(`I62 vm lock of asid ${vm.asid} is held at rest`);
  if (vm.resv.writer !== null || vm.resv.readers > 0) found.push(`I62 resv of asid ${vm.asid} is held at rest`);
  return found;
}

/** After a full collection (I60, I-G1): the list is empty and every range lies over CPU mappings. */
export function checkCollected(vm: XeVm): string[] {
  const found: string[] = [];
  if (vm.gcList.length > 0) found.push(`I60 ${vm.gcList.length} ranges are still listed after a collection`);
  for (const notifier of vm.svm.notifiers) {
    for (const range of notifier.ranges) {
      if (range.pages.flags.unmapped) found.push(`I60 range ${name(range)} is unmapped and still in the tree`);
      if (!covered(vm, range)) found.push(`I-G1 range ${name(range)} overlaps unmapped addresses`);
    }
  }
  return found;
}

/** After an invalidation of [startVpn, endVpn) returned (I-N1, I30): nothing over it is mapped. */
export function checkInvalidated(vm: XeVm, startVpn: Vpn, endVpn: Vpn): string[] {
  const found: string[] = [];
  for (const notifier of vm.svm.notifiers.overlapping(startVpn, endVpn)) {
    for (const range of notifier.ranges.overlapping(startVpn, endVpn)) {
      if (pagesValid(range.pages)) found.push(`I30 range ${name(range)} keeps its pages over an invalidation`);
      if (tileValid(range) && !vm.closed)
        found.push(`I-N1 range ${name(range)} keeps its page-table entries over an invalidation`);
    }
  }
  return found;
}

/** VRAM that buffer objects hold = VRAM of live allocations (I-C5). */
export function checkDevice(device: XeDevice): string[] {
  const { zdds } = device.pagemap.state;
  let live = 0;
  for (let id = 0; id < zdds.capacity; id++) {
    if (zdds.refcount(id) > 0 && zdds.allocation(id).device === device.index) live += zdds.allocation(id).pages;
  }
  const used = device.vram.dataUsed;
  return used === live ? [] : [`I-C5 device ${device.index}: ${used} pages in use, ${live} in live allocations`];
}

function checkRange(vm: XeVm, range: SvmRange, seq: number, found: string[]): void {
  const { pages } = range;
  const size = range.endVpn - range.startVpn;
  const say = (text: string): number => found.push(`${text}: range ${name(range)}`);
  if (!isPowerOfTwo(size) || range.startVpn % size !== 0) say('I-F6 not an aligned power of two');
  if ((range.tilePresent & ~TILE0) !== 0 || (range.tileInvalidated & ~TILE0) !== 0) say('I-F7 bits of other tiles');
  if (pages.notifierSeq > seq) say(`I-F8 sequence ${pages.notifierSeq} is ahead of its notifier's ${seq}`);
  if (tileValid(range) && !pagesValid(pages)) say('I28 bound without valid pages');
  if (tileValid(range) && pages.flags.unmapped) say('I-N3 an unmapped range is bound');
  if (pages.flags.unmapped && !range.gcLinked && !vm.closed) say('I-N3 unmapped but not on the list');
  if (pagesValid(pages) && pages.notifierSeq === seq) checkTargets(vm, range, say);
}

/** I27: each mapped address is the page that the CPU page table names. */
function checkTargets(vm: XeVm, range: SvmRange, say: (text: string) => number): void {
  const { table } = vm.mm;
  const store = vm.device.world.pages;
  range.pages.forEachSegment((offset, proto, frame, count) => {
    const space = proto === PROTO.SYSTEM ? SYSTEM_SPACE : vm.device.space;
    for (let i = 0; i < count; i++) {
      const vpn = range.startVpn + offset + i;
      const word = table.get(vpn);
      const wanted = proto === PROTO.SYSTEM ? [PTE_KIND.present, PTE_KIND.zero] : [PTE_KIND.devPrivate];
      const migrating = table.kind(word) === PTE_KIND.migrating;
      const same = wanted.includes(table.kind(word) as never) && sameFrame(store, table.pfn(word), space, frame + i);
      if (!migrating && !same)
        say(`I27 page ${vpn} is mapped to space ${space} frame ${frame + i}, the CPU has another`);
    }
  });
}

function sameFrame(store: XeDevice['world']['pages'], pfn: number, space: number, frame: number): boolean {
  return store.spaceOf(pfn) === space && store.frameOf(pfn) === frame;
}

function checkList(vm: XeVm, linked: number, found: string[]): void {
  const unique = new Set(vm.gcList);
  if (unique.size !== vm.gcList.length) found.push('I-N3 a range is on the list twice');
  if (linked !== unique.size) found.push(`I-N3 ${linked} ranges are marked as listed, ${unique.size} are`);
  for (const range of unique) {
    if (!range.pages.flags.unmapped) found.push(`I-N3 range ${name(range)} is listed but not unmapped`);
  }
}

function covered(vm: XeVm, range: SvmRange): boolean {
  for (let vpn = range.startVpn; vpn < range.endVpn;) {
    const vma = vm.mm.findVma(vpn);
    if (vma === null) return false;
    vpn = vma.endVpn;
  }
  return true;
}

function name(range: SvmRange): string {
  return `[${range.startVpn.toString(16)}, ${range.endVpn.toString(16)})`;
}
