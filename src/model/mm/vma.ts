// Virtual memory areas of one process: disjoint, in ascending order, split and merged as mappings change.
import { assert } from '../../base/assert.ts';
import { alignDown, type Vpn } from '../../base/units.ts';
import type { MemFile } from './file.ts';

/** What two areas must agree in to become one. */
export interface VmaAttributes {
  readonly read: boolean;
  readonly write: boolean;
  /** Private memory without a file behind it: the only kind that migrates. */
  readonly anonymous: boolean;
  readonly hugetlb: boolean;
  /** Pages that the core must not touch (VM_SPECIAL): not migratable. */
  readonly special: boolean;
  /** Device registers or raw frames (VM_IO, VM_PFNMAP): no page behind an address. */
  readonly io: boolean;
  readonly dax: boolean;
  readonly name: string;
  /** Writes are seen by all who map the same file (MAP_SHARED); otherwise the first write copies the page. */
  readonly shared: boolean;
  /** What is behind the area; null: private anonymous memory, or a stand-in for a file (`anonymous: false`). */
  readonly file: MemFile | null;
  /** Page of the file at the area's start. */
  readonly fileOffset: number;
  /** Pages stay in RAM (VM_LOCKED): they are not swapped out. Devices may have them. */
  readonly locked: boolean;
  /** Advice on 2 MiB pages (VM_HUGEPAGE, VM_NOHUGEPAGE). */
  readonly huge: HugeAdvice;
}

export type HugeAdvice = 'none' | 'wanted' | 'refused';

/** Attributes of a mapping where the caller says nothing: readable, writable, anonymous. */
export const DEFAULT_VMA: VmaAttributes = {
  read: true,
  write: true,
  anonymous: true,
  hugetlb: false,
  special: false,
  io: false,
  dax: false,
  name: '',
  shared: false,
  file: null,
  fileOffset: 0,
  locked: false,
  huge: 'none',
};

/** One area [startVpn, endVpn). Its fields change only under the mmap lock held for writing. */
export class Vma implements VmaAttributes {
  startVpn: Vpn;
  endVpn: Vpn;
  read: boolean;
  write: boolean;
  readonly anonymous: boolean;
  readonly hugetlb: boolean;
  readonly special: boolean;
  readonly io: boolean;
  readonly dax: boolean;
  readonly name: string;
  readonly shared: boolean;
  readonly file: MemFile | null;
  fileOffset: number;
  locked: boolean;
  huge: HugeAdvice;

  constructor(startVpn: Vpn, endVpn: Vpn, attributes: VmaAttributes) {
    this.startVpn = startVpn;
    this.endVpn = endVpn;
    this.read = attributes.read;
    this.write = attributes.write;
    this.anonymous = attributes.anonymous;
    this.hugetlb = attributes.hugetlb;
    this.special = attributes.special;
    this.io = attributes.io;
    this.dax = attributes.dax;
    this.name = attributes.name;
    this.shared = attributes.shared;
    this.file = attributes.file;
    this.fileOffset = attributes.fileOffset;
    this.locked = attributes.locked;
    this.huge = attributes.huge;
  }

  get pages(): number {
    return this.endVpn - this.startVpn;
  }

  contains(vpn: Vpn): boolean {
    return vpn >= this.startVpn && vpn < this.endVpn;
  }

  /** Page of the file that `vpn` shows; only where there is a file. */
  filePage(vpn: Vpn): number {
    return this.fileOffset + (vpn - this.startVpn);
  }
}

/** The areas of one process. */
export class VmaSet {
  /** An area with a file exists or existed. */
  hadFiles = false;
  private readonly list: Vma[] = [];

  /** Areas in ascending order. */
  all(): readonly Vma[] {
    return this.list;
  }

  /** The area that contains `vpn` (vma_lookup). */
  find(vpn: Vpn): Vma | null {
    const vma = this.list[this.firstEndingAfter(vpn)];
    return vma !== undefined && vma.startVpn <= vpn ? vma : null;
  }

  /** The first area that overlaps [start, end) (find_vma_intersection). */
  firstOverlap(start: Vpn, end: Vpn): Vma | null {
    const vma = this.list[this.firstEndingAfter(start)];
    return vma !== undefined && vma.startVpn < end ? vma : null;
  }

