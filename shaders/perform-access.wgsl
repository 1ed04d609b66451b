// Performs accesses that access.wgsl resolved: one dispatch for each segment of VRAM and of system memory, a pair at a time.
//
// In which order segments come cannot matter: no word is loaded and stored in one step, and stores add.
#import page
#import dispatch
#import access-list

struct PerformParams {
  base: u32,
  count: u32,
  width: u32,
  /// First frames of the bound segments in their spaces, and how many frames they have: 0 where there is none.
  vramFirst: u32,
  vramFrames: u32,
  systemFirst: u32,
  systemFrames: u32,
}

@group(0) @binding(0) var<uniform> params: PerformParams;
@group(0) @binding(1) var<storage, read_write> vram: array<atomic<u32>>;
@group(0) @binding(2) var<storage, read_write> system: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read> records: array<AccessRecord>;
@group(0) @binding(4) var<storage, read_write> results: array<AccessResult>;

@compute @workgroup_size(64)
fn performAccess(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = groupNumber(group, params.width) * 64u + lane;
  if (item >= params.count) { return; }
  let index = params.base + item;
  let resolved = results[index];
  let inVram = resolved.status == ACCESS_RESOLVED_VRAM;
  let frame = resolved.value - select(params.systemFirst, params.vramFirst, inVram);
  let here = frame < select(params.systemFrames, params.vramFrames, inVram);
  if (!here || (!inVram && resolved.status != ACCESS_RESOLVED_SYSTEM)) { return; }
  let record = records[index];
  let word = frame * PAGE_WORDS + ((record.vaLo >> 2u) & (PAGE_WORDS - 1u));
  var before = 0u;
  let reads = record.kind == ACCESS_READ;
  // Loops that run once or not at all: software adapters run both sides of a branch and skip only the bodies of loops.
  for (var once = inVram && reads; once; once = false) { before = atomicLoad(&vram[word]); }
  for (var once = inVram && !reads; once; once = false) { before = atomicAdd(&vram[word], record.operand); }
  for (var once = !inVram && reads; once; once = false) { before = atomicLoad(&system[word]); }
  for (var once = !inVram && !reads; once; once = false) { before = atomicAdd(&system[word], record.operand); }
  results[index] = AccessResult(ACCESS_DONE, before);
}
