// Joins what parts of a benchmark gave: jobs with experiments, and several passes over the same cases.
import type { BenchResult } from '../measure/bench-runner.ts';
import { mergePasses } from '../measure/merge-passes.ts';
import { sumVerifications } from '../measure/report.ts';
import type { ExperimentResult } from './experiment.ts';
import type { CaseResults } from './measure-cases.ts';

/** The result of one pass so far, with one more experiment. */
export function withExperiment(result: BenchResult, one: ExperimentResult): BenchResult {
  return {
    ...result,
    metrics: [...result.metrics, ...one.metrics],
    counters: sumCounters([result.counters, one.counters]),
    verification: sumVerifications(result.verification, one.verification),
    wrong: [...result.wrong, ...one.wrong],
    leftOut: [...result.leftOut, ...one.leftOut],
  };
}

/** All passes (at least one) as one result, in the order of `cases`. A case counts as left out when no pass has it. */
export function joinPasses(
  passes: readonly CaseResults[],
  cases: readonly { readonly id: string }[],
  end: Pick<BenchResult, 'partial' | 'seconds'>,
): CaseResults {
  const results = passes.map(({ result }) => result);
  const merged = mergePasses(results.map(({ metrics }) => metrics));
  const metrics = cases.flatMap(({ id }) => merged.filter((one) => one.id === id));
  const without = (ids: readonly string[]): string[] =>
    [...new Set(ids)].filter((id) => !metrics.some((one) => one.id === id));
  return {
    ...(passes[0] as CaseResults),
    stepped: passes.flatMap(({ stepped }) => stepped).slice(0, 1),
    result: {
      ...(results[0] as BenchResult),
      ...end,
      metrics,
      counters: sumCounters(results.map(({ counters }) => counters)),
      verification: results.map(({ verification }) => verification).reduce(sumVerifications, null),
      wrong: [...new Set(results.flatMap(({ wrong }) => wrong))],
      leftOut: without(results.flatMap(({ leftOut }) => leftOut)),
      invalid: without(results.flatMap(({ invalid = [] }) => invalid)),
    },
  };
}

/** The number of cases does not grow with the passes. */
function sumCounters(all: readonly BenchResult['counters'][]): BenchResult['counters'] {
  const sums: Record<string, number> = {};
  for (const [name, value] of all.flatMap((counters) => Object.entries(counters)))
    sums[name] = name === 'x_bench_cases' ? Math.max(sums[name] ?? 0, value) : (sums[name] ?? 0) + value;
  return sums;
}
