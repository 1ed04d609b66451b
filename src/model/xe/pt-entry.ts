// The codec of page-table entries: hardware bits as two 32-bit words, lo and hi (xe.md §5.2).
import type { Frame } from '../../base/units.ts';

/** Bits of the low word. Bit 7 is PAT2 at level 0 and the page-size bit above; PAT2 of a big leaf is bit 12. */
export const PTE_BIT = {
  present: 0x1,
  rw: 0x2,
  pat0: 0x8,
  pat1: 0x10,
  /** Level-1 directory entry: the child is a compact table of 64K entries. */
  pde64: 0x40,
  pageSize: 0x80,
  pat2Small: 0x80,
  /** Level 0: one of 16 entries that form one 64K translation. */
  ps64: 0x100,
  null: 0x200,
  atomic: 0x400,
  deviceMemory: 0x800,
  pat2Large: 0x1000,
} as const;

/** Bits of the high word: bits 62 and 61 of the entry. */
export const PTE_HI_BIT = { pat3: 0x40000000, pat4: 0x20000000 } as const;

/** PAT indices of Xe2 (xe.md §5.2). */
export const XE2_PAT = { none: 3, writeBack: 2, writeThrough: 15, compressedNone: 12 } as const;

/** Flags of an entry without its address. */
export interface EntryFlags {
  readonly lo: number;
  readonly hi: number;
}

export const EMPTY_ENTRY: EntryFlags = { lo: 0, hi: 0 };

/** PAT index `pat` (0…31) in the positions of a leaf at `level`. */
export function leafPat(pat: number, level: number): EntryFlags {
  const low = (pat & 1 ? PTE_BIT.pat0 : 0) | (pat & 2 ? PTE_BIT.pat1 : 0);
  const pat2 = level === 0 ? PTE_BIT.pat2Small : PTE_BIT.pat2Large;
  const hi = (pat & 8 ? PTE_HI_BIT.pat3 : 0) | (pat & 16 ? PTE_HI_BIT.pat4 : 0);
  return { lo: low | (pat & 4 ? pat2 : 0), hi };
}

/** What a leaf says besides its address (xe.md §5.3). */
export interface LeafKind {
  readonly write: boolean;
  readonly atomic: boolean;
  readonly vram: boolean;
  readonly null: boolean;
  readonly pat: number;
}

/** Flags of a leaf at `level` 0, 1 (2M) or 2 (1G). A NULL leaf carries neither DM nor AE. */
export function leafFlags(kind: LeafKind, level: number): EntryFlags {
  const { lo, hi } = leafPat(kind.pat, level);
  let flags = lo | PTE_BIT.present;
  if (kind.write) flags |= PTE_BIT.rw;
  if (level > 0) flags |= PTE_BIT.pageSize;
  if (kind.null) flags |= PTE_BIT.null;
  else if (kind.vram) flags |= PTE_BIT.deviceMemory;
  if (kind.atomic && !kind.null) flags |= PTE_BIT.atomic;
  return { lo: flags, hi };
}

/** Flags of a directory entry; the table's PAT index has two bits, uncached for tables in VRAM. */
export function directoryFlags(tablePat: number, compactChild: boolean): EntryFlags {
  const { lo } = leafPat(tablePat & 3, 0);
  return { lo: lo | PTE_BIT.present | PTE_BIT.rw | (compactChild ? PTE_BIT.pde64 : 0), hi: 0 };
}

/** Low word: address bits 31:12 below the flags. A big leaf's frame has zeros where its PAT2 sits. */
export function entryLo(frame: Frame, flagsLo: number): number {
  return (((frame << 12) >>> 0) | flagsLo) >>> 0;
}

/** High word: address bits 51:32 below PAT3 and PAT4. */
export function entryHi(frame: Frame, flagsHi: number): number {
  return (Math.floor(frame / 0x100000) | flagsHi) >>> 0;
}

/** An entry spelled out, for inspectors and tests. */
export interface DecodedEntry {
  readonly present: boolean;
  readonly write: boolean;
  readonly leaf: boolean;
  readonly compactChild: boolean;
  readonly ps64: boolean;
  readonly null: boolean;
  readonly atomic: boolean;
  readonly vram: boolean;
  readonly pat: number;
  readonly frame: Frame;
}

/** Reads the entry (lo, hi) of a table at `level`. Directory entries have a two-bit PAT and no memory kind. */
export function decodeEntry(level: number, lo: number, hi: number): DecodedEntry {
  const leaf = level === 0 || (level <= 2 && (lo & PTE_BIT.pageSize) !== 0);
  const pat2 = level === 0 ? PTE_BIT.pat2Small : PTE_BIT.pat2Large;
  const low = (lo & PTE_BIT.pat0 ? 1 : 0) + (lo & PTE_BIT.pat1 ? 2 : 0);
  const high = (lo & pat2 ? 4 : 0) + (hi & PTE_HI_BIT.pat3 ? 8 : 0) + (hi & PTE_HI_BIT.pat4 ? 16 : 0);
  const address = (hi & 0xfffff) * 0x100000 + (lo >>> 12);
  return {
    present: (lo & PTE_BIT.present) !== 0,
    write: (lo & PTE_BIT.rw) !== 0,
    leaf,
    compactChild: !leaf && level === 1 && (lo & PTE_BIT.pde64) !== 0,
    ps64: level === 0 && (lo & PTE_BIT.ps64) !== 0,
    null: leaf && (lo & PTE_BIT.null) !== 0,
    atomic: leaf && (lo & PTE_BIT.atomic) !== 0,
    vram: leaf && (lo & PTE_BIT.deviceMemory) !== 0,
    pat: leaf ? low + high : low,
    frame: leaf && level > 0 ? address - (address % 2) : address,
  };
}
