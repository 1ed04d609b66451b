// The validity algebra of a range's page-table entries: two masks with one bit a tile (xe.md §1.12). Here one tile.
import type { SvmRange } from '../svm/range.ts';

/** Bit of the only tile. */
export const TILE0 = 1;

/** Entries are there and were not zapped since: present ∧ ¬invalidated. Advisory outside of the notifier lock. */
export function tileValid(range: SvmRange): boolean {
  return (range.tilePresent & ~range.tileInvalidated & TILE0) !== 0;
}
