// Measures how many commands a second the host turns into submissions, and into the plan's own words, beside a fixed loop.
import { mix32 } from '../../base/mix.ts';
import { createRng, type Rng } from '../../base/rng.ts';
import { MIB, NS_PER_S, PAGE_SIZE } from '../../base/units.ts';
import { GpuUnavailable } from '../../engine/gpu/unavailable.ts';
import { SYSTEM_SPACE, VRAM_SPACE, type Command } from '../../engine/plan/commands.ts';
import { encodeJob } from '../../engine/plan/encode.ts';
import type { Executor, ExecutorConfig } from '../../engine/plan/executor.ts';
import type { Job } from '../../engine/plan/job.ts';
import { metric, type Metric } from '../measure/report.ts';
import { shuffled } from '../measure/sampler.ts';
import { pairedRatio } from '../measure/stats.ts';
import {
  BenchFailure,
  type Experiment,
  type ExperimentCase,
  type ExperimentHost,
  type ExperimentOptions,
  type ExperimentResult,
} from './experiment.ts';

/** Commands of one job: what one submission holds whatever they are. */
const COMMANDS = 1 << 14;
/** Pages of each space. */
const PAGES = (64 * MIB) / PAGE_SIZE;
const LOOP_TURNS = 1 << 20;
/** Time of one sample at least. */
const SAMPLE_MS = 5;
const WARM_SAMPLES = 5;
const LOOP = 'encode.loop';

/** What a case encodes: `loop` is the fixed loop, `plan` the words of encode.ts, the rest goes to the executor. */
export interface EncodeCase {
  readonly id: string;
  readonly what: 'copy' | 'pte' | 'loop';
  readonly how: 'executor' | 'plan';
}

/** Runs one stretch of work; its time in milliseconds, and how much it was. */
type Work = () => Promise<{ readonly ms: number; readonly amount: number }>;

/** All cases take turns in one process. Those of the executor need a GPU, since the twin encodes nothing. */
export function encodeExperiment(all: readonly EncodeCase[]): Experiment {
  return { name: 'encode', measure: (host, cases, options) => measure(host, all, cases, options) };
}

async function measure(
  host: ExperimentHost,
  all: readonly EncodeCase[],
  cases: readonly ExperimentCase[],
  options: ExperimentOptions,
): Promise<ExperimentResult> {
  const executor = await host.open(CONFIG);
  if (executor instanceof GpuUnavailable) throw new BenchFailure('unfinished', `encode: ${executor.message}`);
  host.running(null, 'encode');
  const rng = createRng(options.seed).fork('encode');
  try {
    const wanted = all.filter(({ id }) => id === LOOP || cases.some((one) => one.id === id));
    const works = worksOf(host, executor, wanted, rng);
    const samples = await takeTurns(host, works, options, rng);
    return resultOf(cases, samples, options);
  } finally {
    executor.destroy();
  }
}

const CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: PAGES },
    { name: 'vram0', pages: PAGES },
  ],
  accessCapacity: 64,
  faultCapacity: 64,
  tlbLines: 0,
};

function worksOf(host: ExperimentHost, executor: Executor, cases: readonly EncodeCase[], rng: Rng): Map<string, Work> {
  const commands = { copy: scatteredCopies(rng), pte: scatteredEntries(rng), loop: [] };
  const works = new Map<string, Work>();
  let seq = 0;
  for (const { id, what, how } of cases) {
    const job = (): Job => ({ seq: ++seq, queue: 'bench', label: id, commands: commands[what], timed: false });
    if (what === 'loop') works.set(id, () => timedLoop(host));
    else if (how === 'plan') works.set(id, () => timedPlan(host, job));
    else if (executor.info.kind === 'gpu') works.set(id, () => timedSubmit(host, executor, job));
  }
  return works;
}

