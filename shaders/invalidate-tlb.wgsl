// TLB_INVAL: drops the lines whose block shares a page with one of the listed intervals. One lane a line.
#import dispatch
#import tlb

/// Interval [page, page + 2^log2Pages) of an address space.
struct TlbInterval {
  asid: u32,
  pageLo: u32,
  pageHi: u32,
  log2Pages: u32,
}

struct InvalidateParams {
  count: u32,
  firstInterval: u32,
  lines: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: InvalidateParams;
@group(0) @binding(1) var<storage, read> intervals: array<TlbInterval>;
@group(0) @binding(2) var<storage, read_write> tlb: array<TlbLine>;

/// Page number 2^log2Pages after `page`; both fit in 46 bits.
fn pageAfter(page: vec2<u32>, log2Pages: u32) -> vec2<u32> {
  if (log2Pages >= 32u) { return vec2<u32>(page.x, page.y + (1u << (log2Pages - 32u))); }
  let low = page.x + (1u << log2Pages);
  return vec2<u32>(low, page.y + select(0u, 1u, low < page.x));
}

fn before(a: vec2<u32>, b: vec2<u32>) -> bool {
  return a.y < b.y || (a.y == b.y && a.x < b.x);
}

fn covered(line: u32, interval: TlbInterval) -> bool {
  if (tlb[line].owner != interval.asid + 1u) { return false; }
  if (interval.log2Pages >= TLB_ALL_LOG2) { return true; }
  let first = vec2<u32>(tlb[line].pageLo, tlb[line].pageHi);
  let start = vec2<u32>(interval.pageLo, interval.pageHi);
  return before(first, pageAfter(start, interval.log2Pages)) && before(start, pageAfter(first, tlb[line].log2Pages));
}

@compute @workgroup_size(64)
fn invalidateTlb(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let line = groupNumber(group, params.width) * 64u + lane;
  if (line >= params.lines) { return; }
  for (var i = 0u; i < params.count; i++) {
    if (covered(line, intervals[params.firstInterval + i])) { tlb[line].owner = 0u; }
  }
}
