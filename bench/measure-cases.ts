// Measures the chosen cases of both kinds: jobs on one executor, then whole migrations on an executor of their own each.
import { createRng } from '../src/base/rng.ts';
import type { Executor, ExecutorInfo } from '../src/engine/plan/executor.ts';
import { GpuUnavailable } from '../src/engine/gpu/unavailable.ts';
import { arenaConfig, arenaSize, type ArenaSize } from '../src/lab/measure/arena.ts';
import type { BenchCase } from '../src/lab/measure/bench-case.ts';
import { runBench, type BenchResult } from '../src/lab/measure/bench-runner.ts';
import { mergePasses } from '../src/lab/measure/merge-passes.ts';
import { sumVerifications } from '../src/lab/measure/report.ts';
import { shuffled, type SampleOptions } from '../src/lab/measure/sampler.ts';
import { warning, type Warning } from '../src/lab/measure/warnings.ts';
import { openFound, type Found } from './adapter.ts';
import type { MigrateCase } from './cases/migrate.ts';
import { CommandError, EXIT } from './exit.ts';
import { watchInterrupt, type Interrupt } from './interrupt.ts';
import { measureMigrations, type MigrateResult } from './migrate.ts';
import { createProgress, type Progress } from './progress.ts';

/** What measuring jobs may take in a quick run, so that the whole command stays within a minute. */
const QUICK_BUDGET_MS = 30_000;

export interface Choices {
  readonly sampling: SampleOptions;
  readonly seed: number;
  readonly quick: boolean;
  /** How often the whole selection is measured. */
  readonly repeat: number;
  /** Time for everything; null: no limit. */
  readonly budgetMs: number | null;
}

export interface CaseResults {
  readonly result: BenchResult;
  readonly info: ExecutorInfo;
  readonly size: ArenaSize;
  /** Said when memory was stepped down. */
  readonly stepped: readonly Warning[];
}

interface Hands {
  readonly interrupt: Interrupt;
  readonly progress: Progress;
}

/** One pass over the selection. */
interface Turn {
  readonly index: number;
  readonly seed: number;
  /** Readings of the clock at which sampling of jobs and of migrations ends. */
  readonly end: { readonly jobs: number; readonly all: number } | null;
}

/** Measures `cases` as often as `choices` say. An interrupted one keeps what it has. */
export async function measureCases(
  found: Found,
  cases: readonly (BenchCase | MigrateCase)[],
  choices: Choices,
): Promise<CaseResults> {
  const start = performance.now();
  const interrupt = watchInterrupt();
  const progress = createProgress(process.stderr, () => performance.now());
  const passes: CaseResults[] = [];
  try {
    for (let index = 0; index < choices.repeat && !(index > 0 && interrupt.requested()); index++) {
      const turn = { index, seed: passSeed(choices.seed, index), end: endOf(cases, choices, start, index) };
      passes.push(await onePass(found, shuffledAfterFirst(cases, turn), choices, turn, { interrupt, progress }));
    }
  } finally {
    progress.end();
  }
  const seconds = (performance.now() - start) / 1000;
  return joined(passes, cases, { partial: interrupt.requested(), seconds, seed: choices.seed });
}

/** The first pass has the seed itself, so that a single one is what it always was. */
function passSeed(seed: number, index: number): number {
  return index === 0 ? seed : createRng(seed).fork(`pass ${index}`).u32();
}

function shuffledAfterFirst<T>(cases: readonly T[], { index, seed }: Turn): readonly T[] {
  return index === 0 ? cases : shuffled(cases, createRng(seed).fork('order of cases'));
}

/** Passes share the time equally; within one, groups of jobs and experiments with migrations do. */
function endOf(
  cases: readonly (BenchCase | MigrateCase)[],
  { budgetMs, repeat }: Choices,
  start: number,
  index: number,
): Turn['end'] {
  if (budgetMs === null) return null;
  const now = performance.now();
  const share = Math.max(0, start + budgetMs - now) / (repeat - index);
  const groups = new Set(cases.flatMap((one) => ('prepare' in one ? [one.group] : []))).size;
  const experiments = new Set(cases.flatMap((one) => ('experiment' in one ? [one.experiment] : []))).size;
  return { jobs: now + (share * groups) / Math.max(1, groups + experiments), all: now + share };
}

async function onePass(
  found: Found,
  cases: readonly (BenchCase | MigrateCase)[],
  choices: Choices,
  turn: Turn,
  hands: Hands,
): Promise<CaseResults> {
  const jobs = cases.filter((one) => 'prepare' in one);
  const { result, info, size, stepped } = await measureJobs(found, jobs, choices, turn, hands);
  const whole = cases.filter((one) => 'experiment' in one);
  const both = merge(result, await migrate(found, whole, choices, turn, hands));
  return { result: both, info, size, stepped };
}