  /** Adds an area where none is; joins it with like neighbours. */
  insert(vma: Vma): void {
    assert(vma.pages > 0 && this.firstOverlap(vma.startVpn, vma.endVpn) === null, 'areas overlap');
    this.list.splice(this.firstEndingAfter(vma.startVpn), 0, vma);
    this.hadFiles ||= vma.file !== null;
    this.mergeAt(vma.startVpn);
    this.mergeAt(vma.endVpn);
  }

  /** Makes `vpn` a boundary between areas. */
  splitAt(vpn: Vpn): void {
    const index = this.firstEndingAfter(vpn);
    const vma = this.list[index];
    if (vma === undefined || vma.startVpn >= vpn) return;
    const right = new Vma(vpn, vma.endVpn, vma);
    if (vma.file !== null) right.fileOffset = vma.filePage(vpn);
    this.list.splice(index + 1, 0, right);
    vma.endVpn = vpn;
  }

  /** Joins the areas that meet at `vpn` if they are alike. */
  mergeAt(vpn: Vpn): void {
    const index = this.firstEndingAfter(vpn);
    const right = this.list[index];
    const left = this.list[index - 1];
    if (left === undefined || right === undefined || left.endVpn !== vpn || right.startVpn !== vpn) return;
    if (!alike(left, right)) return;
    if (left.file !== null && left.filePage(vpn) !== right.fileOffset) return;
    left.endVpn = right.endVpn;
    this.list.splice(index, 1);
  }

  /** Takes out everything inside [start, end), splitting at its edges. Returns how many areas went. */
  removeRange(start: Vpn, end: Vpn): number {
    this.splitAt(start);
    this.splitAt(end);
    const first = this.firstEndingAfter(start);
    let count = 0;
    while ((this.list[first + count]?.startVpn ?? end) < end) count++;
    this.list.splice(first, count);
    return count;
  }

  /** Splits at both edges and returns the areas of [start, end): what changes attributes of a span does it on these. */
  carve(start: Vpn, end: Vpn): Vma[] {
    this.splitAt(start);
    this.splitAt(end);
    return this.list.filter((vma) => vma.startVpn >= start && vma.endVpn <= end);
  }

  /** Joins like neighbours at every boundary of [start, end]. */
  mergeRange(start: Vpn, end: Vpn): void {
    for (const vma of this.list.filter((area) => area.startVpn > start && area.startVpn <= end)) {
      this.mergeAt(vma.startVpn);
    }
    this.mergeAt(start);
  }

  /** [start, end) is covered without a hole. */
  covers(start: Vpn, end: Vpn): boolean {
    let vpn = start;
    for (let vma = this.find(vpn); vma !== null && vpn < end; vma = this.find(vpn)) vpn = vma.endVpn;
    return vpn >= end;
  }

  /** Start of the highest free span of `pages` that ends at or below `below`, aligned; −1 = none. */
  highestGap(pages: number, below: Vpn, align: number): Vpn | -1 {
    let top = below;
    for (let i = this.list.length; i >= 0; i--) {
      const start = alignDown(top - pages, align);
      const floor = i === 0 ? 0 : (this.list[i - 1] as Vma).endVpn;
      if (start >= floor) return start;
      top = Math.min(top, this.list[i - 1]?.startVpn ?? 0);
    }
    return -1;
  }

  clear(): void {
    this.list.length = 0;
  }

  /** Index of the first area whose end lies behind `vpn`. */
  private firstEndingAfter(vpn: Vpn): number {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.list[middle] as Vma).endVpn > vpn) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function alike(a: VmaAttributes, b: VmaAttributes): boolean {
  return (
    a.read === b.read &&
    a.write === b.write &&
    a.anonymous === b.anonymous &&
    a.hugetlb === b.hugetlb &&
    a.special === b.special &&
    a.io === b.io &&
    a.dax === b.dax &&
    a.name === b.name &&
    a.shared === b.shared &&
    a.file === b.file &&
    a.locked === b.locked &&
    a.huge === b.huge
  );
}
