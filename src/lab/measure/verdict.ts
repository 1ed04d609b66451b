// Whether two lists of samples of one figure differ: one rule, used by comparisons and by the A/A mode that tests it.
import type { Rng } from '../../base/rng.ts';
import { mannWhitney } from './rank-test.ts';
import { ratioOfMedians, sameWithin, type Interval } from './stats.ts';

/** A difference is claimed when one so large comes by chance in fewer cases than this. */
export const ALPHA = 0.05;
/** Five a side can reach p = 0.008; three cannot go below 0.1, whatever they are. */
export const LEAST_SAMPLES = 5;

export type Better = 'higher' | 'lower';
export type Verdict = 'faster' | 'slower' | 'no difference shown' | 'not comparable';

export interface Judgement {
  /** B over A, of the medians, with a bootstrap interval. */
  readonly ratio: Interval & { readonly median: number };
  /** Of the Mann–Whitney test, two-sided. */
  readonly p: number;
  readonly verdict: Exclude<Verdict, 'not comparable'>;
}

const TIMES: ReadonlySet<string> = new Set(['ns', 'us', 'ms', 's']);

/** Which way a figure of this unit is better; null for units that do not say. */
export function betterOf(unit: string): Better | null {
  if (unit.endsWith('/s')) return 'higher';
  return TIMES.has(unit) ? 'lower' : null;
}

/**
 * Judges B against A, from at least LEAST_SAMPLES positive samples each. A difference is claimed only when the rank test and
 * the interval of the ratio agree on it: either alone would claim more often.
 */
export function judge(a: readonly number[], b: readonly number[], better: Better, rng: Rng): Judgement {
  const ratio = ratioOfMedians(b, a, rng);
  const { p } = mannWhitney(a, b);
  if (p >= ALPHA || sameWithin(ratio)) return { ratio, p, verdict: 'no difference shown' };
  return { ratio, p, verdict: ratio.median > 1 === (better === 'higher') ? 'faster' : 'slower' };
}

/** Whether `judge` would claim a difference; the interval, which costs most, is only made where the rank test claims one. */
export function claimsDifference(a: readonly number[], b: readonly number[], rng: Rng): boolean {
  return mannWhitney(a, b).p < ALPHA && !sameWithin(ratioOfMedians(b, a, rng));
}
