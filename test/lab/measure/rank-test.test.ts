import { describe, expect, it } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import { wilson } from '../../../src/lab/measure/proportion.ts';
import { mannWhitney } from '../../../src/lab/measure/rank-test.ts';
import { ratioOfMedians } from '../../../src/lab/measure/stats.ts';
import { ALPHA, betterOf, claimsDifference, judge } from '../../../src/lab/measure/verdict.ts';

describe('the Mann–Whitney test, against values computed by hand', () => {
  it('counts the arrangements of small lists without ties', () => {
    // Apart: 1 of the 20 arrangements of 3 and 3 is as far, and 1 as far the other way.
    expect(mannWhitney([1, 2, 3], [4, 5, 6])).toEqual({ u: 9, p: 0.1, exact: true });
    expect(mannWhitney([4, 5, 6], [1, 2, 3])).toEqual({ u: 0, p: 0.1, exact: true });
    // Mixed: U = 3 for the first; 1 + 1 + 2 + 3 of 20 arrangements have a U of at most 3.
    expect(mannWhitney([1, 3, 5], [2, 4, 6])).toEqual({ u: 6, p: 0.7, exact: true });
    expect(mannWhitney([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]).p).toBeCloseTo(2 / 252, 15);
    // Sizes that differ: 2 of the 5 over 2 = 10 arrangements lie at the ends.
    expect(mannWhitney([1, 2], [3, 4, 5]).p).toBeCloseTo(0.2, 15);
  });

  it('corrects for ties', () => {
    // U = 2 + 3.5 + 3.5 + 4 = 13; ties of 3 and 3: variance 16/12 · (9 − 48/56); z = 4.5 / 3.29502 = 1.36570.
    const { u, p, exact } = mannWhitney([1, 2, 2, 3], [2, 3, 3, 4]);
    expect({ u, exact }).toEqual({ u: 13, exact: false });
    expect(p).toBeCloseTo(0.172035, 5);
  });

  it('tells nothing apart where all is equal', () => {
    expect(mannWhitney([7, 7, 7, 7, 7], [7, 7, 7, 7, 7]).p).toBe(1);
  });

  it('agrees with its approximation where both are good', () => {
    const low = Array.from({ length: 20 }, (_, i) => 2 * i);
    const high = low.map((value) => value + 13);
    const exact = mannWhitney(low, high);
    expect(exact.exact).toBe(true);
    // One value more makes it too many pairs for counting.
    const approximate = mannWhitney([...low, 19.5], high);
    expect(approximate.exact).toBe(false);
    expect(Math.abs(exact.p - approximate.p)).toBeLessThan(0.01);
  });
});

describe('the Wilson interval', () => {
  it('of 5 in 100 is the published one', () => {
    const { rate, low, high } = wilson(5, 100);
    expect(rate).toBe(0.05);
    expect(low).toBeCloseTo(0.02154, 5);
    expect(high).toBeCloseTo(0.11175, 5);
  });

  it('of nothing and of everything stays within 0 and 1', () => {
    expect(wilson(0, 200)).toMatchObject({ rate: 0, low: 0 });
    expect(wilson(0, 200).high).toBeCloseTo(0.018846, 5);
    expect(wilson(200, 200)).toMatchObject({ rate: 1, high: 1 });
  });
});

describe('a ratio of medians', () => {
  it('has an interval around it, the same for the same seed', () => {
    const a = Array.from({ length: 15 }, (_, i) => 100 + ((i * 7) % 5));
    const b = a.map((value) => value * 2);
    const ratio = ratioOfMedians(b, a, createRng(1));
    expect(ratio.median).toBe(2);
    expect(ratio.low).toBeLessThanOrEqual(2);
    expect(ratio.high).toBeGreaterThanOrEqual(2);
    expect(ratioOfMedians(b, a, createRng(1))).toEqual(ratio);
  });
});

describe('a verdict', () => {
  const base = Array.from({ length: 15 }, (_, i) => 100 + i / 10);
  const scaled = (by: number): number[] => base.map((value) => value * by);

  it('knows which way is better', () => {
    expect([betterOf('B/s'), betterOf('walks/s'), betterOf('ns'), betterOf('s'), betterOf('pages')]).toEqual([
      'higher',
      'higher',
      'lower',
      'lower',
      null,
    ]);
    expect(judge(base, scaled(1.5), 'higher', createRng(1)).verdict).toBe('faster');
    expect(judge(base, scaled(1.5), 'lower', createRng(1)).verdict).toBe('slower');
    expect(judge(base, scaled(0.5), 'higher', createRng(1)).verdict).toBe('slower');
    expect(judge(base, scaled(0.5), 'lower', createRng(1)).verdict).toBe('faster');
  });

  it('on equal lists is that no difference was shown', () => {
    expect(judge(base, base, 'higher', createRng(1))).toMatchObject({ p: 1, verdict: 'no difference shown' });
  });

  it('on noise alone claims a difference in at most one of twenty cases (A/A)', () => {
    const rng = createRng(20261120);
    // Skewed, as times are: the product of uniform draws, with a far outlier now and then.
    const draw = (): number => 100 + (rng.below(1000) * rng.below(1000)) / 1e5 + (rng.below(40) === 0 ? 200 : 0);
    const list = (): number[] => Array.from({ length: 15 }, draw);
    const trials = 1000;
    let claims = 0;
    for (let trial = 0; trial < trials; trial++) if (claimsDifference(list(), list(), rng)) claims++;
    expect(wilson(claims, trials).low, `${claims} of ${trials}, seed 20261120`).toBeLessThanOrEqual(ALPHA);
  });

  it('on noise sees a real difference (control of the A/A test)', () => {
    const rng = createRng(7);
    const list = (by: number): number[] => Array.from({ length: 15 }, () => by * (100 + rng.below(10)));
    for (let trial = 0; trial < 50; trial++)
      expect(claimsDifference(list(1), list(1.2), rng), `trial ${trial}, seed 7`).toBe(true);
  });
});
