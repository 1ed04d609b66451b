// CPU loads and stores of single words of system frames, in queue order. Words of one dispatch are distinct.
#import dispatch
#import access-list

/// `word` counts from the start of the bound segment of system memory; `io` is where the value before the access goes.
struct CpuTouch {
  word: u32,
  kind: u32,
  operand: u32,
  io: u32,
}

struct CpuParams {
  count: u32,
  firstTouch: u32,
  words: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: CpuParams;
@group(0) @binding(1) var<storage, read> touches: array<CpuTouch>;
@group(0) @binding(2) var<storage, read_write> memory: array<u32>;
@group(0) @binding(3) var<storage, read_write> io: array<u32>;

@compute @workgroup_size(64)
fn cpuAccess(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = groupNumber(group, params.width) * 64u + lane;
  if (item >= params.count) { return; }
  let touch = touches[params.firstTouch + item];
  if (touch.word >= params.words) { return; }
  let before = memory[touch.word];
  if (touch.kind != ACCESS_READ) { memory[touch.word] = before + touch.operand; }
  io[touch.io] = before;
}
