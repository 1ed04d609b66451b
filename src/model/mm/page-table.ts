// The CPU page table of one process: one 32-bit word a page, kept in leaves of 512 words that exist only where touched.
//
// Word: kind (bits 0–2) | writable (bit 3) | huge (bit 4) | pfn (bits 5–31). The word 0 is "none".
// gpusvm-and-pagemap.md §1.1 (Pte).
import { assert } from '../../base/assert.ts';
import { alignDown, type Pfn, type Vpn } from '../../base/units.ts';

/** What an entry is. `zero`: the shared zero page, read-only. `migrating`: frozen, faulters wait. `swapped`: in the swap cache. */
export const PTE_KIND = {
  none: 0,
  present: 1,
  zero: 2,
  devPrivate: 3,
  migrating: 4,
  swapped: 5,
  special: 6,
} as const;
export type PteKind = (typeof PTE_KIND)[keyof typeof PTE_KIND];

/** Pages of one leaf. */
export const LEAF_PAGES = 512;
/** Largest pfn + 1 that a word can hold. */
export const PTE_MAX_PAGES = 2 ** 27;

const KIND_MASK = 7;
const WRITABLE = 8;
const HUGE = 16;
const PFN_SHIFT = 5;

export function pteWord(kind: PteKind, pfn: Pfn, writable: boolean, huge = false): number {
  return ((pfn << PFN_SHIFT) | kind | (writable ? WRITABLE : 0) | (huge ? HUGE : 0)) >>> 0;
}

export function pteKind(word: number): PteKind {
  return (word & KIND_MASK) as PteKind;
}

export function ptePfn(word: number): Pfn {
  return word >>> PFN_SHIFT;
}

export function pteWritable(word: number): boolean {
  return (word & WRITABLE) !== 0;
}

/** The entry is part of a 2 MiB mapping. */
export function pteHuge(word: number): boolean {
  return (word & HUGE) !== 0;
}

/** The same entry as one page on its own. */
export function pteSmall(word: number): number {
  return (word & ~HUGE) >>> 0;
}

/** The same entry without write permission. */
export function pteReadOnly(word: number): number {
  return (word & ~WRITABLE) >>> 0;
}

/** The same entry with write permission. */
export function pteMakeWritable(word: number): number {
  return (word | WRITABLE) >>> 0;
}

/** First page behind the leaf that holds `vpn`, or `end` if that comes first. */
export function leafEnd(vpn: Vpn, end: Vpn): Vpn {
  return Math.min(end, alignDown(vpn, LEAF_PAGES) + LEAF_PAGES);
}

/** Told of every change of a word: for the tests of I37. */
export type PteObserver = (vpn: Vpn, before: number, after: number) => void;

export class CpuPageTable {
  observer: PteObserver | null = null;
  private readonly leaves = new Map<number, Uint32Array>();
  private cachedIndex = -1;
  private cachedLeaf: Uint32Array | null = null;

  /** The word of a page; 0 where nothing was ever mapped. */
  get(vpn: Vpn): number {
    const leaf = this.leafOf(vpn);
    return leaf === null ? 0 : (leaf[vpn - this.cachedIndex * LEAF_PAGES] as number);
  }

  set(vpn: Vpn, word: number): void {
    const leaf = this.leafOf(vpn) ?? (word === 0 ? null : this.addLeaf(vpn));
    if (leaf === null) return;
    // Not `vpn % LEAF_PAGES`: the remainder of a double is a call, a product is not.
    const slot = vpn - this.cachedIndex * LEAF_PAGES;
    if (this.observer !== null) this.observer(vpn, leaf[slot] as number, word);
    leaf[slot] = word;
  }

  kind(word: number): PteKind {
    return pteKind(word);
  }

  pfn(word: number): Pfn {
    return ptePfn(word);
  }

  writable(word: number): boolean {
    return pteWritable(word);
  }

  /** The 512 words around `vpn` (slot = vpn mod 512), or null when none is set. For reading: write with `set`. */
  leafOf(vpn: Vpn): Uint32Array | null {
    const index = Math.floor(vpn / LEAF_PAGES);
    if (index !== this.cachedIndex) {
      this.cachedIndex = index;
      this.cachedLeaf = this.leaves.get(index) ?? null;
    }
    return this.cachedLeaf;
  }

  /** First page ≥ `vpn` whose leaf exists, or `end`: lets loops step over empty parts of a large span. */
  nextLeaf(vpn: Vpn, end: Vpn): Vpn {
    const first = Math.floor(vpn / LEAF_PAGES);
    const last = Math.ceil(end / LEAF_PAGES);
    if (last - first > this.leaves.size) return this.nextLeafSparse(vpn, end);
    for (let index = first; index < last; index++) {
      if (this.leaves.has(index)) return Math.max(vpn, index * LEAF_PAGES);
    }
    return end;
  }

  /** Calls `visit` for every page of [start, end) whose word is not none, in ascending order. `visit` may change words. */
  forEachInRange(start: Vpn, end: Vpn, visit: (vpn: Vpn, word: number) => void): void {
    for (let vpn = this.nextLeaf(start, end); vpn < end; vpn = this.nextLeaf(vpn, end)) {
      const stop = leafEnd(vpn, end);
      const leaf = this.leafOf(vpn);
      assert(leaf !== null, 'nextLeaf named a leaf that does not exist');
      const base = alignDown(vpn, LEAF_PAGES);
      for (; vpn < stop; vpn++) {
        const word = leaf[vpn - base] as number;
        if (word !== 0) visit(vpn, word);
      }
    }
  }

  /** Forgets the leaves that lie wholly inside [start, end); their words must be none already. */
  dropLeaves(start: Vpn, end: Vpn): void {
    const first = Math.ceil(start / LEAF_PAGES);
    const last = Math.floor(end / LEAF_PAGES);
    if (last - first > this.leaves.size) {
      for (const index of this.leaves.keys()) if (index >= first && index < last) this.leaves.delete(index);
    } else for (let index = first; index < last; index++) this.leaves.delete(index);
    this.cachedIndex = -1;
  }

  private addLeaf(vpn: Vpn): Uint32Array {
    const leaf = new Uint32Array(LEAF_PAGES);
    this.cachedIndex = Math.floor(vpn / LEAF_PAGES);
    this.cachedLeaf = leaf;
    this.leaves.set(this.cachedIndex, leaf);
    return leaf;
  }

  /** Fewer leaves than places to look: look through the leaves. */
  private nextLeafSparse(vpn: Vpn, end: Vpn): Vpn {
    let found = end;
    for (const index of this.leaves.keys()) {
      if ((index + 1) * LEAF_PAGES > vpn) found = Math.min(found, Math.max(vpn, index * LEAF_PAGES));
    }
    return found;
  }
}
