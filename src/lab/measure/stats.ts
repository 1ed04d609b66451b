// Robust statistics of small samples: order statistics, intervals by ranks and by bootstrap, nothing that assumes a shape.
//
// Times of a shared machine are skewed, with rare far outliers: medians and MAD stay put where mean and deviation do not.
import { assert } from '../../base/assert.ts';
import { medianInterval } from '../../base/median-interval.ts';
import type { Rng } from '../../base/rng.ts';

/** Resamples of a bootstrap: the 2.5 % tail of 2,000 holds 50 of them, enough for two digits of an interval's end. */
const RESAMPLES = 2000;

/** A 95 % interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Summary {
  readonly n: number;
  readonly median: number;
  readonly p05: number;
  readonly p95: number;
  /** Median absolute deviation from the median, unscaled: in the unit of the samples. */
  readonly mad: number;
  readonly min: number;
}

/** Quantile `q` (0…1) with linear interpolation between order statistics (Hyndman and Fan's type 7). Not empty. */
export function quantile(samples: readonly number[], q: number): number {
  return quantileOfSorted(ascending(samples), q);
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Median absolute deviation from the median, unscaled. */
export function mad(samples: readonly number[]): number {
  const centre = median(samples);
  return median(samples.map((sample) => Math.abs(sample - centre)));
}

/** All that a report says about one list of samples. */
export function summarize(samples: readonly number[]): Summary {
  const sorted = ascending(samples);
  const at = (q: number): number => quantileOfSorted(sorted, q);
  return { n: sorted.length, median: at(0.5), p05: at(0.05), p95: at(0.95), mad: mad(sorted), min: at(0) };
}

export interface Ratio extends Interval {
  /** Median of the ratios of pairs. */
  readonly median: number;
  readonly pairs: number;
}

/**
 * How many times `ours` is `peer`, from samples taken side by side: index i of both was measured in the same round, so
 * that what slows the machine slows both. Surplus samples of the longer list are left out. The interval is that of the
 * sign test: a bootstrap of so few pairs would leave the true median out more often than it says.
 */
export function pairedRatio(ours: readonly number[], peer: readonly number[]): Ratio {
  const pairs = Math.min(ours.length, peer.length);
  const ratios = ours.slice(0, pairs).map((value, i) => value / (peer[i] as number));
  return { ...medianInterval(ratios), pairs };
}

/**
 * How many times `ours` is `theirs`, from samples that are no pairs, such as those of two runs: the ratio of the medians,
 * with an interval from resampling each side on its own. All samples are above 0.
 */
export function ratioOfMedians(
  ours: readonly number[],
  theirs: readonly number[],
  rng: Rng,
): Interval & { readonly median: number } {
  const one = (): number => median(resample(ours, rng)) / median(resample(theirs, rng));
  const ratios = ascending(Array.from({ length: RESAMPLES }, one));
  const interval = { low: quantileOfSorted(ratios, 0.025), high: quantileOfSorted(ratios, 0.975) };
  return { median: median(ours) / median(theirs), ...interval };
}

/** True when neither side is shown to be larger: the interval of the ratio contains 1. */
export function sameWithin(ratio: Interval): boolean {
  return ratio.low <= 1 && ratio.high >= 1;
}

/**
 * Samples whose modified z-score is above 3.5, the cut that Iglewicz and Hoaglin give ("How to Detect and Handle
 * Outliers", 1993): 0.6745 × |x − median| / MAD. None when MAD is 0.
 */
export function outliers(samples: readonly number[]): number {
  const centre = median(samples);
  const spread = mad(samples);
  return spread === 0 ? 0 : samples.filter((sample) => (0.6745 * Math.abs(sample - centre)) / spread > 3.5).length;
}

/** Median of the last third over that of the first, as a ratio; null below nine samples, where thirds say nothing. */
export function drift(samples: readonly number[]): number | null {
  if (samples.length < 9) return null;
  const third = Math.floor(samples.length / 3);
  return median(samples.slice(-third)) / median(samples.slice(0, third));
}

/**
 * Whether samples rise (above 0) or fall with time: the score of the Mann–Kendall test, which for samples without a trend is
 * close to normal from eight samples on. 0 below eight. Ties count for neither side, which only makes it smaller.
 */
export function trend(samples: readonly number[]): number {
  const n = samples.length;
  if (n < 8) return 0;
  let score = 0;
  for (let later = 1; later < n; later++)
    for (let earlier = 0; earlier < later; earlier++)
      score += Math.sign((samples[later] as number) - (samples[earlier] as number));
  // Half a pair of a step for continuity.
  const reach = Math.max(0, Math.abs(score) - 1);
  return (Math.sign(score) * reach) / Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
}

function ascending(samples: readonly number[]): number[] {
  assert(samples.length > 0, 'statistics of no samples');
  return [...samples].sort((a, b) => a - b);
}

function quantileOfSorted(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (above - below) * (at - Math.floor(at));
}

function resample(samples: readonly number[], rng: Rng): number[] {
  return samples.map(() => samples[rng.below(samples.length)] as number);
}