/** One page each, in no order: no two of them can be one command. */
function scatteredCopies(rng: Rng): Command[] {
  const frames = Array.from({ length: COMMANDS }, (_, i) => i);
  const [from, to] = [shuffled(frames, rng), shuffled(frames, rng)];
  return frames.map((i) => {
    const [srcFrame, dstFrame] = [from[i] as number, to[i] as number];
    return { op: 'copy', srcSpace: SYSTEM_SPACE, srcFrame, dstSpace: VRAM_SPACE, dstFrame, pages: 1 };
  });
}

/** One entry each, in no order. */
function scatteredEntries(rng: Rng): Command[] {
  const places = shuffled(
    Array.from({ length: COMMANDS }, (_, i) => i),
    rng,
  );
  return places.map((place) => {
    const entries = Uint32Array.of((place * PAGE_SIZE + 3) >>> 0, 0);
    return { op: 'pteWrite', space: VRAM_SPACE, table: Math.floor(place / 512), index: place % 512, entries };
  });
}

let sink = 0;

/** What this processor and engine make of a loop that never changes. */
async function timedLoop(host: ExperimentHost): ReturnType<Work> {
  const start = host.now();
  let value = sink;
  for (let i = 0; i < LOOP_TURNS; i++) value = mix32(value + i);
  sink = value;
  return { ms: host.now() - start, amount: LOOP_TURNS };
}

async function timedPlan(host: ExperimentHost, job: () => Job): ReturnType<Work> {
  const given = job();
  const start = host.now();
  const { descriptors } = encodeJob(given);
  const ms = host.now() - start;
  return { ms, amount: descriptors.length > 0 ? given.commands.length : 0 };
}

/** Validation and encoding; sending it off and waiting for it are outside of the time. */
async function timedSubmit(host: ExperimentHost, executor: Executor, job: () => Job): ReturnType<Work> {
  const given = job();
  const start = host.now();
  executor.submit(given);
  const ms = host.now() - start;
  for (let done = 0; done === 0; done = executor.take().length) await executor.settled();
  return { ms, amount: given.commands.length };
}

/** Amounts a second, by case, from the same rounds. */
async function takeTurns(
  host: ExperimentHost,
  works: ReadonlyMap<string, Work>,
  { samples, endMs }: ExperimentOptions,
  rng: Rng,
): Promise<Map<string, number[]>> {
  const rates = new Map([...works.keys()].map((id): [string, number[]] => [id, []]));
  const over = (): boolean => host.cancelled() || (endMs !== null && host.now() >= endMs);
  for (let round = -WARM_SAMPLES; round < samples && !over(); round++)
    for (const [id, work] of shuffled([...works], rng)) {
      const rate = await oneSample(work);
      if (round >= 0) rates.get(id)?.push(rate);
    }
  return rates;
}

async function oneSample(work: Work): Promise<number> {
  let ms = 0;
  let amount = 0;
  while (ms < SAMPLE_MS) {
    const done = await work();
    ms += done.ms;
    amount += done.amount;
  }
  return (amount * NS_PER_S) / (ms * 1e6);
}

function resultOf(
  cases: readonly ExperimentCase[],
  rates: ReadonlyMap<string, number[]>,
  { samples, minSamples }: ExperimentOptions,
): ExperimentResult {
  const metrics: Metric[] = [];
  const leftOut: string[] = [];
  const loop = rates.get(LOOP) ?? [];
  for (const { id, unit, convention, peer, limit } of cases) {
    const taken = rates.get(id);
    if (taken === undefined) continue;
    if (taken.length < Math.min(samples, minSamples)) leftOut.push(id);
    else {
      const peerRatio = peer === LOOP ? pairedRatio(taken, loop) : null;
      const params = { commands: COMMANDS, loopTurns: LOOP_TURNS };
      metrics.push(metric({ id, unit, source: 'wall', samples: taken, convention, params, peer, limit, peerRatio }));
    }
  }
  return { metrics, verification: null, wrong: [], leftOut, counters: { x_bench_encode_rounds: loop.length } };
}
