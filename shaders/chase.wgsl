// A raw chain of dependent loads, one lane a chain: the peer that page walks are compared with. The other implementation
// is src/engine/twin/chase.ts.
#import dispatch
#import access-list
#import mix

struct ChaseParams {
  base: u32,
  count: u32,
  width: u32,
  loads: u32,
  /// First entry of the pages, and how many entries they have, less one: a mask.
  firstEntry: u32,
  mask: u32,
}

@group(0) @binding(0) var<uniform> params: ChaseParams;
@group(0) @binding(1) var<storage, read> tables: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read_write> results: array<AccessResult>;

@compute @workgroup_size(64)
fn chase(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = groupNumber(group, params.width) * 64u + lane;
  if (item >= params.count) { return; }
  var value = mix32(params.base + item);
  for (var load = 0u; load < params.loads; load++) {
    value = tables[params.firstEntry + (value & params.mask)].x;
  }
  results[params.base + item] = AccessResult(ACCESS_DONE, value);
}
