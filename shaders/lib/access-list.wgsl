// The list of accesses that a GPU program performs, and what came of each.

const ACCESS_READ = 0u;
const ACCESS_WRITE = 1u;
const ACCESS_ATOMIC = 2u;

const ACCESS_PENDING = 0u;
const ACCESS_DONE = 1u;
/// Translated, but not performed: the frame lies in a part of VRAM, or of system memory, that the program could not reach.
const ACCESS_RESOLVED_VRAM = 2u;
const ACCESS_RESOLVED_SYSTEM = 3u;
/// What an access becomes that was only to be translated.
const ACCESS_TRANSLATED = 4u;

/// One access: to the aligned word at an address; writes and atomics add `operand`.
struct AccessRecord {
  vaLo: u32,
  vaHi: u32,
  kind: u32,
  operand: u32,
}

/// `value` is the word before the access, once `status` is ACCESS_DONE; the frame of a resolved one.
struct AccessResult {
  status: u32,
  value: u32,
}
