// Copies whole pages named by pairs of frames, one workgroup a page: between two buffers or within one.
//
// Neighbouring lanes own neighbouring rows. A lane owns 256 / LANES rows and moves UNROLL of them at a time, all loads before
// all stores, so that more bytes are in flight. Which shape is best differs by GPU (src/engine/gpu/copy-shape.ts). Branches
// on overrides are decided when the pipeline is made, and every row is a lane plus a constant: no loop, no bounds clamp.
//
// Pairs come from the host (physical mode) or from translate-pages, which leaves NO_FRAME where a page did not translate. No
// page of one dispatch is written twice, or written and read.
#import page
#import dispatch

/// Lanes of a workgroup: 64, 128 or 256.
override LANES: u32 = 64u;
/// Rows that a lane moves at a time: 1, 2 or 4, and LANES × UNROLL ≤ 256.
override UNROLL: u32 = 4u;

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

/// The pair of a workgroup, counted in the bound segments; beyond their ends when there is nothing to do.
fn pairOf(group: vec3<u32>) -> PagePair {
  let item = groupNumber(group, params.width);
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
  let pair = pairOf(group);
  if (outside(pair)) { return; }
  let a = src[pair.src].rows[lane];
  if (UNROLL == 1u) { dst[pair.dst].rows[lane] = a; }
  if (LANES == 256u) { return; }
  let b = src[pair.src].rows[lane + LANES];
  if (UNROLL == 1u) { dst[pair.dst].rows[lane + LANES] = b; }
  if (UNROLL == 2u) {
    dst[pair.dst].rows[lane] = a;
    dst[pair.dst].rows[lane + LANES] = b;
  }
  if (LANES == 128u) { return; }
  let c = src[pair.src].rows[lane + 128u];
  if (UNROLL == 1u) { dst[pair.dst].rows[lane + 128u] = c; }
  let d = src[pair.src].rows[lane + 192u];
  if (UNROLL == 4u) {
    dst[pair.dst].rows[lane] = a;
    dst[pair.dst].rows[lane + 64u] = b;
  }
  if (UNROLL != 1u) { dst[pair.dst].rows[lane + 128u] = c; }
  dst[pair.dst].rows[lane + 192u] = d;
}

@compute @workgroup_size(LANES)
fn copyWithin(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let pair = pairOf(group);
  if (outside(pair)) { return; }
  let a = memory[pair.src].rows[lane];
  if (UNROLL == 1u) { memory[pair.dst].rows[lane] = a; }
  if (LANES == 256u) { return; }
  let b = memory[pair.src].rows[lane + LANES];
  if (UNROLL == 1u) { memory[pair.dst].rows[lane + LANES] = b; }
  if (UNROLL == 2u) {
    memory[pair.dst].rows[lane] = a;
    memory[pair.dst].rows[lane + LANES] = b;
  }
  if (LANES == 128u) { return; }
  let c = memory[pair.src].rows[lane + 128u];
  if (UNROLL == 1u) { memory[pair.dst].rows[lane + 128u] = c; }
  let d = memory[pair.src].rows[lane + 192u];
  if (UNROLL == 4u) {
    memory[pair.dst].rows[lane] = a;
    memory[pair.dst].rows[lane + 64u] = b;
  }
  if (UNROLL != 1u) { memory[pair.dst].rows[lane + 128u] = c; }
  memory[pair.dst].rows[lane + 192u] = d;
}
