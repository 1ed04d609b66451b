// Performs accesses that access.wgsl resolved: one dispatch a segment.
//
// In which order segments come cannot matter: no word is loaded and stored in one step, and stores add.
#import page
#import dispatch
#import access-list

struct PerformParams {
  base: u32,
  count: u32,
  width: u32,
  /// ACCESS_RESOLVED_VRAM or ACCESS_RESOLVED_SYSTEM: the space of the bound segment.
  status: u32,
  /// First frame of the segment in its space, and how many it has.
  first: u32,
  frames: u32,
}

@group(0) @binding(0) var<uniform> params: PerformParams;
@group(0) @binding(1) var<storage, read_write> memory: array<atomic<u32>>;
@group(0) @binding(2) var<storage, read> records: array<AccessRecord>;
@group(0) @binding(3) var<storage, read_write> results: array<AccessResult>;

/// Performs the access at `frame` of the segment and returns the word before it.
fn perform(frame: u32, record: AccessRecord) -> u32 {
  let word = frame * PAGE_WORDS + ((record.vaLo >> 2u) & (PAGE_WORDS - 1u));
  if (record.kind == ACCESS_READ) { return atomicLoad(&memory[word]); }
  return atomicAdd(&memory[word], record.operand);
}

@compute @workgroup_size(64)
fn performAccess(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = groupNumber(group, params.width) * 64u + lane;
  if (item >= params.count) { return; }
  let index = params.base + item;
  let resolved = results[index];
  let frame = resolved.value - params.first;
  if (resolved.status != params.status || frame >= params.frames) { return; }
  results[index] = AccessResult(ACCESS_DONE, perform(frame, records[index]));
}
