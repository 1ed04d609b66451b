// A page is 256 rows of four words: a fixed-size array, so that indices inside a page need no bounds clamp.

const PAGE_SHIFT = 12u;
const PAGE_WORDS = 1024u;
const PAGE_ROWS = 256u;
/// Lanes that work on one page together; each owns rows lane, lane + 64, lane + 128 and lane + 192.
const PAGE_LANES = 64u;

struct Page {
  rows: array<vec4<u32>, 256>,
}

/// A frame number that no space can hold: stands for address bits above the 32 that a frame number has here.
const NO_FRAME = 0xffffffffu;

/// One page to copy: frame numbers in the source and in the destination buffer.
struct PagePair {
  src: u32,
  dst: u32,
}

/// One page to fill or to hash. `value`: pattern, key of the seeded contents, or index of the first word in io.
struct PageTask {
  frame: u32,
  value: u32,
}
