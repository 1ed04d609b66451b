// 32-bit mixing for seeded page contents and page hashes: the other implementation is src/base/mix.ts.

const MIX_INDEX = 0x85ebca77u;
const MIX_LOW = 0x9e3779b1u;
const MIX_HIGH = 0xc2b2ae3du;
const MIX_HIGH_SALT = 0x27d4eb2fu;

/// Murmur3's 32-bit finaliser.
fn mix32(value: u32) -> u32 {
  var h = (value ^ (value >> 16u)) * 0x85ebca6bu;
  h = (h ^ (h >> 13u)) * 0xc2b2ae35u;
  return h ^ (h >> 16u);
}

/// Words index … index + 3 of the seeded page `key`.
fn seededRow(key: u32, index: u32) -> vec4<u32> {
  let i = vec4<u32>(index, index + 1u, index + 2u, index + 3u);
  let k = vec4<u32>(key) + i * MIX_INDEX;
  return vec4<u32>(mix32(k.x), mix32(k.y), mix32(k.z), mix32(k.w));
}

/// What one word adds to the two halves of its page's hash.
fn hashWord(word: u32, index: u32) -> vec2<u32> {
  let low = mix32(word ^ ((index + 1u) * MIX_LOW));
  let high = mix32((word + (index + 1u) * MIX_HIGH) ^ MIX_HIGH_SALT);
  return vec2<u32>(low, high);
}

/// What a row of four words from word `index` on adds to its page's hash.
fn hashRow(row: vec4<u32>, index: u32) -> vec2<u32> {
  return hashWord(row.x, index) + hashWord(row.y, index + 1u) + hashWord(row.z, index + 2u) + hashWord(row.w, index + 3u);
}
