// Page-table entries keep the hardware's bits (xe.md §5.2) as two words; a table is one page of 512 entries.

const PTE_PRESENT = 0x1u;
const PTE_RW = 0x2u;
/// In a level-1 directory entry: the child table is compact, 32 entries of 64 KiB.
const PTE_COMPACT = 0x40u;
/// In levels 1 and 2: a leaf of 2 MiB or 1 GiB. Level 0 uses the bit for something else (PAT2).
const PTE_PAGE_SIZE = 0x80u;
/// In level 0: one of 16 entries that form one 64 KiB TLB line.
const PTE_PS64 = 0x100u;
const PTE_NULL = 0x200u;
const PTE_ATOMIC = 0x400u;
/// The frame is in VRAM; clear: in system memory.
const PTE_DEVICE_MEMORY = 0x800u;

const TABLE_ENTRIES = 512u;
const COMPACT_ENTRIES = 32u;

/// Frame number in bits 51:12 of an entry, or NO_FRAME where it needs more than 32 bits.
fn entryFrame(entry: vec2<u32>) -> u32 {
  let frame = (entry.x >> 12u) | ((entry.y & 0xfffu) << 20u);
  return select(frame, NO_FRAME, (entry.y & 0xff000u) != 0u);
}

/// Index of the entry for address `va` (lo, hi) in a table of `level`.
fn entryIndex(level: u32, va: vec2<u32>) -> u32 {
  let low = (va.x >> 12u) | (va.y << 20u);
  let shift = select(9u * level, 9u * level - 20u, level > 2u);
  return (select(low, va.y, level > 2u) >> shift) & 511u;
}

/// Index of the entry for address `va` in a compact table.
fn compactIndex(va: vec2<u32>) -> u32 {
  return (va.x >> 16u) & 31u;
}
