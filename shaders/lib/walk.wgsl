// One walk of a page table (xe.md §5.8). The includer supplies `fn vramEntry(i: u32) -> vec2<u32>`, entry `i` of the buffer
// that holds the tables, so that the same walk runs over plain entries and over atomic words.
//
// Nothing is clamped: a table outside its buffer ends the walk with WALK_CORRUPT. The leaf's own frame is the caller's to
// check, who knows the sizes of the spaces.
#import page
#import pte

const WALK_HIT = 0u;
const WALK_ABSENT = 1u;
/// A present leaf without memory: reads give zero, writes are dropped.
const WALK_NULL = 2u;
const WALK_CORRUPT = 3u;

struct Leaf {
  /// WALK_HIT …
  outcome: u32,
  /// Level of the leaf, or of the table at which the walk stopped.
  level: u32,
  /// Frame of the 4 KiB page at the address, of a hit.
  frame: u32,
  /// Pages that a TLB line for this leaf covers, as an exponent: 0, 4, 9 or 18.
  log2Pages: u32,
  entry: vec2<u32>,
  /// Frame of the table in which the walk ended; NO_FRAME where it is a compact one, or there was no walk.
  table: u32,
}

/// Frame of the page at `va` under a leaf that covers 2^log2Pages pages. Clears PAT2, bit 12 of a big leaf.
fn leafFrame(entry: vec2<u32>, log2Pages: u32, va: vec2<u32>) -> u32 {
  let inside = (1u << log2Pages) - 1u;
  let frame = entryFrame(entry);
  return select((frame & ~inside) | ((va.x >> 12u) & inside), NO_FRAME, frame == NO_FRAME);
}

fn presentLeaf(entry: vec2<u32>, level: u32, table: u32, compact: bool, va: vec2<u32>) -> Leaf {
  var log2Pages = level * 9u;
  if (compact) { log2Pages = 4u; }
  let frame = leafFrame(entry, log2Pages, va);
  let outcome = select(WALK_HIT, WALK_NULL, (entry.x & PTE_NULL) != 0u);
  // A 4 KiB entry with the 64 KiB hint holds its own frame, yet one TLB line serves all sixteen.
  if (level == 0u && (entry.x & PTE_PS64) != 0u) { log2Pages = 4u; }
  return Leaf(outcome, level, frame, log2Pages, entry, select(table, NO_FRAME, compact));
}

/// Walks `va` (lo, hi) from the table at frame `root`, which is of `rootLevel` (4 … 0) and lies among `tableFrames` frames.
///
/// The loop carries little and has one way out; what it found is judged behind it. Returns from inside cost more than the
/// loads where lanes run in lockstep.
fn walk(root: u32, rootLevel: u32, tableFrames: u32, va: vec2<u32>) -> Leaf {
  var table = root;
  var level = rootLevel;
  var compact = false;
  var entry = vec2<u32>(0u);
  while (table < tableFrames) {
    let index = select(entryIndex(level, va), compactIndex(va), compact);
    entry = vramEntry(table * TABLE_ENTRIES + index);
    let leaf = level == 0u || (level <= 2u && (entry.x & PTE_PAGE_SIZE) != 0u);
    if (leaf || (entry.x & PTE_PRESENT) == 0u) { break; }
    compact = level == 1u && (entry.x & PTE_COMPACT) != 0u;
    table = entryFrame(entry);
    level -= 1u;
  }
  if (table >= tableFrames) { return Leaf(WALK_CORRUPT, level, 0u, 0u, vec2<u32>(0u), NO_FRAME); }
  if ((entry.x & PTE_PRESENT) == 0u) { return Leaf(WALK_ABSENT, level, 0u, 0u, entry, NO_FRAME); }
  return presentLeaf(entry, level, table, compact, va);
}
