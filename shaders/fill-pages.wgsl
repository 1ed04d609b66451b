// Fills whole pages, one workgroup a page: with one word, or with contents made from a key (base/mix.ts).
#import page
#import dispatch
#import mix

/// A task's value is the key of seeded contents; otherwise it is the word itself.
override SEEDED: bool = false;

struct FillParams {
  count: u32,
  firstTask: u32,
  width: u32,
  frames: u32,
}

@group(0) @binding(0) var<uniform> params: FillParams;
@group(0) @binding(1) var<storage, read> tasks: array<PageTask>;
@group(0) @binding(2) var<storage, read_write> memory: array<Page>;

fn rowOf(value: u32, row: u32) -> vec4<u32> {
  if (SEEDED) { return seededRow(value, 4u * row); }
  return vec4<u32>(value);
}

@compute @workgroup_size(64)
fn fillPages(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = groupNumber(group, params.width);
  if (item >= params.count) { return; }
  let task = tasks[params.firstTask + item];
  if (task.frame >= params.frames) { return; }
  memory[task.frame].rows[lane] = rowOf(task.value, lane);
  memory[task.frame].rows[lane + 64u] = rowOf(task.value, lane + 64u);
  memory[task.frame].rows[lane + 128u] = rowOf(task.value, lane + 128u);
  memory[task.frame].rows[lane + 192u] = rowOf(task.value, lane + 192u);
}
