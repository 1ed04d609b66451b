// Seeded randomness: the only source of it in model, lab and bench. One seed, one sequence, on every machine.
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { assert } from './assert.ts';
import { mix32 } from './mix.ts';

export interface Rng {
  /** Next 32 random bits as an unsigned integer. */
  u32(): number;
  /** Uniform integer in [0, bound), 1 ≤ bound ≤ 2^32. */
  below(bound: number): number;
  /** An independent stream named by `label`: adding a consumer does not disturb the others. */
  fork(label: string): Rng;
}

/** A stream for `seed` (any 32-bit integer). */
export function createRng(seed: number): Rng {
  // Neighbouring seeds start xoroshiro in neighbouring states, whose first draws are alike: mixed, they are not.
  const generator = xoroshiro128plus(mix32(seed ^ 0x5bd1e995) | 0);
  const u32 = (): number => generator.next() >>> 0;
  return {
    u32,
    below: (bound) => below(u32, bound),
    fork: (label) => createRng(labelSeed(seed, label)),
  };
}

/** Rejection keeps the draw uniform: values past the last whole multiple of `bound` are drawn again. */
function below(u32: () => number, bound: number): number {
  assert(Number.isInteger(bound) && bound >= 1 && bound <= 2 ** 32, () => `bound ${bound} is not in 1…2^32`);
  const limit = 2 ** 32 - (2 ** 32 % bound);
  let value = u32();
  while (value >= limit) value = u32();
  return value % bound;
}

function labelSeed(seed: number, label: string): number {
  let state = mix32(seed);
  for (let i = 0; i < label.length; i++) state = mix32(state ^ label.charCodeAt(i) ^ (i << 16));
  return state;
}
