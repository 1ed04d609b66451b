// Hashes whole pages (base/mix.ts·hashPage): 16 lanes a page, each hash is two words of io, which were zero before.
//
// Lanes add their sums straight to io. Adding up in workgroup memory first would need a barrier, which costs a software
// adapter more than the hash itself; a hardware one takes 32 adds a page in its stride.
#import page
#import dispatch
#import mix

const HASH_LANES = 16u;
const HASH_PAGES = 4u;

struct HashParams {
  count: u32,
  firstTask: u32,
  width: u32,
  frames: u32,
}

@group(0) @binding(0) var<uniform> params: HashParams;
@group(0) @binding(1) var<storage, read> tasks: array<PageTask>;
@group(0) @binding(2) var<storage, read> memory: array<Page>;
@group(0) @binding(3) var<storage, read_write> io: array<atomic<u32>>;

@compute @workgroup_size(64)
fn hashPages(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) index: u32) {
  let item = groupNumber(group, params.width) * HASH_PAGES + index / HASH_LANES;
  if (item >= params.count) { return; }
  let task = tasks[params.firstTask + item];
  if (task.frame >= params.frames) { return; }
  let lane = index % HASH_LANES;
  var sum = vec2<u32>(0u);
  for (var row = 0u; row < PAGE_ROWS; row += HASH_LANES) {
    sum += hashRow(memory[task.frame].rows[row + lane], 4u * (row + lane));
  }
  atomicAdd(&io[task.value], sum.x);
  atomicAdd(&io[task.value + 1u], sum.y);
}
