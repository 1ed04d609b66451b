// Pass one of translated copies: one lane a page walks source and destination and stores the pair of frames.
//
// A dispatch serves a batch of commands that share job, root and spaces. A page of either side that is absent, NULL,
// corrupt, or in another space than the commands declare is an engine fault: it fails the job and is not copied.
#import page
#import dispatch
#import walk

/// Pages that a lane walks, one after the other: neighbours mostly end in one table, which then costs one load.
override PAGES_A_LANE: u32 = 1u;
/// Lanes of a workgroup.
override WALK_LANES: u32 = 64u;

/// A run of virtual pages on either side.
struct CopySpan {
  /// Pages of the spans before it in the batch.
  first: u32,
  srcLo: u32,
  srcHi: u32,
  dstLo: u32,
  dstHi: u32,
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
  /// Index in `marks` of the batch.
  mark: u32,
}

@group(0) @binding(0) var<uniform> params: TranslateParams;
@group(0) @binding(1) var<storage, read> tables: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> spans: array<CopySpan>;
@group(0) @binding(3) var<storage, read_write> pairs: array<PagePair>;
@group(0) @binding(4) var<storage, read_write> marks: array<atomic<u32>>;

fn vramEntry(i: u32) -> vec2<u32> {
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

/// The table in which a lane's walk before ended, on one side: hardware keeps paging-structure caches for the same reason.
struct LastTable {
  frame: u32,
  level: u32,
  /// Address bits above what the table maps: `blockOf`.
  block: u32,
}

/// Address bits above what a table of `level` 0 or 1 maps.
fn blockOf(va: vec2<u32>, level: u32) -> u32 {
  return select((va.y << 2u) | (va.x >> 30u), (va.y << 11u) | (va.x >> 21u), level == 0u);
}

/// The leaf at `va`: one load where the last table holds it, else a walk.
fn leafAt(va: vec2<u32>, last: ptr<function, LastTable>) -> Leaf {
  let table = (*last).frame;
  let level = (*last).level;
  if (table != NO_FRAME && (*last).block == blockOf(va, level)) {
    let entry = vramEntry(table * TABLE_ENTRIES + entryIndex(level, va));
    if ((entry.x & PTE_PRESENT) != 0u && (level == 0u || (entry.x & PTE_PAGE_SIZE) != 0u)) {
      return presentLeaf(entry, level, table, false, va);
    }
  }
  let leaf = walk(params.rootFrame, params.rootLevel, params.tableFrames, va);
  *last = LastTable(select(leaf.table, NO_FRAME, leaf.level > 1u), leaf.level, blockOf(va, leaf.level));
  return leaf;
}

/// Frame at `va`, or NO_FRAME where the walk does not end in a frame below `frames` of the wanted kind of memory.
fn frameAt(va: vec2<u32>, memory: u32, frames: u32, last: ptr<function, LastTable>) -> u32 {
  let leaf = leafAt(va, last);
  let fits = leaf.outcome == WALK_HIT && (leaf.entry.x & PTE_DEVICE_MEMORY) == memory && leaf.frame < frames;
  return select(NO_FRAME, leaf.frame, fits);
}

@compute @workgroup_size(WALK_LANES)
fn translatePages(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let first = (groupNumber(group, params.width) * WALK_LANES + lane) * PAGES_A_LANE;
  var srcLast = LastTable(NO_FRAME, 0u, 0u);
  var dstLast = LastTable(NO_FRAME, 0u, 0u);
  if (first >= params.count) { return; }
  var at = spanOf(first);
  var faulted = false;
  for (var item = first; item < min(first + PAGES_A_LANE, params.count); item++) {
    if (at + 1u < params.firstSpan + params.spanCount && spans[at + 1u].first == item) { at++; }
    let span = spans[at];
    let page = item - span.first;
    let src = frameAt(addressAt(span.srcLo, span.srcHi, page), params.srcMemory, params.srcFrames, &srcLast);
    let dst = frameAt(addressAt(span.dstLo, span.dstHi, page), params.dstMemory, params.dstFrames, &dstLast);
    faulted = faulted || src == NO_FRAME || dst == NO_FRAME;
    pairs[item] = PagePair(src, dst);
  }
  // A loop that runs once or not at all: software adapters run both sides of a branch and skip only the bodies of loops.
  for (; faulted; faulted = false) { atomicAdd(&marks[params.mark], 1u); }
}
