// Copies whole pages named by pairs of frames, one workgroup a page: between two buffers or within one.
//
// Pairs come from the host (physical mode) or from translate-pages. No page of one dispatch is written twice, or written
// and read.
#import page
#import dispatch

/// The pairs come from translate-pages: where one of their command did not translate, nothing is copied.
override GUARDED: bool = false;

struct CopyParams {
  count: u32,
  firstPair: u32,
  width: u32,
  srcFrames: u32,
  dstFrames: u32,
  /// Index in `marks` of the translated copy.
  mark: u32,
}

@group(0) @binding(0) var<uniform> params: CopyParams;
@group(0) @binding(1) var<storage, read> pairs: array<PagePair>;
@group(0) @binding(2) var<storage, read> marks: array<u32>;
@group(0) @binding(3) var<storage, read> src: array<Page>;
@group(0) @binding(4) var<storage, read_write> dst: array<Page>;
@group(0) @binding(5) var<storage, read_write> memory: array<Page>;

/// A frame number that no space can hold.
const NO_PAGE = 0xffffffffu;

/// The pair of a workgroup; both NO_PAGE when there is nothing to do.
fn pairOf(group: vec3<u32>) -> PagePair {
  let item = groupNumber(group, params.width);
  if (item >= params.count) { return PagePair(NO_PAGE, NO_PAGE); }
  if (GUARDED && marks[params.mark] != 0u) { return PagePair(NO_PAGE, NO_PAGE); }
  return pairs[params.firstPair + item];
}

fn outside(pair: PagePair) -> bool {
  return pair.src >= params.srcFrames || pair.dst >= params.dstFrames;
}

@compute @workgroup_size(64)
fn copyBetween(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let pair = pairOf(group);
  if (outside(pair)) { return; }
  // All loads before all stores: more bytes in flight per lane.
  let a = src[pair.src].rows[lane];
  let b = src[pair.src].rows[lane + 64u];
  let c = src[pair.src].rows[lane + 128u];
  let d = src[pair.src].rows[lane + 192u];
  dst[pair.dst].rows[lane] = a;
  dst[pair.dst].rows[lane + 64u] = b;
  dst[pair.dst].rows[lane + 128u] = c;
  dst[pair.dst].rows[lane + 192u] = d;
}

@compute @workgroup_size(64)
fn copyWithin(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let pair = pairOf(group);
  if (outside(pair)) { return; }
  let a = memory[pair.src].rows[lane];
  let b = memory[pair.src].rows[lane + 64u];
  let c = memory[pair.src].rows[lane + 128u];
  let d = memory[pair.src].rows[lane + 192u];
  memory[pair.dst].rows[lane] = a;
  memory[pair.dst].rows[lane + 64u] = b;
  memory[pair.dst].rows[lane + 128u] = c;
  memory[pair.dst].rows[lane + 192u] = d;
}
