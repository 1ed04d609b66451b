// Runs benchmark cases on one executor: measures group by group, then verifies each case, and keeps what it has when stopped.
import { createRng, type Rng } from '../../base/rng.ts';
import type { Command } from '../../engine/plan/commands.ts';
import type { Executor } from '../../engine/plan/executor.ts';
import { Arena, SPACES, type ArenaSize } from './arena.ts';
import type { BenchCase } from './bench-case.ts';
import { measureClocks } from './clock-step.ts';
import type { ClockFacts } from './environment.ts';
import { Cancelled, JobRunner } from './job-runner.ts';
import { probeMetrics } from './probe-metrics.ts';
import { sumVerifications, type Metric, type Verification } from './report.ts';
import { fit, newProbe, sampleRound, warmUp, type Probe, type SampleOptions } from './sampler.ts';

export const FULL_SAMPLES: SampleOptions = { samples: 30, minSamples: 15, regionMs: 5, warmRegions: 3, warmMs: 200 };
export const QUICK_SAMPLES: SampleOptions = { samples: 9, minSamples: 5, regionMs: 5, warmRegions: 1, warmMs: 0 };

export interface BenchOptions {
  readonly sampling: SampleOptions;
  readonly seed: number;
  readonly arena: ArenaSize;
  /** Time for all measuring; when it is used up, cases get `minSamples`. Null: no limit. */
  readonly budgetMs: number | null;
  /** From this reading of the clock on nothing more is sampled: cases without `minSamples` are left out. */
  readonly endMs?: number;
  /** Ids of cases that nobody chose: they are there for others to be compared with. */
  readonly added?: ReadonlySet<string>;
}

export interface BenchHooks {
  /** Monotonic wall milliseconds. */
  readonly now: () => number;
  readonly cancelled: () => boolean;
  readonly progress: (done: number, total: number, label: string) => void;
  /** Rises with everything that makes a clock's reading doubtful, such as a hidden page; absent: nothing does. */
  readonly disturbances?: () => number;
  /** Waits while measuring makes no sense, and says whether it did: what was warm is cold then. */
  readonly quiet?: () => Promise<boolean>;
}

export interface BenchResult {
  readonly metrics: readonly Metric[];
  readonly counters: Readonly<Record<string, number>>;
  readonly verification: Verification | null;
  /** Cases that left wrong bytes, and how many. */
  readonly wrong: readonly string[];
  /** Cases for which there was no time. */
  readonly leftOut: readonly string[];
  /** Cases of which no sample was valid. */
  readonly invalid?: readonly string[];
  readonly clock: ClockFacts;
  /** Stopped before the end. */
  readonly partial: boolean;
  readonly seconds: number;
}

/** What is gathered while a run goes on, so that a stopped one keeps it. */
interface State {
  readonly runner: JobRunner;
  readonly arena: Arena;
  readonly options: BenchOptions;
  readonly hooks: BenchHooks;
  readonly rng: Rng;
  readonly total: number;
  readonly startMs: number;
  readonly metrics: Metric[];
  clock: ClockFacts;
  verification: Verification | null;
  /** Cases that left wrong bytes, and how many pages. */
  readonly wrong: string[];
  readonly leftOut: string[];
  readonly invalid: string[];
  done: number;
}

/** Measures `cases` in groups. Throws what the executor throws (DeviceLostError); a cancelled run returns what it has. */
export async function runBench(
  executor: Executor,
  cases: readonly BenchCase[],
  options: BenchOptions,
  hooks: BenchHooks,
): Promise<BenchResult> {
  const state = begin(executor, cases, options, hooks);
  let partial = false;
  try {
    await measureAll(state, cases);
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    partial = true;
  }
  return finish(state, cases, partial);
}

function begin(executor: Executor, cases: readonly BenchCase[], options: BenchOptions, hooks: BenchHooks): State {
  return {
    runner: new JobRunner(executor, hooks.now, hooks.cancelled),
    arena: new Arena(options.arena, options.seed),
    options,
    hooks,
    rng: createRng(options.seed).fork('bench'),
    total: cases.length * options.sampling.samples,
    startMs: hooks.now(),
    metrics: [],
    clock: { gpuStepNs: null, wallStepNs: null },
    verification: null,
    wrong: [],
    leftOut: [],
    invalid: [],
    done: 0,
  };
}

async function measureAll(state: State, cases: readonly BenchCase[]): Promise<void> {
  const { runner, arena, hooks } = state;
  hooks.progress(0, state.total, 'filling memory');
  await runner.run('touch every byte', [arena.fill(SPACES.system), arena.fill(SPACES.vram)]);
  state.clock = await measureClocks(runner, someCopies);
  const groups = groupsOf(cases);
  for (const [index, group] of groups.entries()) {
    const left = groups.slice(index).flat();
    await measureGroup(state, group, group.length / left.length);
  }
}

