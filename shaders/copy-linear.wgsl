// Plain copies of consecutive rows of 16 bytes or entries of 8, one lane each: the peers that the kernels for pages and for
// page-table entries are compared with.
#import dispatch

/// Counted in rows, or in entries.
struct LinearParams {
  count: u32,
  width: u32,
  first: u32,
  to: u32,
}

@group(0) @binding(0) var<uniform> params: LinearParams;
@group(0) @binding(1) var<storage, read> src: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> dst: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> memory: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read> srcEntries: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read_write> dstEntries: array<vec2<u32>>;
@group(0) @binding(6) var<storage, read_write> memoryEntries: array<vec2<u32>>;

@compute @workgroup_size(256)
fn linearBetween(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = groupNumber(group, params.width) * 256u + lane;
  if (row < params.count) { dst[params.to + row] = src[params.first + row]; }
}

@compute @workgroup_size(256)
fn linearWithin(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = groupNumber(group, params.width) * 256u + lane;
  if (row < params.count) { memory[params.to + row] = memory[params.first + row]; }
}

@compute @workgroup_size(256)
fn entriesBetween(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let entry = groupNumber(group, params.width) * 256u + lane;
  if (entry < params.count) { dstEntries[params.to + entry] = srcEntries[params.first + entry]; }
}

@compute @workgroup_size(256)
fn entriesWithin(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let entry = groupNumber(group, params.width) * 256u + lane;
  if (entry < params.count) { memoryEntries[params.to + entry] = memoryEntries[params.first + entry]; }
}
