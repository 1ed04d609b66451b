// Measures the chosen cases of both kinds: jobs on one executor, then experiments on executors of their own.
import { createRng } from '../../base/rng.ts';
import type { ExecutorInfo } from '../../engine/plan/executor.ts';
import type { ArenaSize } from '../measure/arena.ts';
import type { BenchCase } from '../measure/bench-case.ts';
import { runBench, type BenchResult } from '../measure/bench-runner.ts';
import { shuffled } from '../measure/sampler.ts';
import { warning, type Warning } from '../measure/warnings.ts';
import { benchHooks, disturbancesOf, untilQuiet } from './bench-hooks.ts';
import type { BenchHost } from './bench-host.ts';
import type { Choices } from './choices.ts';
import type { AnyCase, ExperimentCase, ExperimentResult } from './experiment.ts';
import { joinPasses, withExperiment } from './join-results.ts';
import { openArena } from './open-arena.ts';
import type { Selection } from './select-cases.ts';

/** What measuring jobs may take in a quick run, so that the whole command stays within a minute. */
const QUICK_BUDGET_MS = 25_000;
/** How often an experiment that was disturbed is measured. */
const TRIES = 3;

export interface CaseResults {
  readonly result: BenchResult;
  readonly info: ExecutorInfo;
  readonly size: ArenaSize;
  /** Said when memory was stepped down. */
  readonly stepped: readonly Warning[];
}

/** One pass over the selection. */
interface Turn {
  readonly index: number;
  readonly seed: number;
  /** Readings of the clock at which sampling of jobs and of everything ends. */
  readonly end: { readonly jobs: number; readonly all: number } | null;
  /** Ids of cases that nobody chose. */
  readonly added: ReadonlySet<string>;
}

/**
 * Measures `cases` as often as `choices` say. A cancelled one keeps what it has. Throws BenchFailure when there is no
 * memory or a run of the model fails, and what the executor throws (DeviceLostError).
 */
export async function measureCases(
  host: BenchHost,
  { cases, added }: Pick<Selection, 'cases' | 'added'>,
  choices: Choices,
): Promise<CaseResults> {
  const start = host.now();
  const passes: CaseResults[] = [];
  for (let index = 0; index < choices.repeat && !(index > 0 && host.cancelled()); index++) {
    const end = endOf(host, cases, choices, start, index);
    const turn = { index, seed: passSeed(choices.seed, index), end, added };
    passes.push(await onePass(host, shuffledAfterFirst(cases, turn), choices, turn));
  }
  const seconds = (host.now() - start) / 1000;
  return joinPasses(passes, cases, { partial: host.cancelled(), seconds });
}

/** The first pass has the seed itself, so that a single one is what it always was. */
function passSeed(seed: number, index: number): number {
  return index === 0 ? seed : createRng(seed).fork(`pass ${index}`).u32();
}

function shuffledAfterFirst<T>(cases: readonly T[], { index, seed }: Turn): readonly T[] {
  return index === 0 ? cases : shuffled(cases, createRng(seed).fork('order of cases'));
}

/** Passes share the time equally; within one, groups of jobs and experiments do. */
function endOf(
  host: BenchHost,
  cases: readonly AnyCase[],
  { budgetMs, repeat }: Choices,
  start: number,
  index: number,
): Turn['end'] {
  if (budgetMs === null) return null;
  const now = host.now();
  const share = Math.max(0, start + budgetMs - now) / (repeat - index);
  const groups = new Set(jobsOf(cases).map(({ group }) => group)).size;
  const experiments = new Set(experimentsOf(cases).map(({ experiment }) => experiment)).size;
  return { jobs: now + (share * groups) / Math.max(1, groups + experiments), all: now + share };
}

function jobsOf(cases: readonly AnyCase[]): BenchCase[] {
  return cases.filter((one) => 'prepare' in one);
}

function experimentsOf(cases: readonly AnyCase[]): ExperimentCase[] {
  return cases.filter((one) => 'experiment' in one);
}

async function onePass(host: BenchHost, cases: readonly AnyCase[], choices: Choices, turn: Turn): Promise<CaseResults> {
  const measured = await measureJobs(host, jobsOf(cases), choices, turn);
  let result = measured.result;
  for await (const one of measureExperiments(host, experimentsOf(cases), choices, turn))
    result = withExperiment(result, one);
  return { ...measured, result };
}

async function measureJobs(
  host: BenchHost,
  cases: readonly BenchCase[],
  { sampling, quick, repeat }: Choices,
  { index, seed, end, added }: Turn,
): Promise<CaseResults> {
  const { executor, size, stepped } = await openArena(host, quick);
  const hooks = benchHooks(host, (done, total, label) =>
    host.progress(index * total + done, repeat * total, repeat === 1 ? label : `pass ${index + 1} · ${label}`),
  );
  const limit =
    end === null
      ? { budgetMs: quick ? QUICK_BUDGET_MS : null }
      : { budgetMs: Math.max(0, end.jobs - host.now()), endMs: end.jobs };
  host.note(`measuring on ${executor.info.name} …`);
  try {
    const result = await runBench(executor, cases, { sampling, seed, arena: size, added, ...limit }, hooks);
    return { result, info: executor.info, size, stepped };
  } finally {
    executor.destroy();
  }
}

/** One experiment after the other, each with those of its cases that were chosen. */
async function* measureExperiments(
  host: BenchHost,
  cases: readonly ExperimentCase[],
  { sampling }: Choices,
  { seed, end, added }: Turn,
): AsyncGenerator<ExperimentResult> {
  const { samples } = sampling;
  const options = { samples, minSamples: Math.min(samples, sampling.minSamples), seed, endMs: end?.all ?? null };
  for (const experiment of new Set(cases.map((one) => one.experiment))) {
    if (host.cancelled()) return;
    const mine = cases.filter((one) => one.experiment === experiment);
    if (options.endMs !== null && host.now() >= options.endMs) yield noTime(mine);
    else yield marked(await undisturbed(host, () => experiment.measure(host, mine, options)), added);
    host.running(null, '');
  }
}

function noTime(cases: readonly ExperimentCase[]): ExperimentResult {
  return { metrics: [], verification: null, wrong: [], leftOut: cases.map(({ id }) => id), counters: {} };
}

/** Metrics of cases that nobody chose say so. */
function marked(result: ExperimentResult, added: ReadonlySet<string>): ExperimentResult {
  const metrics = result.metrics.map((one) =>
    added.has(one.id) ? { ...one, params: { ...one.params, added: true } } : one,
  );
  return { ...result, metrics };
}

/** An experiment is one long reading: what disturbed it is measured again, and marked when it will not come to rest. */
async function undisturbed(host: BenchHost, measure: () => Promise<ExperimentResult>): Promise<ExperimentResult> {
  for (let tries = 1; ; tries++) {
    await untilQuiet(host);
    const before = disturbancesOf(host);
    const result = await measure();
    if (disturbancesOf(host) === before) return result;
    if (tries === TRIES || host.cancelled()) return doubtful(result);
  }
}

function doubtful(result: ExperimentResult): ExperimentResult {
  const doubt = warning('hidden-tab', 'the page was hidden while this was measured');
  return { ...result, metrics: result.metrics.map((one) => ({ ...one, warnings: [...one.warnings, doubt] })) };
}
