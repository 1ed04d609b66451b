// Measures cases against themselves, one after the other, each on memory opened for it as a benchmark would open it.
import { runAa, type AaResult } from '../measure/aa.ts';
import type { BenchCase } from '../measure/bench-case.ts';
import type { BenchResult } from '../measure/bench-runner.ts';
import { sumVerifications, type AaFacts } from '../measure/report.ts';
import { benchHooks } from './bench-hooks.ts';
import type { BenchHost } from './bench-host.ts';
import type { Choices } from './choices.ts';
import type { CaseResults } from './measure-cases.ts';
import { openArena } from './open-arena.ts';

type AaResults = CaseResults & { readonly aa: readonly AaFacts[] };

/** At least one case. Throws BenchFailure without memory, and what the executor throws. A cancelled one keeps what it has. */
export async function measureAa(
  host: BenchHost,
  benches: readonly BenchCase[],
  trials: number,
  choices: Choices,
): Promise<AaResults> {
  const start = host.now();
  const all: AaResults[] = [];
  for (const bench of benches) {
    if (all.length > 0 && host.cancelled()) break;
    all.push(await measureOne(host, bench, trials, choices));
  }
  const seconds = (host.now() - start) / 1000;
  const result = joined(all.map((one) => one.result));
  const partial = result.partial || all.length < benches.length;
  return { ...(all[0] as AaResults), result: { ...result, partial, seconds }, aa: all.flatMap(({ aa }) => aa) };
}

async function measureOne(
  host: BenchHost,
  bench: BenchCase,
  trials: number,
  { sampling, seed, quick }: Choices,
): Promise<AaResults> {
  const opened = await openArena(host, quick);
  const { info } = opened.executor;
  host.note(`measuring ${bench.id} on ${info.name} …`);
  try {
    const hooks = benchHooks(host, (done, total, label) => host.progress(done, total, label));
    const options = { trials, sampling, seed, arena: opened.size };
    const { result, aa }: AaResult = await runAa(opened.executor, bench, options, hooks);
    return { ...opened, result, info, aa: aa === null ? [] : [aa] };
  } finally {
    opened.executor.destroy();
  }
}

function joined(results: readonly BenchResult[]): BenchResult {
  return {
    ...(results[0] as BenchResult),
    metrics: results.flatMap(({ metrics }) => metrics),
    counters: addUp(results.map(({ counters }) => counters)),
    verification: results.map(({ verification }) => verification).reduce(sumVerifications, null),
    wrong: results.flatMap(({ wrong }) => wrong),
    partial: results.some(({ partial }) => partial),
  };
}

function addUp(all: readonly BenchResult['counters'][]): BenchResult['counters'] {
  const sums: Record<string, number> = {};
  for (const [name, value] of all.flatMap((counters) => Object.entries(counters)))
    sums[name] = (sums[name] ?? 0) + value;
  return sums;
}
