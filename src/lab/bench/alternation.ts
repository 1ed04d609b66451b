// Joins runs that were taken in turns on two hosts into one report a side, and compares the sides by their runs.
import { compareReports, type Comparison } from '../measure/compare.ts';
import { mergePasses } from '../measure/merge-passes.ts';
import { sumVerifications, type Report } from '../measure/report.ts';

/** Fewest runs a side: from so many on a comparison rests on whole runs, not on their samples (basis.ts). */
export const FEWEST_RUNS = 5;

export interface Alternation {
  readonly schema: 'pageferry-alternation';
  readonly schemaVersion: 1;
  /** Runs of each side. */
  readonly runs: number;
  /** Stopped before the end. */
  readonly partial: boolean;
  /** A is the first side, B the second. */
  readonly comparison: Comparison;
  readonly a: Report;
  readonly b: Report;
}

/** `a` and `b` are whole runs, at least one and equally many, in the order in which they were taken. */
export function alternation(a: readonly Report[], b: readonly Report[], partial: boolean): Alternation {
  const [one, other] = [joined(a), joined(b)];
  const comparison = compareReports(one, other);
  const head = { schema: 'pageferry-alternation', schemaVersion: 1 } as const;
  return { ...head, runs: a.length, partial, comparison, a: one, b: other };
}

/** The runs of one side as passes of one report. */
function joined(runs: readonly Report[]): Report {
  const metrics = mergePasses(runs.map((run) => run.metrics));
  const first = runs[0] as Report;
  return {
    ...first,
    metrics,
    verification: runs.map(({ verification }) => verification).reduce(sumVerifications, null),
    run: { ...first.run, seconds: runs.reduce((sum, { run }) => sum + run.seconds, 0) },
    scenario: { ...first.scenario, repeat: runs.length },
  };
}

/**
 * Which side comes first in each pair of runs: they swap, so that neither always meets a machine that is still cool. B, which
 * may be missing, is the very first: nothing is measured in vain then.
 */
export function turnsOf(runs: number): readonly ('a' | 'b')[] {
  return Array.from({ length: runs }, (_, i) => (i % 2 === 0 ? (['b', 'a'] as const) : (['a', 'b'] as const))).flat();
}
