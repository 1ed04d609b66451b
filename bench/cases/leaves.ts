// The kinds of page-table leaves that cases tell apart (xe.md §5.2, §5.4), by the names that ids use.
import { LEAF } from '../../src/lab/measure/table-images.ts';

export interface LeafKind {
  readonly name: '4K' | '64K' | '64Kcompact' | '2M' | '1G';
  /** For people: what a range of this kind is mapped by. */
  readonly leaf: string;
  /** Pages of one range, and how many entries map it. */
  readonly rangePages: number;
  readonly entries: number;
  /** Pages that one entry maps. */
  readonly entryPages: number;
  /** Level of the table with the leaves, and how many tables a walk reads from the root on. */
  readonly level: 0 | 1 | 2;
  readonly walked: number;
  /** Low bits of an entry that maps VRAM. */
  readonly flags: number;
}

export const LEAVES: readonly LeafKind[] = [
  {
    name: '4K',
    leaf: 'one 4 KiB entry',
    rangePages: 1,
    entries: 1,
    entryPages: 1,
    level: 0,
    walked: 5,
    flags: LEAF.vram,
  },
  {
    name: '64K',
    leaf: '16 entries that form 64 KiB',
    rangePages: 16,
    entries: 16,
    entryPages: 1,
    level: 0,
    walked: 5,
    flags: LEAF.vram | LEAF.part64K,
  },
  {
    name: '64Kcompact',
    leaf: 'a compact table of 32 entries of 64 KiB',
    rangePages: 512,
    entries: 32,
    entryPages: 16,
    level: 0,
    walked: 5,
    flags: LEAF.vram,
  },
  {
    name: '2M',
    leaf: 'one 2 MiB entry',
    rangePages: 512,
    entries: 1,
    entryPages: 512,
    level: 1,
    walked: 4,
    flags: LEAF.vram | LEAF.large,
  },
  {
    name: '1G',
    leaf: 'one 1 GiB entry',
    rangePages: 512 * 512,
    entries: 1,
    entryPages: 512 * 512,
    level: 2,
    walked: 3,
    flags: LEAF.vram | LEAF.large,
  },
];
