// After an ACCESS: every claimed TLB line takes the leaf of the access that claimed it. One lane a line.
//
// The winner walks again instead of having stored its leaf: claims are few, and tables do not change under an access.
#import dispatch
#import access-list
#import walk
#import tlb

struct FillTlbParams {
  asid: u32,
  rootFrame: u32,
  rootLevel: u32,
  tableFrames: u32,
  lines: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: FillTlbParams;
@group(0) @binding(1) var<storage, read> tables: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> records: array<AccessRecord>;
@group(0) @binding(3) var<storage, read_write> tlb: array<TlbLine>;

fn vramEntry(i: u32) -> vec2<u32> {
  return tables[i];
}

@compute @workgroup_size(64)
fn fillTlb(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let line = groupNumber(group, params.width) * 64u + lane;
  if (line >= params.lines) { return; }
  let claim = atomicLoad(&tlb[line].claim);
  if (claim == 0u) { return; }
  atomicStore(&tlb[line].claim, 0u);
  let record = records[claim - 1u];
  let va = vec2<u32>(record.vaLo, record.vaHi);
  let leaf = walk(params.rootFrame, params.rootLevel, params.tableFrames, va);
  let first = blockStart(pageNumber(va), leaf.log2Pages);
  tlb[line].owner = params.asid + 1u;
  tlb[line].pageLo = first.x;
  tlb[line].pageHi = first.y;
  tlb[line].log2Pages = leaf.log2Pages;
  tlb[line].entry = leaf.entry;
}
