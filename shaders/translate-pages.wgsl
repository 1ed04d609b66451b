// Pass one of a translated copy: one lane a page walks source and destination and stores the pair of frames.
//
// A page of either side that is absent, NULL, corrupt, or in another space than the command declares is an engine fault: it
// marks the command, whose copy then moves nothing (copy-pages.wgsl·GUARDED) and whose job fails.
#import page
#import dispatch
#import walk

struct TranslateParams {
  count: u32,
  width: u32,
  srcLo: u32,
  srcHi: u32,
  dstLo: u32,
  dstHi: u32,
  rootFrame: u32,
  rootLevel: u32,
  tableFrames: u32,
  /// Value that PTE_DEVICE_MEMORY must have in a leaf of the side; any other value refuses every leaf.
  srcMemory: u32,
  dstMemory: u32,
  srcFrames: u32,
  dstFrames: u32,
  mark: u32,
}

@group(0) @binding(0) var<uniform> params: TranslateParams;
@group(0) @binding(1) var<storage, read> tables: array<u32>;
@group(0) @binding(2) var<storage, read_write> pairs: array<PagePair>;
@group(0) @binding(3) var<storage, read_write> marks: array<atomic<u32>>;

fn vramWord(i: u32) -> u32 {
  return tables[i];
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
  let page = groupNumber(group, params.width) * 64u + lane;
  if (page >= params.count) { return; }
  let src = frameAt(addressAt(params.srcLo, params.srcHi, page), params.srcMemory, params.srcFrames);
  let dst = frameAt(addressAt(params.dstLo, params.dstHi, page), params.dstMemory, params.dstFrames);
  if (src == NO_FRAME || dst == NO_FRAME) { atomicAdd(&marks[params.mark], 1u); }
  pairs[page] = PagePair(src, dst);
}
