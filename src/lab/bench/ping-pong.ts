// Measures how many bytes travel a second when GPU and CPU touch the same pages in turn, under a timeslice that protects them.
import { createRng } from '../../base/rng.ts';
import { NS_PER_MS, NS_PER_S, PAGE_SIZE } from '../../base/units.ts';
import { GpuUnavailable } from '../../engine/gpu/unavailable.ts';
import { ACCESS_RESULT_WORDS } from '../../engine/plan/commands.ts';
import type { Op } from '../../model/sched/op.ts';
import { metric, type Metric } from '../measure/report.ts';
import { shuffled } from '../measure/sampler.ts';
import { pairedRatio } from '../measure/stats.ts';
import { warning } from '../measure/warnings.ts';
import { runCpuList } from '../session/cpu-client.ts';
import { runGpuLists } from '../session/gpu-client.ts';
import { executorConfig } from '../session/machine.ts';
import { populate } from '../session/populate.ts';
import type { ProgramParts } from '../session/program.ts';
import { Run } from '../session/run.ts';
import { parseScenario, type Scenario } from '../session/scenario.ts';
import { sizesOf } from '../session/sizing.ts';
import type { AccessList } from '../workload/workload.ts';
import {
  BenchFailure,
  type Experiment,
  type ExperimentCase,
  type ExperimentHost,
  type ExperimentOptions,
  type ExperimentResult,
} from './experiment.ts';
import { areaOf, touchAll } from './touched-area.ts';

/** Rounds that warm up: the first touches of everything. */
const WARM_ROUNDS = 2;

export interface PingPong {
  readonly name: string;
  /** Chunk ladder in bytes; the first is the size of the ranges. */
  readonly chunks: readonly number[];
  /** Ranges that travel there and back in each round. */
  readonly ranges: number;
  /** Timeslices in milliseconds, by the case that measures each. */
  readonly timeslices: ReadonlyMap<string, number>;
}

/** What one round took and moved. */
interface Round {
  readonly ms: number;
  readonly bytes: number;
  /** CPU touches that the timeslice sent back to wait. */
  readonly refusals: number;
}

/** Rounds by case. */
type Rounds = ReadonlyMap<string, Round[]>;

/** One run measures all timeslices in turns: a timeslice may change while a run goes on. */
export function pingPongExperiment(game: PingPong): Experiment {
  return { name: game.name, measure: (host, cases, options) => measure(host, game, cases, options) };
}

async function measure(
  host: ExperimentHost,
  game: PingPong,
  cases: readonly ExperimentCase[],
  options: ExperimentOptions,
): Promise<ExperimentResult> {
  const rounds: Rounds = new Map(cases.map(({ id }) => [id, []]));
  const verification = await play(host, game, rounds, options);
  const wrongPages = verification?.mismatchedPages ?? 0;
  const least = Math.min(options.samples, options.minSamples);
  const enough = (id: string): boolean => (rounds.get(id)?.length ?? 0) >= least;
  return {
    metrics: cases.filter(({ id }) => enough(id)).map((one) => roundMetric(one, game, rounds, options.samples)),
    verification,
    wrong: wrongPages > 0 ? [`${game.name}: ${wrongPages} pages`] : [],
    leftOut: cases.filter(({ id }) => !enough(id)).map(({ id }) => id),
    counters: { x_bench_ping_pong_rounds: [...rounds.values()].reduce((sum, list) => sum + list.length, 0) },
  };
}

async function play(
  host: ExperimentHost,
  game: PingPong,
  rounds: Rounds,
  options: ExperimentOptions,
): Promise<ExperimentResult['verification']> {
  const workload = areaOf(game.name, (game.ranges * (game.chunks[0] as number)) / PAGE_SIZE);
  const scenario = scenarioOf(game, options.seed);
  const sizes = sizesOf(workload, { kind: 'percent', percent: 200 });
  const executor = await host.open(executorConfig(scenario, sizes));
  if (executor instanceof GpuUnavailable) throw new BenchFailure('unfinished', `${game.name}: ${executor.message}`);
  const moved = (): Moved => movedBy(run);
  const program = (parts: ProgramParts): Op<void> => rally(parts, { game, host, options, moved, rounds });
  const run: Run = new Run({ scenario, sizes, workload, executor, wall: () => host.now(), program });
  host.running(() => run.abandon(), game.name);
  try {
    const { failure, verification } = await run.start();
    if (failure !== null) throw new BenchFailure('unfinished', `${game.name}: ${failure}`);
    return verification;
  } finally {
    executor.destroy();
  }
}

