// The verb `run`: measures cases on the best adapter at hand, prints a table, writes a report.
import type { Executor } from '../src/engine/plan/executor.ts';
import { GpuUnavailable } from '../src/engine/gpu/unavailable.ts';
import { arenaConfig, arenaSize, type ArenaSize } from '../src/lab/measure/arena.ts';
import type { BenchCase } from '../src/lab/measure/bench-case.ts';
import {
  FULL_SAMPLES,
  QUICK_SAMPLES,
  runBench,
  type BenchOptions,
  type BenchResult,
} from '../src/lab/measure/bench-runner.ts';
import { environmentOf, TOOL } from '../src/lab/measure/environment.ts';
import { report, type Report } from '../src/lab/measure/report.ts';
import { reportTable } from '../src/lab/measure/table.ts';
import { warning, type Warning } from '../src/lab/measure/warnings.ts';
import { DEFAULT_SCENARIO } from '../src/lab/session/scenario.ts';
import { findAdapter, openFound, type Found } from './adapter.ts';
import { SAMPLES, wholeNumber, type CommandLine } from './arguments.ts';
import { CATALOGUE } from './cases/catalogue.ts';
import { CommandError, EXIT, usageError } from './exit.ts';
import { nodeHost } from './host-facts.ts';
import { watchInterrupt } from './interrupt.ts';
import { createProgress } from './progress.ts';
import { reportPath, writeReport } from './report-file.ts';
import { scenarioFromFlags } from './scenario-flags.ts';

/** What all measuring of a quick run may take, so that the whole command stays within a minute. */
const QUICK_BUDGET_MS = 40_000;

/** Runs the verb; returns the exit status. Throws CommandError on bad usage. */
export async function runVerb(command: CommandLine): Promise<number> {
  const { flags, operands } = command;
  const cases = selectCases(operands);
  const { engine, run } = scenarioFromFlags(DEFAULT_SCENARIO, flags);
  const quick = flags.has('--quick');
  const samples = flags.get(SAMPLES.flag);
  const wanted = samples === undefined ? null : wholeNumber(SAMPLES, samples, 5, 10_000);
  const started = new Date();
  const path = reportPath(flags.get('--json'), started);
  const found = await findAdapter(engine.adapter, process.env);
  const { executor, size, stepped } = await openArena(found, arenaSize(kindOf(found), quick));
  const sampling = { ...(quick ? QUICK_SAMPLES : FULL_SAMPLES), ...(wanted === null ? {} : { samples: wanted }) };
  const options = { sampling, seed: run.seed, arena: size, budgetMs: quick ? QUICK_BUDGET_MS : null };
  const result = await measure(executor, cases, options);
  const choices = {
    adapter: engine.adapter,
    seed: run.seed,
    quick,
    samples: sampling.samples,
    cases: cases.map(({ id }) => id),
  };
  const made = compose(result, { found, executor, choices, started, stepped });
  executor.destroy();
  process.stdout.write(`${reportTable(made)}\n`);
  writeReport(path, made);
  process.stderr.write(`report: ${path}\n`);
  return statusOf(made);
}

/** Cases by id, or by the first parts of ids; all without any. */
export function selectCases(ids: readonly string[]): readonly BenchCase[] {
  if (ids.length === 0) return CATALOGUE;
  const matches = (id: string, wanted: string): boolean => id === wanted || id.startsWith(`${wanted}.`);
  const unknown = ids.find((wanted) => !CATALOGUE.some(({ id }) => matches(id, wanted)));
  if (unknown !== undefined)
    throw usageError('case', unknown, 'ids that `list` prints, or their first parts such as copy.up');
  return CATALOGUE.filter(({ id }) => ids.some((wanted) => matches(id, wanted)));
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

async function measure(executor: Executor, cases: readonly BenchCase[], options: BenchOptions): Promise<BenchResult> {
  const now = (): number => performance.now();
  const interrupt = watchInterrupt();
  const progress = createProgress(process.stderr, now);
  try {
    return await runBench(executor, cases, options, { now, cancelled: interrupt.requested, progress: progress.show });
  } finally {
    progress.end();
  }
}

interface Surroundings {
  readonly found: Found;
  readonly executor: Executor;
  readonly choices: Readonly<Record<string, unknown>>;
  readonly started: Date;
  readonly stepped: readonly Warning[];
}

function compose(result: BenchResult, { found, executor, choices, started, stepped }: Surroundings): Report {
  const { info } = executor;
  return report({
    createdAt: started.toISOString(),
    tool: { ...TOOL, command: process.argv.slice(2).join(' ') },
    environment: environmentOf({ host: nodeHost(), info, clock: result.clock, fallback: found.chosen.fallback }),
    scenario: { ...choices },
    run: {
      kind: 'bench',
      executor: info.kind,
      clock: 'live',
      copyMode: 'both',
      wait: 'none',
      systemPages: 'device',
      seconds: result.seconds,
    },
    metrics: [...result.metrics],
    counters: { ...result.counters },
    verification: result.verification,
    eventHash: null,
    notes: [],
    partial: result.partial,
    warnings: [...stepped, ...result.warnings],
  });
}

function statusOf({ verification, partial }: Report): number {
  if ((verification?.mismatchedPages ?? 0) > 0) return EXIT.wrong;
  return partial ? EXIT.cancelled : EXIT.fine;
}
