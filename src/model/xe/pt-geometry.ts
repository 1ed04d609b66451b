// Geometry of page tables: how many pages an entry covers at each level, and which entry covers a page (xe.md §5.1).
import type { Vpn } from '../../base/units.ts';

export const TABLE_ENTRIES = 512;
/** Entries of a compact level-0 table: one a 64K. */
export const COMPACT_ENTRIES = 32;
/** Highest level that may hold a leaf: 1G. */
export const MAX_LEAF_LEVEL = 2;
export const PAGES_64K = 16;
export const PAGES_2M = 512;
export const PAGES_1G = 512 * 512;

const ENTRY_PAGES = [1, 512, 2 ** 18, 2 ** 27, 2 ** 36];

/** Pages below one entry of a normal table at `level` 0…4; 16 in a compact one. */
export function entryPages(level: number, compact = false): number {
  return compact ? PAGES_64K : (ENTRY_PAGES[level] as number);
}

/** Pages below a whole table at `level`. */
export function tablePages(level: number): number {
  return entryPages(level) * TABLE_ENTRIES;
}

/** Entry of a table at `level` that covers `vpn`. */
export function entryIndex(level: number, vpn: Vpn, compact = false): number {
  const index = Math.floor(vpn / entryPages(level, compact));
  return index % (compact ? COMPACT_ENTRIES : TABLE_ENTRIES);
}

/** Pages of a whole address space: 2^45 (57 bits) for root level 4, 2^36 (48 bits) for 3. */
export function spacePages(rootLevel: number): number {
  return tablePages(rootLevel);
}
