import { describe, expect, it } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import {
  drift,
  mad,
  median,
  medianInterval,
  outliers,
  pairedRatio,
  quantile,
  sameWithin,
  summarize,
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

  it('are the same for the same seed', () => {
    expect(medianInterval(noisy, rng())).toEqual(medianInterval(noisy, rng()));
  });

  it('hold the median and stay within the samples', () => {
    const { low, high } = medianInterval(noisy, rng());
    expect(low).toBeLessThanOrEqual(median(noisy));
    expect(high).toBeGreaterThanOrEqual(median(noisy));
    expect(low).toBeGreaterThanOrEqual(100);
    expect(high).toBeLessThanOrEqual(110);
  });

  it('are a point for equal samples', () => {
    expect(medianInterval([5, 5, 5], rng())).toEqual({ low: 5, high: 5 });
  });

  it('cover the true median about as often as they say', () => {
    const source = createRng(7);
    let covered = 0;
    for (let trial = 0; trial < 60; trial++) {
      const samples = Array.from({ length: 25 }, () => source.below(1_000_001));
      const { low, high } = medianInterval(samples, source);
      if (low <= 500_000 && high >= 500_000) covered++;
    }
    // 95 % of 60 is 57; the binomial's 4 sigma are 7.
    expect(covered).toBeGreaterThanOrEqual(50);
  });

  it('of a paired ratio see through what slows both', () => {
    const slow = (i: number): number => 1 + (i % 7) / 3;
    const ours = Array.from({ length: 30 }, (_, i) => 100 / slow(i));
    const peer = Array.from({ length: 30 }, (_, i) => 50 / slow(i));
    expect(pairedRatio(ours, peer, rng())).toEqual({ median: 2, low: 2, high: 2, pairs: 30 });
    expect(pairedRatio(ours, [...peer, 1, 1], rng()).pairs).toBe(30);
  });

  it('say when nothing is shown', () => {
    const peer = Array.from({ length: 30 }, (_, i) => 100 + ((i * 53) % 17));
    expect(sameWithin(pairedRatio(noisy, [...noisy].reverse(), rng()))).toBe(true);
    expect(
      sameWithin(
        pairedRatio(
          peer.map((p) => 3 * p),
          peer,
          rng(),
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
});
