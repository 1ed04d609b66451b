// Writes page-table entries, some lanes a run: PTE_WRITE stores its payload, PTE_FILL and ZAP repeat one entry.
//
// Runs of one dispatch never overlap, and nobody walks the tables while it runs.
#import dispatch

/// Lanes that share a run: all of a workgroup for long runs, one where every run is a single entry.
override RUN_LANES: u32 = 64u;

/// `count` entries from `first` (table × 512 + index) on. The source advances by `step` (0 or 1) per entry.
struct PteRun {
  first: u32,
  count: u32,
  payload: u32,
  step: u32,
}

struct PteParams {
  count: u32,
  firstRun: u32,
  width: u32,
  /// Entries that the space has room for.
  entries: u32,
}

@group(0) @binding(0) var<uniform> params: PteParams;
@group(0) @binding(1) var<storage, read> runs: array<PteRun>;
@group(0) @binding(2) var<storage, read> payload: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read_write> memory: array<vec2<u32>>;

@compute @workgroup_size(64)
fn writePtes(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = groupNumber(group, params.width) * (64u / RUN_LANES) + lane / RUN_LANES;
  if (item >= params.count) { return; }
  let run = runs[params.firstRun + item];
  for (var i = lane % RUN_LANES; i < run.count; i += RUN_LANES) {
    let entry = run.first + i;
    if (entry < params.entries) { memory[entry] = payload[run.payload + i * run.step]; }
  }
}
