// 32-bit mixing: seeded page contents and page hashes, defined once; shaders/lib/mix.wgsl is the other implementation.
import { WORDS_PER_PAGE } from './units.ts';

/** Murmur3's 32-bit finaliser: every input bit changes about half of the output bits. Result unsigned. */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Key of a seeded page; `pageLo` are the low 32 bits of its page number. */
export function pageKey(seed: number, pageLo: number): number {
  return mix32(seed ^ Math.imul(pageLo, 0x9e3779b1));
}

/** Word `index` (0…1023) of a seeded page. */
export function seededWord(key: number, index: number): number {
  return mix32((key + Math.imul(index, 0x85ebca77)) | 0);
}

/** Fills `target` (1024 words) with the seeded page `key`. */
export function fillSeededPage(target: Uint32Array, key: number): void {
  for (let i = 0; i < WORDS_PER_PAGE; i++) target[i] = seededWord(key, i);
}

/**
 * 64-bit content hash of one page as two words: each is a wrapping sum over all words, so that lanes may add in any
 * order. `words` holds at least `offset + 1024` words. Writes `out[outOffset]` and `out[outOffset + 1]`.
 */
export function hashPage(words: Uint32Array, offset: number, out: Uint32Array, outOffset: number): void {
  let low = 0;
  let high = 0;
  for (let i = 0; i < WORDS_PER_PAGE; i++) {
    const word = words[offset + i] ?? 0;
    low = (low + mix32(word ^ Math.imul(i + 1, 0x9e3779b1))) | 0;
    high = (high + mix32((word + Math.imul(i + 1, 0xc2b2ae3d)) ^ 0x27d4eb2f)) | 0;
  }
  out[outOffset] = low;
  out[outOffset + 1] = high;
}
