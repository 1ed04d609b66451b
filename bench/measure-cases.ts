// Measures the chosen cases of both kinds: jobs on one executor, then whole migrations on an executor of their own each.
import type { Executor, ExecutorInfo } from '../src/engine/plan/executor.ts';
import { GpuUnavailable } from '../src/engine/gpu/unavailable.ts';
import { arenaConfig, arenaSize, type ArenaSize } from '../src/lab/measure/arena.ts';
import type { BenchCase } from '../src/lab/measure/bench-case.ts';
import { runBench, type BenchResult } from '../src/lab/measure/bench-runner.ts';
import { benchWarnings } from '../src/lab/measure/bench-warnings.ts';
import { sumVerifications } from '../src/lab/measure/report.ts';
import type { SampleOptions } from '../src/lab/measure/sampler.ts';
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
}

export interface CaseResults {
  readonly result: BenchResult;
  readonly info: ExecutorInfo;
  readonly warnings: readonly Warning[];
}

interface Hands {
  readonly interrupt: Interrupt;
  readonly progress: Progress;
}

export async function measureCases(
  found: Found,
  cases: readonly (BenchCase | MigrateCase)[],
  choices: Choices,
): Promise<CaseResults> {
  const start = performance.now();
  const interrupt = watchInterrupt();
  const progress = createProgress(process.stderr, () => performance.now());
  try {
    const jobs = cases.filter((one) => 'prepare' in one);
    const { result, info, size, stepped } = await measureJobs(found, jobs, choices, { interrupt, progress });
    const whole = cases.filter((one) => 'experiment' in one);
    const migrations = await migrate(found, whole, choices, { interrupt, progress });
    const seconds = (performance.now() - start) / 1000;
    const all = { ...merge(result, migrations), partial: interrupt.requested(), seconds };
    return { result: all, info, warnings: [...stepped, ...benchWarnings(all, info, size)] };
  } finally {
    progress.end();
  }
}

interface JobResults extends Opened {
  readonly result: BenchResult;
  readonly info: ExecutorInfo;
}

async function measureJobs(
  found: Found,
  cases: readonly BenchCase[],
  choices: Choices,
  hands: Hands,
): Promise<JobResults> {
  const { sampling, seed, quick } = choices;
  const opened = await openArena(found, arenaSize(kindOf(found), quick));
  const options = { sampling, seed, arena: opened.size, budgetMs: quick ? QUICK_BUDGET_MS : null };
  const hooks = { now: () => performance.now(), cancelled: hands.interrupt.requested, progress: hands.progress.show };
  process.stderr.write(`measuring on ${opened.executor.info.name} …\n`);
  const result = await runBench(opened.executor, cases, options, hooks);
  opened.executor.destroy();
  return { ...opened, result, info: opened.executor.info };
}

function migrate(found: Found, cases: readonly MigrateCase[], choices: Choices, hands: Hands): Promise<MigrateResult> {
  const { interrupt, progress } = hands;
  return measureMigrations(found, cases, {
    samples: choices.sampling.samples,
    seed: choices.seed,
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
  };
}

function kindOf({ chosen }: Found): 'hardware' | 'software' | 'twin' {
  return chosen.kind === 'any' ? 'hardware' : chosen.kind;
}

interface Opened {
  readonly executor: Executor;
  readonly size: ArenaSize;
  readonly stepped: readonly Warning[];
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
