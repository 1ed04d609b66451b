import { describe, expect, it } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import {
  drift,
  mad,
  median,
  ratioOfMedians,
  outliers,
  pairedRatio,
  quantile,
  sameWithin,
  summarize,
  trend,
} from '../../../src/lab/measure/stats.ts';

describe('order statistics, against values computed by hand', () => {
  it('median', () => {
    expect(median([3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([5, 1, 4, 2, 3])).toBe(3);
    // Numbers, not text: 10 comes after 9.
    expect(median([10, 9, 100])).toBe(10);
  });

  it('quantile, type 7', () => {
    const samples = [15, 20, 35, 40, 50];
    expect(quantile(samples, 0.4)).toBeCloseTo(29, 12);
    expect(quantile(samples, 0.05)).toBeCloseTo(16, 12);
    expect(quantile(samples, 0.95)).toBeCloseTo(48, 12);
    expect(quantile(samples, 0)).toBe(15);
    expect(quantile(samples, 1)).toBe(50);
  });

  it('MAD', () => {
    expect(mad([1, 1, 2, 2, 4, 6, 9])).toBe(1);
    expect(mad([7, 7, 7])).toBe(0);
  });

  it('summary', () => {
    expect(summarize([50, 15, 35, 20, 40])).toEqual({ n: 5, median: 35, p05: 16, p95: 48, mad: 15, min: 15 });
  });

  it('leave their input as it was, and refuse none', () => {
    const samples = [3, 1, 2];
    summarize(samples);
    expect(samples).toEqual([3, 1, 2]);
    expect(() => median([])).toThrow('statistics of no samples');
  });
});

describe('intervals', () => {
  const rng = (): ReturnType<typeof createRng> => createRng(42);
  const noisy = Array.from({ length: 30 }, (_, i) => 100 + ((i * 37) % 11));

  it('of a bootstrap are the same for the same seed, and hold the ratio', () => {
    const twice = noisy.map((one) => 2 * one);
    expect(ratioOfMedians(twice, noisy, rng())).toEqual(ratioOfMedians(twice, noisy, rng()));
    const { low, median: ratio, high } = ratioOfMedians(twice, noisy, rng());
    expect(ratio).toBe(2);
    expect([low <= 2, high >= 2, low < high]).toEqual([true, true, true]);
    expect(ratioOfMedians([5, 5, 5], [5, 5, 5], rng())).toEqual({ low: 1, median: 1, high: 1 });
  });

  it.each([6, 9, 15, 30, 600])('of %i pairs leave the truth out in one of twenty at most', (pairs) => {
    // Skewed, with far values, the same on both sides: the median ratio is 1.
    const source = createRng(pairs);
    const one = (): number => (source.below(20) === 0 ? 2 : 1) * (1 + (source.below(1000) * source.below(1000)) / 1e6);
    const list = (): number[] => Array.from({ length: pairs }, one);
    const trials = 600;
    const missed = Array.from({ length: trials }, () => sameWithin(pairedRatio(list(), list()))).filter((in_) => !in_);
    // 5 % of 600 are 30, and four standard deviations 21.
    expect(missed.length, `seed ${pairs}`).toBeLessThanOrEqual(51);
  });

  it('of two different medians leave 1 out nearly always (control)', () => {
    const source = createRng(4);
    const list = (least: number): number[] => Array.from({ length: 30 }, () => least + source.below(1000));
    const shown = Array.from({ length: 200 }, () => sameWithin(pairedRatio(list(1500), list(1000)))).filter(
      (in_) => !in_,
    );
    expect(shown.length).toBeGreaterThan(190);
  });

  it('of a paired ratio see through what slows both', () => {
    const slow = (i: number): number => 1 + (i % 7) / 3;
    const ours = Array.from({ length: 30 }, (_, i) => 100 / slow(i));
    const peer = Array.from({ length: 30 }, (_, i) => 50 / slow(i));
    expect(pairedRatio(ours, peer)).toEqual({ median: 2, low: 2, high: 2, pairs: 30 });
    expect(pairedRatio(ours, [...peer, 1, 1]).pairs).toBe(30);
  });

  it('say when nothing is shown', () => {
    const peer = Array.from({ length: 30 }, (_, i) => 100 + ((i * 53) % 17));
    expect(sameWithin(pairedRatio(noisy, [...noisy].reverse()))).toBe(true);
    expect(
      sameWithin(
        pairedRatio(
          peer.map((p) => 3 * p),
          peer,
        ),
      ),
    ).toBe(false);
  });
});

describe('doubts', () => {
  it('outliers by the modified z-score', () => {
    // Median 10, MAD 1: 16 scores 4.05, 15 scores 3.37.
    expect(outliers([9, 9, 10, 10, 11, 11, 10, 9, 11, 16])).toBe(1);
    expect(outliers([9, 9, 10, 10, 11, 11, 10, 9, 11, 15])).toBe(0);
    expect(outliers([5, 5, 5, 900])).toBe(0);
  });

  it('drift between the first and the last third', () => {
    expect(drift([1, 1, 1, 9, 9, 9, 2, 2, 2])).toBe(2);
    expect(drift([1, 1, 1, 1, 2, 2, 2, 2])).toBeNull();
  });

  it('a trend by the score of Mann and Kendall', () => {
    // Ten that rise: S = 45, variance 125, (45 − 1) / √125.
    const rising = Array.from({ length: 10 }, (_, i) => i * i);
    expect(trend(rising)).toBeCloseTo(44 / Math.sqrt(125), 12);
    expect(trend([...rising].reverse())).toBeCloseTo(-44 / Math.sqrt(125), 12);
    expect(trend(Array.from({ length: 30 }, () => 5))).toBe(0);
    expect(trend([1, 2, 3, 4, 5, 6, 7])).toBe(0);
  });

  it('no trend in noise more often than it should be found, and one in most samples that have it', () => {
    const random = createRng(3);
    const noise = (slope: number): number[] => Array.from({ length: 30 }, (_, i) => random.u32() / 2 ** 32 + slope * i);
    const found = (slope: number): number =>
      Array.from({ length: 1000 }, () => trend(noise(slope))).filter((z) => Math.abs(z) > 2.576).length;
    expect(found(0)).toBeLessThan(25);
    expect(found(0.03)).toBeGreaterThan(900);
  });
});
