// Copies whole pages named by pairs of frames, GROUPS workgroups a page: between two buffers or within one.
//
// Neighbouring lanes own neighbouring rows. A lane owns 256 / (LANES × GROUPS) rows and moves UNROLL of them at a time, all loads before
// all stores, so that more bytes are in flight. Which shape is best differs by GPU (src/engine/gpu/copy-shape.ts). Branches
// on overrides are decided when the pipeline is made, and every row is a lane plus a constant: no loop, no bounds clamp.
//
// Pairs come from the host (physical mode) or from translate-pages, which leaves NO_FRAME where a page did not translate. No
// page of one dispatch is written twice, or written and read.
#import page
#import dispatch

/// Lanes of a workgroup: 64, 128 or 256.
override LANES: u32 = 64u;
/// Rows that a lane moves at a time: 1, 2 or 4, and LANES × UNROLL × GROUPS ≤ 256.
override UNROLL: u32 = 4u;
/// Workgroups that share a page: 1, 2 or 4.
override GROUPS: u32 = 1u;

struct CopyParams {
  count: u32,
  firstPair: u32,
  width: u32,
  /// First frames of the bound segments in their spaces, and how many frames they have.
  srcFirst: u32,
  dstFirst: u32,
  srcFrames: u32,
  dstFrames: u32,
}

@group(0) @binding(0) var<uniform> params: CopyParams;
@group(0) @binding(1) var<storage, read> pairs: array<PagePair>;
@group(0) @binding(2) var<storage, read> src: array<Page>;
@group(0) @binding(3) var<storage, read_write> dst: array<Page>;
@group(0) @binding(4) var<storage, read_write> memory: array<Page>;

/// The pair of workgroup `number`, counted in the bound segments; beyond their ends when there is nothing to do.
fn pairOf(number: u32) -> PagePair {
  let item = number / GROUPS;
  if (item >= params.count) { return PagePair(NO_FRAME, NO_FRAME); }
  let pair = pairs[params.firstPair + item];
  return PagePair(pair.src - params.srcFirst, pair.dst - params.dstFirst);
}

/// True of a page that did not translate, and of one that another dispatch copies, whose segments it lies in.
fn outside(pair: PagePair) -> bool {
  return pair.src >= params.srcFrames || pair.dst >= params.dstFrames;
}

@compute @workgroup_size(LANES)
fn copyBetween(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let number = groupNumber(group, params.width);
  let pair = pairOf(number);
  if (outside(pair)) { return; }
  let first = (number % GROUPS) * (PAGE_ROWS / GROUPS) + lane;
  let a = src[pair.src].rows[first];
  if (UNROLL == 1u) { dst[pair.dst].rows[first] = a; }
  if (LANES * GROUPS == PAGE_ROWS) { return; }
  let b = src[pair.src].rows[first + LANES];
  if (UNROLL == 1u) { dst[pair.dst].rows[first + LANES] = b; }
  if (UNROLL == 2u) {
    dst[pair.dst].rows[first] = a;
    dst[pair.dst].rows[first + LANES] = b;
  }
  if (2u * LANES * GROUPS == PAGE_ROWS) { return; }
  let c = src[pair.src].rows[first + 2u * LANES];
  if (UNROLL == 1u) { dst[pair.dst].rows[first + 2u * LANES] = c; }
  let d = src[pair.src].rows[first + 3u * LANES];
  if (UNROLL == 4u) {
    dst[pair.dst].rows[first] = a;
    dst[pair.dst].rows[first + LANES] = b;
  }
  if (UNROLL != 1u) { dst[pair.dst].rows[first + 2u * LANES] = c; }
  dst[pair.dst].rows[first + 3u * LANES] = d;
}

@compute @workgroup_size(LANES)
fn copyWithin(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let number = groupNumber(group, params.width);
  let pair = pairOf(number);
  if (outside(pair)) { return; }
  let first = (number % GROUPS) * (PAGE_ROWS / GROUPS) + lane;
  let a = memory[pair.src].rows[first];
  if (UNROLL == 1u) { memory[pair.dst].rows[first] = a; }
  if (LANES * GROUPS == PAGE_ROWS) { return; }
  let b = memory[pair.src].rows[first + LANES];
  if (UNROLL == 1u) { memory[pair.dst].rows[first + LANES] = b; }
  if (UNROLL == 2u) {
    memory[pair.dst].rows[first] = a;
    memory[pair.dst].rows[first + LANES] = b;
  }
  if (2u * LANES * GROUPS == PAGE_ROWS) { return; }
  let c = memory[pair.src].rows[first + 2u * LANES];
  if (UNROLL == 1u) { memory[pair.dst].rows[first + 2u * LANES] = c; }
  let d = memory[pair.src].rows[first + 3u * LANES];
  if (UNROLL == 4u) {
    memory[pair.dst].rows[first] = a;
    memory[pair.dst].rows[first + LANES] = b;
  }
  if (UNROLL != 1u) { memory[pair.dst].rows[first + 2u * LANES] = c; }
  memory[pair.dst].rows[first + 3u * LANES] = d;
}
