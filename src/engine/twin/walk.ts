// Twin of shaders/lib/walk.wgsl: one walk of a page table, from the root to a leaf or to where it stops (xe.md §5.8).
//
// Nothing is clamped: a table outside its space ends the walk with WALK_CORRUPT. The leaf's own frame is the caller's to
// check, who knows the sizes of the spaces.
import { WORDS_PER_PAGE } from '../../base/units.ts';
import {
  compactIndex,
  entryFrame,
  entryIndex,
  PTE_COMPACT,
  PTE_NULL,
  PTE_PAGE_SIZE,
  PTE_PRESENT,
  PTE_PS64,
} from './pte.ts';

export const WALK_HIT = 0;
export const WALK_ABSENT = 1;
/** A present leaf without memory: reads give zero, writes are dropped. */
export const WALK_NULL = 2;
export const WALK_CORRUPT = 3;

/** Outcome of a walk. One object serves many walks, so that a walk allocates nothing. */
export interface Leaf {
  /** WALK_HIT … */
  outcome: number;
  /** Level of the leaf, or of the table at which the walk stopped. */
  level: number;
  /** Frame of the 4 KiB page at the address, of a hit. May lie outside every space. */
  frame: number;
  /** Pages that a TLB line for this leaf covers, as an exponent: 0, 4, 9 or 18. */
  log2Pages: number;
  entryLo: number;
  entryHi: number;
}

export function newLeaf(): Leaf {
  return { outcome: WALK_ABSENT, level: 0, frame: 0, log2Pages: 0, entryLo: 0, entryHi: 0 };
}

/** Frame of the page at the address under a leaf that covers 2^log2Pages pages. Clears PAT2, bit 12 of a big leaf. */
export function leafFrame(entryLo: number, entryHi: number, log2Pages: number, lo: number): number {
  const pages = 1 << log2Pages;
  const frame = entryFrame(entryLo, entryHi);
  return frame - (frame % pages) + ((lo >>> 12) & (pages - 1));
}

function presentLeaf(out: Leaf, entryLo: number, entryHi: number, level: number, compact: boolean, lo: number): void {
  const log2Pages = compact ? 4 : level * 9;
  out.outcome = (entryLo & PTE_NULL) === 0 ? WALK_HIT : WALK_NULL;
  out.level = level;
  out.frame = leafFrame(entryLo, entryHi, log2Pages, lo);
  // A 4 KiB entry with the 64 KiB hint holds its own frame, yet one TLB line serves all sixteen.
  out.log2Pages = level === 0 && (entryLo & PTE_PS64) !== 0 ? 4 : log2Pages;
  out.entryLo = entryLo;
  out.entryHi = entryHi;
}

function noLeaf(out: Leaf, outcome: number, level: number, entryLo: number, entryHi: number): void {
  out.outcome = outcome;
  out.level = level;
  out.frame = 0;
  out.log2Pages = 0;
  out.entryLo = entryLo;
  out.entryHi = entryHi;
}

/** Walks the address (lo, hi) from the table at frame `root`, which is of `rootLevel` (4 … 0), through `tables`. */
export function walk(tables: Uint32Array, root: number, rootLevel: number, lo: number, hi: number, out: Leaf): void {
  const tableFrames = tables.length / WORDS_PER_PAGE;
  let table = root;
  let level = rootLevel;
  let compact = false;
  while (table < tableFrames) {
    const index = compact ? compactIndex(lo) : entryIndex(level, lo, hi);
    const word = table * WORDS_PER_PAGE + 2 * index;
    const entryLo = tables[word] as number;
    const entryHi = tables[word + 1] as number;
    if ((entryLo & PTE_PRESENT) === 0) return noLeaf(out, WALK_ABSENT, level, entryLo, entryHi);
    if (level === 0 || (level <= 2 && (entryLo & PTE_PAGE_SIZE) !== 0))
      return presentLeaf(out, entryLo, entryHi, level, compact, lo);
    compact = level === 1 && (entryLo & PTE_COMPACT) !== 0;
    table = entryFrame(entryLo, entryHi);
    level -= 1;
  }
  noLeaf(out, WALK_CORRUPT, level, 0, 0);
}
