// Picks the shape of the copy kernels for each direction of one adapter within a time budget; the choice is plain data.
//
// It opens an executor of its own, since tuning writes memory, and times copies of scattered 64 KiB chunks of random data.
// Nothing calls it unasked: a caller that wants tuned copies runs it, keeps the table, and gives it to createGpuExecutor.
import { assert } from '../../base/assert.ts';
import { createRng, type Rng } from '../../base/rng.ts';
import { SYSTEM_SPACE, VRAM_SPACE, type Command, type SpaceId } from '../plan/commands.ts';
import { probeAdapter, type AdapterKind } from './adapter.ts';
import { chooseShape, type Choice, type Round } from './choose-shape.ts';
import {
  COPY_DIRECTIONS,
  DEFAULT_SHAPE,
  DEFAULT_SHAPES,
  type CopyDirection,
  type CopyShape,
  type CopyShapes,
} from './copy-shape.ts';
import { createGpuExecutor, type GpuExecutor } from './gpu-executor.ts';
import { runnableShapes, type TuningTable } from './tuning.ts';
import { GpuUnavailable } from './unavailable.ts';

/** What the clock may read when the last sample has been taken, opening the device included. */
const BUDGET_MS = 1800;
const CHUNK_PAGES = 16;
/** 64 MiB a space on hardware, beyond most last-level caches; a CPU copies 2 MiB in the time that a sample may take. */
const PAGES = { hardware: 16_384, software: 512 } as const;
/** A sample shorter than this is mostly the cost of a dispatch, and coarse clocks step by up to 0.1 ms. */
const SAMPLE_NS = 1_500_000;
const MAX_REPEATS = 32;
const MAX_ROUNDS = 60;
const NS_PER_MS = 1e6;

export interface AutotuneOptions {
  readonly adapter?: AdapterKind;
  readonly toolVersion?: string;
  /** Milliseconds since any moment, never going back. */
  readonly clock: () => number;
  readonly budgetMs?: number;
  readonly seed?: number;
}

export interface Autotuned {
  /** Key and shapes of this adapter, to be merged into what the caller keeps. */
  readonly table: TuningTable;
  readonly choices: Readonly<Record<CopyDirection, Choice>>;
  readonly elapsedMs: number;
}

/** Times one job of `commands` with `shape` in all directions, in ns. */
export type TimeShape = (shape: CopyShape, commands: readonly Command[]) => Promise<number>;

/** Where the samples of one direction come from, and how long they may be taken. */
export interface Trial {
  readonly time: TimeShape;
  readonly clock: () => number;
  /** Reading of the clock at which to stop. */
  readonly deadline: number;
  readonly rng: Rng;
}

/** Tunes every direction; the budget left is shared by the directions that are left. */
export async function autotune(gpu: GPU | undefined, options: AutotuneOptions): Promise<Autotuned | GpuUnavailable> {
  const { clock, adapter = 'any', toolVersion = '', budgetMs = BUDGET_MS } = options;
  const began = clock();
  const executor = await openTuner(gpu, adapter, toolVersion);
  if (executor instanceof GpuUnavailable) return executor;
  const rng = createRng(options.seed ?? 1);
  const { time, pages } = await startTimer(executor, clock);
  const others = runnableShapes(executor.info).slice(1);
  const choices: Partial<Record<CopyDirection, Choice>> = {};
  for (const [i, direction] of COPY_DIRECTIONS.entries()) {
    const left = began + budgetMs - clock();
    const trial = { time, clock, deadline: clock() + left / (COPY_DIRECTIONS.length - i), rng: rng.fork(direction) };
    choices[direction] = await tuneCopies(chunkCopies(direction, pages, trial.rng), others, trial);
  }
  executor.destroy();
  return result(executor, choices as Record<CopyDirection, Choice>, clock() - began);
}

function result(executor: GpuExecutor, choices: Record<CopyDirection, Choice>, elapsedMs: number): Autotuned {
  const shapes: CopyShapes = { up: choices.up.shape, down: choices.down.shape, within: choices.within.shape };
  return { table: { [executor.tuning.key]: shapes }, choices, elapsedMs };
}

/** One executor with every shape; on software adapters a small one. */
async function openTuner(
  gpu: GPU | undefined,
  adapter: AdapterKind,
  toolVersion: string,
): Promise<GpuExecutor | GpuUnavailable> {
  const probe = await probeAdapter(gpu, adapter);
  if (probe instanceof GpuUnavailable) return probe;
  const pages = probe.info.software ? PAGES.software : PAGES.hardware;
  const spaces = ['system', 'vram0'].map((name) => ({ name, pages }));
  const config = { spaces, accessCapacity: 0, faultCapacity: 0, tlbLines: 0 };
  return createGpuExecutor(gpu, config, { adapter, toolVersion, allShapes: true });
}

