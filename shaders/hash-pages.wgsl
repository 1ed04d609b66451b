// Hashes whole pages (base/mix.ts·hashPage), one workgroup a page; each hash is two words of io.
#import page
#import dispatch
#import mix

struct HashParams {
  count: u32,
  firstTask: u32,
  width: u32,
  frames: u32,
}

@group(0) @binding(0) var<uniform> params: HashParams;
@group(0) @binding(1) var<storage, read> tasks: array<PageTask>;
@group(0) @binding(2) var<storage, read> memory: array<Page>;
@group(0) @binding(3) var<storage, read_write> io: array<u32>;

var<workgroup> low: atomic<u32>;
var<workgroup> high: atomic<u32>;

fn laneHash(frame: u32, lane: u32) -> vec2<u32> {
  let a = hashRow(memory[frame].rows[lane], 4u * lane);
  let b = hashRow(memory[frame].rows[lane + 64u], 4u * lane + 256u);
  let c = hashRow(memory[frame].rows[lane + 128u], 4u * lane + 512u);
  let d = hashRow(memory[frame].rows[lane + 192u], 4u * lane + 768u);
  return a + b + c + d;
}

@compute @workgroup_size(64)
fn hashPages(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = groupNumber(group, params.width);
  if (item >= params.count) { return; }
  let task = tasks[params.firstTask + item];
  if (task.frame >= params.frames) { return; }
  let sum = laneHash(task.frame, lane);
  atomicAdd(&low, sum.x);
  atomicAdd(&high, sum.y);
  workgroupBarrier();
  if (lane != 0u) { return; }
  io[task.value] = atomicLoad(&low);
  io[task.value + 1u] = atomicLoad(&high);
}