/** `count` copies of 64 KiB. */
export function someCopies(count: number): Command[] {
  const copy = {
    op: 'copy',
    srcSpace: SPACES.system,
    srcFrame: 0,
    dstSpace: SPACES.vram,
    dstFrame: 0,
    pages: 16,
  } as const;
  return Array.from({ length: count }, () => copy);
}

function groupsOf(cases: readonly BenchCase[]): BenchCase[][] {
  const groups = new Map<string, BenchCase[]>();
  for (const bench of cases) groups.set(bench.group, [...(groups.get(bench.group) ?? []), bench]);
  return [...groups.values()];
}

/** `share` is the group's part of the time that is left. */
async function measureGroup(state: State, group: readonly BenchCase[], share: number): Promise<void> {
  const { arena, options, rng } = state;
  arena.releaseTables();
  const probes = group.map((bench) => newProbe(bench, bench.prepare(arena, rng.fork(bench.group))));
  try {
    await sampleGroup(state, probes, deadlineOf(state, share));
  } finally {
    const kept = enough(state, probes);
    const { sampling, endMs, added } = options;
    const marks = { timed: endMs !== undefined, added: added ?? new Set<string>() };
    state.metrics.push(...probeMetrics(kept, state.clock, sampling, marks));
  }
  const kept = enough(state, probes);
  for (const probe of kept) await verify(state, probe);
  state.leftOut.push(...probes.filter((probe) => !kept.includes(probe)).map(({ bench }) => bench.id));
  state.invalid.push(...kept.filter(withoutSamples).map(({ bench }) => bench.id));
  state.done += options.sampling.samples * probes.length;
}

/** Probes worth a figure. Only the end of the time can leave one with too few samples while the run goes on. */
function enough(state: State, probes: readonly Probe[]): readonly Probe[] {
  const { samples, minSamples } = state.options.sampling;
  const least = Math.min(samples, minSamples);
  return outOfTime(state) ? probes.filter((probe) => probe.samples.length >= least) : probes;
}

function outOfTime({ hooks, options }: State): boolean {
  return options.endMs !== undefined && hooks.now() >= options.endMs;
}

function withoutSamples({ samples }: Probe): boolean {
  return samples.every((sample) => sample === null);
}

/** Every case gets an equal share of the time that is left. */
function deadlineOf({ hooks, options, startMs }: State, share: number): number {
  if (options.budgetMs === null) return Number.POSITIVE_INFINITY;
  const left = Math.max(0, startMs + options.budgetMs - hooks.now());
  return hooks.now() + share * left;
}

/** Each step costs time, so that each first asks whether there is any left. */
async function sampleGroup(state: State, probes: readonly Probe[], deadline: number): Promise<void> {
  const { runner, options, clock } = state;
  for (const { bench, prepared } of probes)
    if (prepared.setup.length > 0 && !outOfTime(state)) await runner.run(`${bench.id} setup`, prepared.setup);
  for (const probe of probes) if (!outOfTime(state)) await fit(runner, probe, clock, options.sampling);
  if (!outOfTime(state)) await warmUp(runner, probes, options.sampling);
  await sampleRounds(state, probes, deadline);
}

async function sampleRounds(state: State, probes: readonly Probe[], deadline: number): Promise<void> {
  const { runner, options, hooks, rng } = state;
  const { samples, minSamples } = options.sampling;
  const label = probes[0]?.bench.group ?? '';
  const order = rng.fork(`order of ${label}`);
  for (let round = 0; round < samples && !outOfTime(state); round++) {
    if (round >= minSamples && hooks.now() > deadline) break;
    hooks.progress(state.done + round * probes.length, state.total, label);
    if ((await hooks.quiet?.()) === true) await warmUp(runner, probes, options.sampling);
    await sampleRound(runner, probes, order, hooks.disturbances);
  }
}

/** The destination is spoilt first: only this case's own commands can make it right again. */
async function verify(state: State, { bench, prepared }: Probe): Promise<void> {
  if (prepared.check === null) return;
  const { completion } = await state.runner.run(`${bench.id} check`, prepared.check.commands);
  const { pagesChecked, mismatchedPages } = prepared.check.judge(completion);
  if (mismatchedPages > 0) state.wrong.push(`${bench.id}: ${mismatchedPages} of ${pagesChecked} pages`);
  state.verification = sumVerifications(state.verification, { pagesChecked, mismatchedPages });
}

function finish(state: State, cases: readonly BenchCase[], partial: boolean): BenchResult {
  const { runner, metrics, clock, verification, wrong, leftOut, invalid, hooks, startMs } = state;
  const order = new Map(cases.map((bench, i) => [bench.id, i]));
  metrics.sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
  const samples = metrics.reduce((sum, { n }) => sum + n, 0);
  const counters = { x_bench_jobs: runner.jobs, x_bench_cases: metrics.length, x_bench_samples: samples };
  const seconds = (hooks.now() - startMs) / 1000;
  return { metrics, counters, verification, wrong, leftOut, invalid, clock, partial, seconds };
}
