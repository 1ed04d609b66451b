// One step of a GPU program, one lane an access: each pending access translates its address and is resolved to a frame, or
// stays pending and leaves a fault record. perform-access.wgsl then performs what is resolved, exactly once.
//
// Apart from that, tables can be bound read-only as plain entries: atomic loads would go past the caches of most GPUs.
#import page
#import dispatch
#import access-list
#import fault-ring
#import walk
#import tlb

/// Look up TLB lines before walking, and claim lines for the walks (lib/tlb.wgsl).
override USE_TLB: bool = false;
/// Only tell the frame of each access, pending or not, and NO_FRAME where it would fault: a benchmark's walks.
override TRANSLATE_ONLY: bool = false;

struct AccessParams {
  base: u32,
  count: u32,
  width: u32,
  asid: u32,
  rootFrame: u32,
  rootLevel: u32,
  tableFrames: u32,
  /// Frames of the whole spaces: a leaf beyond them is as good as absent.
  vramFrames: u32,
  systemFrames: u32,
  tlbLines: u32,
  ringCapacity: u32,
  /// Number of this ACCESS in its submission, for the fault records.
  command: u32,
  /// Number of this ACCESS over all submissions, and of the first one of its chain.
  serial: u32,
  chainFirst: u32,
}

@group(0) @binding(0) var<uniform> params: AccessParams;
@group(0) @binding(1) var<storage, read> tables: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> records: array<AccessRecord>;
@group(0) @binding(3) var<storage, read_write> results: array<AccessResult>;
@group(0) @binding(4) var<storage, read_write> faults: FaultRing;
@group(0) @binding(5) var<storage, read_write> tlb: array<TlbLine>;

/// What became of one access: FAULT_NONE when it was resolved or had nothing to do.
struct Attempt {
  fault: u32,
  level: u32,
}

fn vramEntry(i: u32) -> vec2<u32> {
  return tables[i];
}

/// The leaf that a TLB line holds for `va`, as the walk that filled the line would give it.
fn leafOfLine(line: u32, va: vec2<u32>) -> Leaf {
  let entry = tlb[line].entry;
  let size = tlb[line].log2Pages;
  let outcome = select(WALK_HIT, WALK_NULL, (entry.x & PTE_NULL) != 0u);
  return Leaf(outcome, size / 9u, leafFrame(entry, size, va), size, entry, NO_FRAME);
}

/// Permissions come before NULL: a write to a read-only NULL leaf faults.
fn denial(entry: vec2<u32>, kind: u32) -> u32 {
  if (kind == ACCESS_READ) { return FAULT_NONE; }
  if ((entry.x & PTE_RW) == 0u) { return FAULT_WRITE_VIOLATION; }
  if (kind == ACCESS_ATOMIC && (entry.x & PTE_ATOMIC) == 0u) { return FAULT_ATOMIC_VIOLATION; }
  return FAULT_NONE;
}

/// A leaf whose frame lies outside its space is as good as absent; it is never clamped into the space.
fn faultOf(leaf: Leaf, kind: u32) -> u32 {
  if (leaf.outcome == WALK_ABSENT || leaf.outcome == WALK_CORRUPT) { return FAULT_NOT_PRESENT; }
  let inVram = (leaf.entry.x & PTE_DEVICE_MEMORY) != 0u;
  let frames = select(params.systemFrames, params.vramFrames, inVram);
  if (leaf.outcome == WALK_HIT && leaf.frame >= frames) { return FAULT_NOT_PRESENT; }
  return denial(leaf.entry, kind);
}

/// A NULL leaf reads zero and drops what is written: such an access is done.
fn resultOf(leaf: Leaf) -> AccessResult {
  if (leaf.outcome == WALK_NULL) { return AccessResult(ACCESS_DONE, 0u); }
  let inVram = (leaf.entry.x & PTE_DEVICE_MEMORY) != 0u;
  return AccessResult(select(ACCESS_RESOLVED_SYSTEM, ACCESS_RESOLVED_VRAM, inVram), leaf.frame);
}

