// The fault ring: records in the hardware's four words (xe.md §1.1) behind a header that counts what found no room.

const FAULT_NOT_PRESENT = 0u;
const FAULT_WRITE_VIOLATION = 1u;
const FAULT_ATOMIC_VIOLATION = 2u;
/// Fits no record: the access may run.
const FAULT_NONE = 3u;

/// `command` tells the host which ACCESS of the submission it came from; the rest is the hardware's record.
struct FaultRecord {
  command: u32,
  dw0: u32,
  dw1: u32,
  dw2: u32,
  dw3: u32,
}

struct FaultRing {
  /// Records asked for, dropped ones included.
  head: atomic<u32>,
  dropped: atomic<u32>,
  /// Serial number + 1 of the last ACCESS that faulted, over all submissions: what is chained behind it does nothing.
  lastFaulted: atomic<u32>,
  records: array<FaultRecord>,
}

/// Packs a record. `cookie` (PDATA, 16 bits) is split between the first two words.
fn faultRecord(command: u32, level: u32, cookie: u32, asid: u32, kind: u32, fault: u32, va: vec2<u32>) -> FaultRecord {
  let dw0 = level | ((cookie & 0xfu) << 28u);
  let dw1 = ((cookie >> 4u) & 0xfffu) | (asid << 12u);
  let dw2 = kind | (fault << 2u) | (va.x & 0xfffff000u);
  return FaultRecord(command, dw0, dw1, dw2, va.y);
}