async function measureJobs(
  found: Found,
  cases: readonly BenchCase[],
  choices: Choices,
  turn: Turn,
  { interrupt, progress }: Hands,
): Promise<CaseResults> {
  const { sampling, quick, repeat } = choices;
  const opened = await openBenchArena(found, quick);
  const { index, seed, end } = turn;
  const hooks = {
    now: () => performance.now(),
    cancelled: interrupt.requested,
    progress: (done: number, total: number, label: string): void =>
      progress.show(index * total + done, repeat * total, repeat === 1 ? label : `pass ${index + 1} · ${label}`),
  };
  const limit =
    end === null
      ? { budgetMs: quick ? QUICK_BUDGET_MS : null }
      : { budgetMs: Math.max(0, end.jobs - hooks.now()), endMs: end.jobs };
  process.stderr.write(`measuring on ${opened.executor.info.name} …\n`);
  const result = await runBench(opened.executor, cases, { sampling, seed, arena: opened.size, ...limit }, hooks);
  opened.executor.destroy();
  return { ...opened, result, info: opened.executor.info };
}

function migrate(
  found: Found,
  cases: readonly MigrateCase[],
  { sampling }: Choices,
  { seed, end }: Turn,
  { interrupt, progress }: Hands,
): Promise<MigrateResult> {
  return measureMigrations(found, cases, {
    samples: sampling.samples,
    minSamples: Math.min(sampling.samples, sampling.minSamples),
    seed,
    endMs: end?.all ?? null,
    cancelled: interrupt.requested,
    running: (run, name) => {
      progress.show(0, null, name);
      interrupt.onRequest = () => run.abandon();
    },
  });
}

function merge(jobs: BenchResult, migrations: MigrateResult): BenchResult {
  return {
    ...jobs,
    metrics: [...jobs.metrics, ...migrations.metrics],
    counters: { ...jobs.counters, ...migrations.counters },
    verification: sumVerifications(jobs.verification, migrations.verification),
    wrong: [...jobs.wrong, ...migrations.wrong],
    leftOut: [...jobs.leftOut, ...migrations.leftOut],
  };
}

/** All passes as one result, in the order of `cases`. A case counts as left out when no pass has it. */
function joined(
  passes: readonly CaseResults[],
  cases: readonly { readonly id: string }[],
  { seed, ...end }: Pick<BenchResult, 'partial' | 'seconds'> & { readonly seed: number },
): CaseResults {
  const results = passes.map(({ result }) => result);
  const merged = mergePasses(
    results.map(({ metrics }) => metrics),
    createRng(seed).fork('passes'),
  );
  const metrics = cases.flatMap(({ id }) => merged.filter((one) => one.id === id));
  const leftOut = [...new Set(results.flatMap((one) => one.leftOut))];
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
      leftOut: leftOut.filter((id) => !metrics.some((one) => one.id === id)),
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

function kindOf({ chosen }: Found): 'hardware' | 'software' | 'twin' {
  return chosen.kind === 'any' ? 'hardware' : chosen.kind;
}

interface Opened {
  readonly executor: Executor;
  readonly size: ArenaSize;
  readonly stepped: readonly Warning[];
}

/** The memory that this adapter is measured with. Throws CommandError when there is too little. */
export function openBenchArena(found: Found, quick: boolean): Promise<Opened> {
  return openArena(found, arenaSize(kindOf(found), quick));
}

/** Default sizes are stepped down until they fit (design.md §8 Sizes). */
async function openArena(found: Found, size: ArenaSize): Promise<Opened> {
  let fitting = size;
  for (;;) {
    const executor = await openFound(found, arenaConfig(fitting));
    if (!(executor instanceof GpuUnavailable)) return { executor, size: fitting, stepped: stepsDown(size, fitting) };
    const half = { ...fitting, dataPages: fitting.dataPages / 2 };
    const memory = executor.reason === 'limits' || executor.reason === 'out-of-memory';
    if (!memory || half.dataPages < 512) throw new CommandError(EXIT.noAdapter, executor.message);
    fitting = half;
  }
}

function stepsDown(from: ArenaSize, to: ArenaSize): Warning[] {
  if (from.dataPages === to.dataPages) return [];
  return [warning('vram-stepped-down', `${to.dataPages / 256} MiB a space instead of ${from.dataPages / 256}`)];
}
