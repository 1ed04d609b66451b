// Twin of shaders/lib/pte.wgsl: the bits of a page-table entry (xe.md §5.2) and the indices of a walk.

export const PTE_PRESENT = 0x1;
export const PTE_RW = 0x2;
/** In a level-1 directory entry: the child table is compact, 32 entries of 64 KiB. */
export const PTE_COMPACT = 0x40;
/** In levels 1 and 2: a leaf of 2 MiB or 1 GiB. Level 0 uses the bit for something else (PAT2). */
export const PTE_PAGE_SIZE = 0x80;
/** In level 0: one of 16 entries that form one 64 KiB TLB line. */
export const PTE_PS64 = 0x100;
export const PTE_NULL = 0x200;
export const PTE_ATOMIC = 0x400;
/** The frame is in VRAM; clear: in system memory. */
export const PTE_DEVICE_MEMORY = 0x800;

/** Frame number in bits 51:12 of an entry: a plain number up to 2^40, so that one too large for any space stays so. */
export function entryFrame(lo: number, hi: number): number {
  return (hi & 0xfffff) * 0x100000 + (lo >>> 12);
}

/** Index of the entry for the address (lo, hi) in a table of `level`. */
export function entryIndex(level: number, lo: number, hi: number): number {
  switch (level) {
    case 0:
      return (lo >>> 12) & 511;
    case 1:
      return ((lo >>> 21) | (hi << 11)) & 511;
    case 2:
      return ((lo >>> 30) | (hi << 2)) & 511;
    case 3:
      return (hi >>> 7) & 511;
    default:
      return (hi >>> 16) & 511;
  }
}

/** Index of the entry in a compact table. */
export function compactIndex(lo: number): number {
  return (lo >>> 16) & 31;
}