/// Claims the line of a walked leaf: the highest index wins (lib/tlb.wgsl).
fn claimLine(leaf: Leaf, va: vec2<u32>, index: u32) {
  let place = tlbPlace(params.asid, pageNumber(va), leaf.log2Pages, params.tlbLines);
  atomicMax(&tlb[place].claim, index + 1u);
}

/// The leaf at `va`: from a TLB line that allows the access, else by a walk.
fn leafAt(va: vec2<u32>, kind: u32, walked: ptr<function, bool>) -> Leaf {
  var line = NO_LINE;
  if (USE_TLB) { line = tlbFind(params.asid, pageNumber(va), params.tlbLines); }
  if (line != NO_LINE && denial(tlb[line].entry, kind) != FAULT_NONE) { line = NO_LINE; }
  *walked = line == NO_LINE;
  if (line != NO_LINE) { return leafOfLine(line, va); }
  return walk(params.rootFrame, params.rootLevel, params.tableFrames, va);
}

fn attempt(index: u32) -> Attempt {
  if (results[index].status != ACCESS_PENDING) { return Attempt(FAULT_NONE, 0u); }
  let record = records[index];
  let va = vec2<u32>(record.vaLo, record.vaHi);
  var walked = true;
  let leaf = leafAt(va, record.kind, &walked);
  let fault = faultOf(leaf, record.kind);
  if (fault != FAULT_NONE) { return Attempt(fault, leaf.level); }
  if (USE_TLB && walked) { claimLine(leaf, va, index); }
  results[index] = resultOf(leaf);
  return Attempt(FAULT_NONE, 0u);
}

fn translate(index: u32) {
  let record = records[index];
  let va = vec2<u32>(record.vaLo, record.vaHi);
  var walked = true;
  let leaf = leafAt(va, record.kind, &walked);
  let hit = faultOf(leaf, record.kind) == FAULT_NONE && leaf.outcome == WALK_HIT;
  if (USE_TLB && walked && hit) { claimLine(leaf, va, index); }
  results[index] = AccessResult(ACCESS_TRANSLATED, select(NO_FRAME, leaf.frame, hit));
}

/// An earlier ACCESS of the chain left something pending. Faults of this very ACCESS store serial + 1 and do not count, so
/// that the answer is the same for all of its workgroups, whenever they ask.
fn chainStopped() -> bool {
  let last = atomicLoad(&faults.lastFaulted);
  return last > params.chainFirst && last <= params.serial;
}

/// Appends a fault record; one that finds the ring full counts as dropped and leaves its access pending.
///
/// One atomic add a lane: adding up in a workgroup first would put barriers into every access, faulting or not.
fn appendFault(cookie: u32, outcome: Attempt) {
  if (atomicLoad(&faults.lastFaulted) != params.serial + 1u) { atomicMax(&faults.lastFaulted, params.serial + 1u); }
  let place = atomicAdd(&faults.head, 1u);
  if (place >= params.ringCapacity) {
    atomicAdd(&faults.dropped, 1u);
    return;
  }
  let record = records[params.base + cookie];
  let va = vec2<u32>(record.vaLo, record.vaHi);
  faults.records[place] = faultRecord(params.command, outcome.level, cookie, params.asid, record.kind, outcome.fault, va);
}

@compute @workgroup_size(64)
fn access(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let cookie = groupNumber(group, params.width) * 64u + lane;
  if (TRANSLATE_ONLY) {
    if (cookie < params.count) { translate(params.base + cookie); }
    return;
  }
  // Loops that run once or not at all: software adapters run both sides of a branch and skip only the bodies of loops.
  var stopped = cookie >= params.count;
  for (var ask = params.chainFirst != params.serial; ask; ask = false) { stopped = stopped || chainStopped(); }
  if (stopped) { return; }
  let outcome = attempt(params.base + cookie);
  for (var faulted = outcome.fault != FAULT_NONE; faulted; faulted = false) { appendFault(cookie, outcome); }
}
