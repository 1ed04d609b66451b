// Compares two reports figure by figure: ratio with interval, a significance test, and a verdict only where one is possible.
import { createRng } from '../../base/rng.ts';
import { basisOf, type Basis } from './basis.ts';
import { metricObstacles, positive, reportObstacles } from './comparable.ts';
import type { Metric, Report } from './report.ts';
import { ratioOfMedians, summarize, type Interval } from './stats.ts';
import { betterOf, judge, type Verdict } from './verdict.ts';
import type { Warning } from './warnings.ts';

/** Any number does: the same two reports give the same intervals. */
const SEED = 1;

export interface Side {
  readonly n: number;
  readonly median: number;
  readonly mad: number;
  readonly unit: string;
  readonly source: Metric['source'];
}

export interface ComparedMetric {
  readonly id: string;
  readonly a: Side;
  readonly b: Side;
  /** B over A; null where figures have no ratio. */
  readonly ratio: (Interval & { readonly median: number }) | null;
  /** Two-sided, of the rank test; null without a verdict. */
  readonly p: number | null;
  readonly verdict: Verdict;
  /** What interval, test and verdict rest on. */
  readonly basis: Basis['kind'];
  /** By how many per cent B's median is worse than A's, negative where it is better; null without a verdict. */
  readonly worsePercent: number | null;
  /** Slower by the test and by more than the threshold; always false without a threshold. */
  readonly regression: boolean;
  readonly warnings: readonly Warning[];
}

/** Where a report came from, for the reader of a comparison. */
export interface Origin {
  readonly createdAt: string;
  readonly version: string;
  readonly command: string;
  readonly adapter: string;
  readonly software: boolean;
}

export interface Comparison {
  readonly schema: 'pageferry-comparison';
  readonly schemaVersion: 1;
  readonly a: Origin;
  readonly b: Origin;
  readonly metrics: readonly ComparedMetric[];
  readonly onlyInA: readonly string[];
  readonly onlyInB: readonly string[];
  /** Per cent; null when nothing was to count as a regression. */
  readonly threshold: number | null;
  readonly regressions: readonly string[];
  readonly warnings: readonly Warning[];
}

/** Compares `b` with `a`, in the order of `a`. Ids are unique within each (see `duplicateId`). */
export function compareReports(a: Report, b: Report, threshold: number | null = null): Comparison {
  const { blocking, other } = reportObstacles(a, b);
  const theirs = new Map(b.metrics.map((metric) => [metric.id, metric]));
  const metrics = a.metrics.flatMap((metric) => {
    const partner = theirs.get(metric.id);
    return partner === undefined ? [] : [compareMetric(metric, partner, blocking.length > 0, threshold)];
  });
  return {
    schema: 'pageferry-comparison',
    schemaVersion: 1,
    a: originOf(a),
    b: originOf(b),
    metrics,
    onlyInA: idsMissing(a, b),
    onlyInB: idsMissing(b, a),
    threshold,
    regressions: metrics.filter(({ regression }) => regression).map(({ id }) => id),
    warnings: [...blocking, ...other],
  };
}

/** Place and id of the first metric whose id another has already; null when there is none. */
export function duplicateId({ metrics }: Report): { readonly index: number; readonly id: string } | null {
  const seen = new Set<string>();
  for (const [index, { id }] of metrics.entries()) {
    if (seen.has(id)) return { index, id };
    seen.add(id);
  }
  return null;
}

function compareMetric(a: Metric, b: Metric, blocked: boolean, threshold: number | null): ComparedMetric {
  const { blocking, other } = metricObstacles(a, b);
  const sides = { id: a.id, a: sideOf(a), b: sideOf(b), warnings: [...blocking, ...other] };
  const rng = createRng(SEED).fork(a.id);
  const better = betterOf(a.unit);
  const basis = basisOf(a, b);
  if (blocked || blocking.length > 0 || better === null) {
    const possible = a.unit === b.unit && a.samples.length > 0 && b.samples.length > 0 && positive(a, b);
    const ratio = possible ? ratioOfMedians(basis.b, basis.a, rng) : null;
    const none = { p: null, verdict: 'not comparable', worsePercent: null, regression: false } as const;
    return { ...sides, ...none, basis: basis.kind, ratio };
  }
  const { ratio, p, verdict } = judge(basis.a, basis.b, better, rng);
  const worsePercent = 100 * (better === 'higher' ? 1 - ratio.median : ratio.median - 1);
  const regression = threshold !== null && verdict === 'slower' && worsePercent > threshold;
  return { ...sides, ratio, p, verdict, basis: basis.kind, worsePercent, regression };
}

/** From the samples themselves: they are what is compared. A foreign report may have none. */
function sideOf({ samples, median, mad, unit, source }: Metric): Side {
  if (samples.length === 0) return { n: 0, median, mad, unit, source };
  const own = summarize(samples);
  return { n: own.n, median: own.median, mad: own.mad, unit, source };
}

function originOf({ createdAt, tool, environment: { adapter } }: Report): Origin {
  const { version, command } = tool;
  return { createdAt, version, command, adapter: adapter.name, software: adapter.software || adapter.kind === 'twin' };
}

function idsMissing(here: Report, there: Report): string[] {
  const known = new Set(there.metrics.map(({ id }) => id));
  return here.metrics.map(({ id }) => id).filter((id) => !known.has(id));
}
