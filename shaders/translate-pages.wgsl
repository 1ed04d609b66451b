// Pass one of translated copies: one lane a page walks source and destination and stores the pair of frames.
//
// A dispatch serves a batch of commands that share root and spaces. A page of either side that is absent, NULL, corrupt, or
// in another space than the commands declare is an engine fault: it marks its own command, which then moves nothing
// (copy-pages.wgsl·GUARDED) and whose job fails; the other commands of the batch copy.
#import page
#import dispatch
#import walk

/// One command of the batch: a run of virtual pages on either side.
struct CopySpan {
  /// Pages of the commands before it in the batch.
  first: u32,
  srcLo: u32,
  srcHi: u32,
  dstLo: u32,
  dstHi: u32,
  /// Index in `marks` of the command.
  mark: u32,
}

struct TranslateParams {
  /// Pages of all spans.
  count: u32,
  width: u32,
  firstSpan: u32,
  spanCount: u32,
  rootFrame: u32,
  rootLevel: u32,
  tableFrames: u32,
  /// Value that PTE_DEVICE_MEMORY must have in a leaf of the side; any other value refuses every leaf.
  srcMemory: u32,
  dstMemory: u32,
  srcFrames: u32,
  dstFrames: u32,
}

@group(0) @binding(0) var<uniform> params: TranslateParams;
@group(0) @binding(1) var<storage, read> tables: array<u32>;
@group(0) @binding(2) var<storage, read> spans: array<CopySpan>;
@group(0) @binding(3) var<storage, read_write> pairs: array<PagePair>;
@group(0) @binding(4) var<storage, read_write> owners: array<u32>;
@group(0) @binding(5) var<storage, read_write> marks: array<atomic<u32>>;

fn vramWord(i: u32) -> u32 {
  return tables[i];
}

/// Index of the span that holds page number `page` of the batch: the last one that begins at or before it.
fn spanOf(page: u32) -> u32 {
  var low = params.firstSpan;
  var high = low + params.spanCount;
  while (high - low > 1u) {
    let middle = (low + high) / 2u;
    if (spans[middle].first <= page) { low = middle; } else { high = middle; }
  }
  return low;
}

/// Address of page `page` after the page at (lo, hi).
fn addressAt(lo: u32, hi: u32, page: u32) -> vec2<u32> {
  let sum = lo + (page << PAGE_SHIFT);
  let carry = select(0u, 1u, sum < lo);
  return vec2<u32>(sum, hi + (page >> 20u) + carry);
}

/// Frame at `va`, or NO_FRAME where the walk does not end in a frame below `frames` of the wanted kind of memory.
fn frameAt(va: vec2<u32>, memory: u32, frames: u32) -> u32 {
  let leaf = walk(params.rootFrame, params.rootLevel, params.tableFrames, va);
  let fits = leaf.outcome == WALK_HIT && (leaf.entry.x & PTE_DEVICE_MEMORY) == memory && leaf.frame < frames;
  return select(NO_FRAME, leaf.frame, fits);
}

@compute @workgroup_size(64)
fn translatePages(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = groupNumber(group, params.width) * 64u + lane;
  if (item >= params.count) { return; }
  let span = spans[spanOf(item)];
  let page = item - span.first;
  let src = frameAt(addressAt(span.srcLo, span.srcHi, page), params.srcMemory, params.srcFrames);
  let dst = frameAt(addressAt(span.dstLo, span.dstHi, page), params.dstMemory, params.dstFrames);
  if (src == NO_FRAME || dst == NO_FRAME) { atomicAdd(&marks[span.mark], 1u); }
  pairs[item] = PagePair(src, dst);
  owners[item] = span.mark;
}