function scenarioOf({ chunks, ranges }: PingPong, seed: number): Scenario {
  const result = parseScenario({
    workload: { batch: ranges },
    migration: { chunks, timeslice: { deviceOnlyMs: 0, overrideMs: 0 } },
    engine: { copyMode: 'translated', wait: 'wait' },
    run: { clock: 'live', seed, verify: true },
  });
  if (!result.ok) throw new Error(result.message);
  return result.scenario;
}

type Moved = Omit<Round, 'ms'>;

/** Since the run began. */
function movedBy(run: Run): Moved {
  const { bytesToVram, bytesToRam } = run.recorder.totals;
  return { bytes: bytesToVram + bytesToRam, refusals: run.recorder.counters()['x_event_timeslice_refusal'] ?? 0 };
}

interface Rally {
  readonly game: PingPong;
  readonly host: ExperimentHost;
  readonly options: ExperimentOptions;
  readonly moved: () => Moved;
  readonly rounds: Rounds;
}

/** Round after round: under each timeslice, in mixed order, the GPU adds to one word of every range, then the CPU does. */
function* rally(parts: ProgramParts, { game, host, options, moved, rounds }: Rally): Op<void> {
  const { machine, workload, oracle, progress } = parts;
  yield* populate(machine.world, machine.mm, workload.vmas, oracle);
  progress.populated = true;
  parts.onPopulated();
  const list = touchAll(game.ranges, (game.chunks[0] as number) / PAGE_SIZE);
  const order = createRng(options.seed).fork(`order of ${game.name}`);
  const over = (): boolean => host.cancelled() || (options.endMs !== null && host.now() >= options.endMs);
  for (let round = -WARM_ROUNDS; round < options.samples && !over(); round++)
    for (const [id, kept] of shuffled([...rounds], order)) {
      machine.options.timeslice.overrideMs = game.timeslices.get(id) ?? 0;
      const before = moved();
      const start = host.now();
      yield* thereAndBack(parts, list);
      if (progress.failure !== null) return;
      const after = moved();
      const [bytes, refusals] = [after.bytes - before.bytes, after.refusals - before.refusals];
      if (round >= 0) kept.push({ ms: host.now() - start, bytes, refusals });
    }
}

function* thereAndBack({ machine, oracle, progress }: ProgramParts, list: AccessList): Op<void> {
  const there = yield* runGpuLists(machine, [list]);
  progress.failure ??= there.failure;
  if (progress.failure !== null) return;
  progress.wrongLoads += oracle.wrongLoads(list, there.results, ACCESS_RESULT_WORDS, 1);
  oracle.apply({ label: 'gpu', gpu: list, cpu: null });
  const back = yield* runCpuList(machine.world, machine.mm, list);
  progress.failure ??= back.failure;
  progress.wrongLoads += oracle.wrongLoads(list, back.values, 1, 0);
  oracle.apply({ label: 'cpu', gpu: null, cpu: list });
}

function ratesOf(rounds: readonly Round[]): number[] {
  return rounds.map(({ bytes, ms }) => (bytes * NS_PER_S) / (ms * NS_PER_MS));
}

function roundMetric(
  { id, unit, convention, peer, limit }: ExperimentCase,
  game: PingPong,
  rounds: Rounds,
  wanted: number,
): Metric {
  const mine = rounds.get(id) ?? [];
  const theirs = peer === null ? [] : (rounds.get(peer) ?? []);
  const refusals = mine.reduce((sum, round) => sum + round.refusals, 0);
  const samples = ratesOf(mine);
  return metric({
    id,
    unit,
    source: 'wall',
    samples,
    convention,
    params: {
      chunkBytes: game.chunks[0] as number,
      ranges: game.ranges,
      timesliceMs: game.timeslices.get(id) ?? 0,
      copyMode: 'translated',
      waiting: 'wait',
      refusals,
      refusalsPerRound: refusals / mine.length,
      bytesPerRound: mine.reduce((sum, { bytes }) => sum + bytes, 0) / mine.length,
    },
    peer,
    limit,
    peerRatio: theirs.length === 0 ? null : pairedRatio(samples, ratesOf(theirs)),
    warnings: mine.length < wanted ? [warning('out-of-time', `${mine.length} of ${wanted} rounds`)] : [],
  });
}
