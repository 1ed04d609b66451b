// The A/A mode: one case against itself, again and again, to see how often the test of `compare` finds what is not there.
import { createRng, type Rng } from '../../base/rng.ts';
import type { Executor } from '../../engine/plan/executor.ts';
import { Arena, SPACES, type ArenaSize } from './arena.ts';
import type { BenchCase } from './bench-case.ts';
import { someCopies, type BenchHooks, type BenchResult } from './bench-runner.ts';
import { measureClocks } from './clock-step.ts';
import type { ClockFacts } from './environment.ts';
import { Cancelled, JobRunner } from './job-runner.ts';
import { probeMetrics } from './probe-metrics.ts';
import { wilson } from './proportion.ts';
import type { AaFacts, Verification } from './report.ts';
import { fit, newProbe, sampleRound, warmUp, type Probe, type SampleOptions } from './sampler.ts';
import { ALPHA, claimsDifference, LEAST_SAMPLES } from './verdict.ts';
import { warning } from './warnings.ts';

export interface AaOptions {
  readonly trials: number;
  /** `samples` are those of one side of one trial. */
  readonly sampling: SampleOptions;
  readonly seed: number;
  readonly arena: ArenaSize;
}

export interface AaResult {
  readonly result: BenchResult;
  /** Null when not one trial was finished. */
  readonly aa: AaFacts | null;
}

interface State {
  readonly runner: JobRunner;
  readonly bench: BenchCase;
  readonly options: AaOptions;
  readonly hooks: BenchHooks;
  readonly rng: Rng;
  /** Both sides, which are the same case on the same buffers. */
  readonly sides: readonly [Probe, Probe];
  /** Of all trials, for the report. */
  readonly all: Probe;
  clock: ClockFacts;
  trials: number;
  claims: number;
  verification: Verification | null;
}

/** Runs the trials. Throws what the executor throws (DeviceLostError); a cancelled run returns the trials it has. */
export async function runAa(
  executor: Executor,
  bench: BenchCase,
  options: AaOptions,
  hooks: BenchHooks,
): Promise<AaResult> {
  const startMs = hooks.now();
  const arena = new Arena(options.arena, options.seed);
  const state = begin(executor, bench, arena, options, hooks);
  let partial = false;
  try {
    await measure(state, arena);
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    partial = true;
  }
  return { result: resultOf(state, partial, (hooks.now() - startMs) / 1000), aa: factsOf(state) };
}

function begin(executor: Executor, bench: BenchCase, arena: Arena, options: AaOptions, hooks: BenchHooks): State {
  const rng = createRng(options.seed).fork('aa');
  const prepared = bench.prepare(arena, rng.fork(bench.group));
  return {
    runner: new JobRunner(executor, hooks.now, hooks.cancelled),
    bench,
    options,
    hooks,
    rng,
    sides: [newProbe(bench, prepared), newProbe(bench, prepared)],
    all: newProbe(bench, prepared),
    clock: { gpuStepNs: null, wallStepNs: null },
    trials: 0,
    claims: 0,
    verification: null,
  };
}

async function measure(state: State, arena: Arena): Promise<void> {
  const { runner, bench, options, hooks, sides, rng } = state;
  const { prepared } = sides[0];
  await runner.run('touch every byte', [arena.fill(SPACES.system), arena.fill(SPACES.vram)]);
  state.clock = await measureClocks(runner, someCopies);
  if (prepared.setup.length > 0) await runner.run(`${bench.id} setup`, prepared.setup);
  await fit(runner, sides[0], state.clock, options.sampling);
  for (const other of [sides[1], state.all]) Object.assign(other, { ops: sides[0].ops, source: sides[0].source });
  await warmUp(runner, sides, options.sampling);
  const order = rng.fork('order');
  for (let trial = 0; trial < options.trials; trial++) {
    hooks.progress(trial, options.trials, `${bench.id} against itself`);
    await oneTrial(state, order);
  }
  if (prepared.check === null) return;
  const { completion } = await runner.run(`${bench.id} check`, prepared.check.commands);
  state.verification = prepared.check.judge(completion);
}

/** Both sides take turns, as the cases of a group do. A trial that lost too many timestamps is no trial. */
async function oneTrial(state: State, order: Rng): Promise<void> {
  const { runner, options, hooks, sides, all, rng } = state;
  for (const side of sides) side.samples.length = 0;
  for (let round = 0; round < options.sampling.samples; round++) {
    if ((await hooks.quiet?.()) === true) await warmUp(runner, sides, options.sampling);
    await sampleRound(runner, sides, order, hooks.disturbances);
  }
  const [a, b] = sides.map(({ samples }) => samples.filter((sample) => sample !== null)) as [number[], number[]];
  all.samples.push(...a, ...b);
  if (Math.min(a.length, b.length) < LEAST_SAMPLES) return;
  state.trials++;
  if (claimsDifference(a, b, rng)) state.claims++;
}

function factsOf({ bench, options, trials, claims }: State): AaFacts | null {
  if (trials === 0) return null;
  const { samples } = options.sampling;
  return { case: bench.id, trials, samplesPerSide: samples, claims, alpha: ALPHA, ...wilson(claims, trials) };
}

function resultOf(state: State, partial: boolean, seconds: number): BenchResult {
  const { runner, bench, options, sides, all, clock, verification } = state;
  all.regionNs.push(...sides.flatMap(({ regionNs }) => regionNs));
  all.dropped = sides[0].dropped + sides[1].dropped;
  const metrics = probeMetrics([all], clock, options.sampling);
  const wrongPages = verification?.mismatchedPages ?? 0;
  const wrong = wrongPages > 0 ? [`${bench.id}: ${wrongPages} of ${verification?.pagesChecked} pages`] : [];
  const counters = { x_bench_jobs: runner.jobs, x_bench_cases: metrics.length, x_bench_samples: all.samples.length };
  return { metrics, counters, verification, wrong, leftOut: [], clock, partial, seconds };
}

/** What the trials say, for people. */
export function aaLines(aa: AaFacts): string[] {
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const { trials, samplesPerSide, claims, rate, low, high, alpha } = aa;
  return [
    `A/A: ${aa.case} against itself, ${trials} trials of ${samplesPerSide} samples a side`,
    `a difference was claimed in ${claims} (${percent(rate)}; 95 % interval ${percent(low)} … ${percent(high)})`,
    tooOften(aa)
      ? `the interval lies above ${percent(alpha)}: comparisons on this machine claim too much`
      : `the interval ${high < alpha ? 'lies below' : 'includes'} ${percent(alpha)}: comparisons claim no more than they should`,
  ];
}

/** The doubt that too many claims raise. */
export function aaWarnings(aa: AaFacts | null): ReturnType<typeof warning>[] {
  if (aa === null || !tooOften(aa)) return [];
  return [warning('claims-too-often', `${aa.claims} of ${aa.trials} trials claimed a difference`)];
}

function tooOften({ low, alpha }: AaFacts): boolean {
  return low > alpha;
}
