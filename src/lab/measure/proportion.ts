// How often something happened, with an interval that holds for rare events too (Wilson, 1927).
import { assert } from '../../base/assert.ts';
import type { Interval } from './stats.ts';

/** The 97.5 % point of the normal distribution. */
const Z = 1.959963984540054;

export interface Proportion extends Interval {
  readonly rate: number;
}

/** `hits` of `trials` (at least one), with the 95 % Wilson score interval. */
export function wilson(hits: number, trials: number): Proportion {
  assert(trials >= 1 && hits >= 0 && hits <= trials, () => `${hits} of ${trials} is no proportion`);
  const rate = hits / trials;
  const square = (Z * Z) / trials;
  const centre = (rate + square / 2) / (1 + square);
  const reach = (Math.sqrt((rate * (1 - rate)) / trials + square / (4 * trials)) * Z) / (1 + square);
  return { rate, low: hits === 0 ? 0 : centre - reach, high: hits === trials ? 1 : centre + reach };
}