/** Fills both spaces and returns what times jobs: the device's clock where it has one, else the caller's. */
async function startTimer(executor: GpuExecutor, clock: () => number): Promise<{ time: TimeShape; pages: number }> {
  let seq = 0;
  const run = async (commands: readonly Command[]): Promise<number | null> => {
    executor.submit({ seq: ++seq, queue: 'tune', label: 'tune', commands, timed: true });
    await executor.settled();
    const done = executor.take()[0];
    assert(done?.seq === seq, () => `job ${seq} did not complete`);
    return done.gpuNs;
  };
  const pages = executor.config.spaces[SYSTEM_SPACE]?.pages ?? 0;
  await run(
    [SYSTEM_SPACE, VRAM_SPACE].map((space) => ({ op: 'fillSeeded', space, frame: 0, pages, seed: 1, pageLo: 0 })),
  );
  const time: TimeShape = async (shape, commands) => {
    executor.useShapes({ up: shape, down: shape, within: shape });
    const began = clock();
    const gpuNs = await run(commands);
    executor.useShapes(DEFAULT_SHAPES);
    // An impossible stamp counts as nothing measured: a round is on one clock.
    return executor.info.timestamps ? (gpuNs ?? 0) : (clock() - began) * NS_PER_MS;
  };
  return { time, pages };
}

const ENDS: Readonly<Record<CopyDirection, readonly [SpaceId, SpaceId]>> = {
  up: [SYSTEM_SPACE, VRAM_SPACE],
  down: [VRAM_SPACE, SYSTEM_SPACE],
  within: [VRAM_SPACE, VRAM_SPACE],
};

/** Every chunk once to a random place; within one space from the lower half to the upper one. */
function chunkCopies(direction: CopyDirection, pages: number, rng: Rng): readonly Command[] {
  const [srcSpace, dstSpace] = ENDS[direction];
  const half = direction === 'within' ? pages / 2 : 0;
  const order = shuffled((pages - half) / CHUNK_PAGES, rng);
  return order.map((place, chunk) => {
    const [srcFrame, dstFrame] = [chunk * CHUNK_PAGES, half + place * CHUNK_PAGES];
    return { op: 'copy', srcSpace, srcFrame, dstSpace, dstFrame, pages: CHUNK_PAGES };
  });
}

/** 0 … count − 1 in random order. */
function shuffled(count: number, rng: Rng): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

/** Samples rounds until the time is up and chooses by the rule of choose-shape.ts. */
export async function tuneCopies(
  copies: readonly Command[],
  others: readonly CopyShape[],
  trial: Trial,
): Promise<Choice> {
  const { clock, deadline } = trial;
  const rounds: Round[] = [];
  const job = await longEnough(copies, trial);
  let longest = 0;
  // The first round warms up. A round begins only when one like the longest so far would end in time.
  for (let i = 0; i <= MAX_ROUNDS && clock() + longest < deadline; i++) {
    const began = clock();
    const round = await sampleRound(job, others, trial);
    longest = Math.max(longest, clock() - began);
    if (i > 0 && isMeasured(round)) rounds.push(round);
  }
  return chooseShape(DEFAULT_SHAPE, others, rounds);
}

/** The copies, repeated until a job of them takes as long as a sample should. */
async function longEnough(copies: readonly Command[], trial: Trial): Promise<readonly Command[]> {
  let job = copies;
  while (job.length < MAX_REPEATS * copies.length && trial.clock() < trial.deadline) {
    if ((await trial.time(DEFAULT_SHAPE, job)) >= SAMPLE_NS) break;
    job = [...job, ...job];
  }
  return job;
}

/** Each shape once and the default twice, in an order drawn from the seed. */
async function sampleRound(job: readonly Command[], others: readonly CopyShape[], trial: Trial): Promise<Round> {
  const shapes = [DEFAULT_SHAPE, DEFAULT_SHAPE, ...others];
  const times = shapes.map(() => 0);
  for (const i of shuffled(shapes.length, trial.rng)) times[i] = await trial.time(shapes[i] as CopyShape, job);
  const [baseline = 0, again = 0, ...rest] = times;
  return { baseline, again, others: rest };
}

/** A clock too coarse for the job reads nothing: no ratio can be made of it. */
function isMeasured({ baseline, again, others }: Round): boolean {
  return [baseline, again, ...others].every((time) => time > 0);
}
