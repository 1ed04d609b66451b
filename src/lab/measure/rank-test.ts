// The Mann–Whitney test: do two lists of samples come from one distribution? Ranks only, so no shape is assumed.
import { assert } from '../../base/assert.ts';

/** Up to this many pairs the distribution is counted out (40 over 20 is far below 2^53); above, it is close to normal. */
const EXACT_PAIRS = 400;

export interface RankTest {
  /** Pairs in which the second list is larger; ties count one half. */
  readonly u: number;
  /** Two-sided: how likely lists of one distribution lie at least so far apart. */
  readonly p: number;
  /** False where the normal approximation was used: ties, or many samples. */
  readonly exact: boolean;
}

/** Tests `a` against `b`; neither is empty. */
export function mannWhitney(a: readonly number[], b: readonly number[]): RankTest {
  assert(a.length > 0 && b.length > 0, 'a rank test of no samples');
  const { u, tieSum } = ranked(a, b);
  const pairs = a.length * b.length;
  const exact = tieSum === 0 && pairs <= EXACT_PAIRS;
  const p = exact ? exactP(Math.min(u, pairs - u), a.length, b.length) : normalP(u, a.length, b.length, tieSum);
  return { u, p, exact };
}

/** U of `b`, and the sum of t³ − t over the sizes t of groups of equal values. */
function ranked(a: readonly number[], b: readonly number[]): { u: number; tieSum: number } {
  const all = [...a.map((value) => ({ value, ours: 0 })), ...b.map((value) => ({ value, ours: 1 }))];
  all.sort((x, y) => x.value - y.value);
  let rankSum = 0;
  let tieSum = 0;
  for (let from = 0, to = 0; from < all.length; from = to) {
    let ours = 0;
    for (to = from; to < all.length && all[to]?.value === all[from]?.value; to++) ours += all[to]?.ours ?? 0;
    rankSum += (ours * (from + 1 + to)) / 2;
    tieSum += (to - from) ** 3 - (to - from);
  }
  return { u: rankSum - (b.length * (b.length + 1)) / 2, tieSum };
}

/** Twice the share of all arrangements whose U is at most `u`. */
function exactP(u: number, n: number, m: number): number {
  const ways = arrangements(n, m);
  const all = ways.reduce((sum, count) => sum + count, 0);
  const tail = ways.slice(0, u + 1).reduce((sum, count) => sum + count, 0);
  return Math.min(1, (2 * tail) / all);
}

/** How many arrangements of n and m samples have each U: coefficients of the product of (1 − q^(m+i)) / (1 − q^i), i = 1…n. */
function arrangements(n: number, m: number): number[] {
  const ways: number[] = Array.from({ length: n * m + 1 }, (_, u) => (u === 0 ? 1 : 0));
  for (let i = 1; i <= n; i++) {
    for (let u = n * m; u >= m + i; u--) ways[u] = (ways[u] as number) - (ways[u - m - i] as number);
    for (let u = i; u <= n * m; u++) ways[u] = (ways[u] as number) + (ways[u - i] as number);
  }
  return ways;
}

/** With the correction for ties, and half a step for continuity. Only equal values: nothing tells the lists apart. */
function normalP(u: number, n: number, m: number, tieSum: number): number {
  const all = n + m;
  const variance = ((n * m) / 12) * (all + 1 - tieSum / (all * (all - 1)));
  if (variance <= 0) return 1;
  const z = Math.max(0, Math.abs(u - (n * m) / 2) - 0.5) / Math.sqrt(variance);
  return Math.min(1, erfc(z / Math.SQRT2));
}

/** Chebyshev fit of the complementary error function, relative error below 1.2e-7 ("Numerical Recipes", 2nd ed., §6.2). */
const ERFC = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
  0.17087277,
] as const;

function erfc(x: number): number {
  const t = 1 / (1 + 0.5 * x);
  return t * Math.exp(-x * x + ERFC.reduceRight((sum, factor) => factor + t * sum, 0));
}
