// A plain copy of consecutive rows, one lane a row: the peer that the page kernels are compared with.
#import dispatch

struct LinearParams {
  /// Rows of 16 bytes.
  rows: u32,
  width: u32,
  srcRow: u32,
  dstRow: u32,
}

@group(0) @binding(0) var<uniform> params: LinearParams;
@group(0) @binding(1) var<storage, read> src: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> dst: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> memory: array<vec4<u32>>;

@compute @workgroup_size(256)
fn linearBetween(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = groupNumber(group, params.width) * 256u + lane;
  if (row < params.rows) { dst[params.dstRow + row] = src[params.srcRow + row]; }
}

@compute @workgroup_size(256)
fn linearWithin(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = groupNumber(group, params.width) * 256u + lane;
  if (row < params.rows) { memory[params.dstRow + row] = memory[params.srcRow + row]; }
}
