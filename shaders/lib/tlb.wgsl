// The TLB model: direct mapped, filled only by walks that led to an access, dropped only by TLB_INVAL. The includer
// declares `tlb: array<TlbLine>` (storage, read_write).
//
// The rule, which src/engine/twin/tlb.ts implements too:
//
// Lines. A line covers an aligned block of 2^k pages: k = 0 (4 KiB leaf), 4 (compact 64 KiB leaf, or a 4 KiB leaf with the
// PS64 hint), 9 (2 MiB leaf), 18 (1 GiB leaf). Its tag is asid, k and the block's first page number as two words; its
// content is the leaf entry as read. Frame of a page under it: (entry's frame with the low k bits cleared) | (low k bits
// of the page number). NULL leaves are cached like others.
// Place. Line number of a block: ((low 32 bits of (page number >> k)) xor (asid * 0x9e3779b1)) & (lines - 1).
// Lookup. k = 0, 4, 9, 18 in this order; the first line whose tag matches decides. If its entry denies the access
// (RW, AE), the line does not answer and the access walks, so that a fault always shows the level of a real walk.
// Order. All lookups of one ACCESS command see the lines as they were before the command. When all its accesses have run,
// every access that walked and was performed (no fault) claims the line of its leaf; of several claims on one line the
// access with the highest index wins and overwrites the line. So neither results nor lines depend on the order of lanes.
// Invalidation. A line of the asid goes when its block and the interval [vpn, vpn + 2^log2Pages) share a page.

const TLB_ASID_MIX = 0x9e3779b1u;
const TLB_SIZES = 4u;
/// TLB_INVAL of this size and above drops every line of its asid: no address has so many pages.
const TLB_ALL_LOG2 = 45u;
const NO_LINE = 0xffffffffu;

struct TlbLine {
  /// asid + 1; 0 is an empty line.
  owner: u32,
  pageLo: u32,
  pageHi: u32,
  log2Pages: u32,
  entry: vec2<u32>,
  /// 1 + index of the access that fills the line after this command; 0 between commands.
  claim: atomic<u32>,
  unused: u32,
}

fn tlbSize(i: u32) -> u32 {
  switch i {
    case 0u: { return 0u; }
    case 1u: { return 4u; }
    case 2u: { return 9u; }
    default: { return 18u; }
  }
}

/// Page number (lo, hi) of an address.
fn pageNumber(va: vec2<u32>) -> vec2<u32> {
  return vec2<u32>((va.x >> 12u) | (va.y << 20u), va.y >> 12u);
}

/// First page of the block of 2^log2Pages pages around `page`.
fn blockStart(page: vec2<u32>, log2Pages: u32) -> vec2<u32> {
  return vec2<u32>(page.x & ~((1u << log2Pages) - 1u), page.y);
}

/// Number of the only line that may hold the block of 2^log2Pages pages around `page`.
fn tlbPlace(asid: u32, page: vec2<u32>, log2Pages: u32, lines: u32) -> u32 {
  var number = page.x >> log2Pages;
  if (log2Pages != 0u) { number |= page.y << (32u - log2Pages); }
  return (number ^ (asid * TLB_ASID_MIX)) & (lines - 1u);
}

/// Number of the line that translates `page`, or NO_LINE.
fn tlbFind(asid: u32, page: vec2<u32>, lines: u32) -> u32 {
  for (var i = 0u; i < TLB_SIZES; i++) {
    let size = tlbSize(i);
    let place = tlbPlace(asid, page, size, lines);
    let first = blockStart(page, size);
    let sameBlock = tlb[place].pageLo == first.x && tlb[place].pageHi == first.y && tlb[place].log2Pages == size;
    if (tlb[place].owner == asid + 1u && sameBlock) { return place; }
  }
  return NO_LINE;
}
