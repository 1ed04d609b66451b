// Takes samples of a group of cases by the method of bench/README.md: long enough regions, warmed up, in mixed order.
import type { Rng } from '../../base/rng.ts';
import { NS_PER_MS, NS_PER_S } from '../../base/units.ts';
import type { BenchCase, PreparedCase } from './bench-case.ts';
import type { ClockFacts } from './environment.ts';
import type { JobRunner } from './job-runner.ts';
import type { Source } from './report.ts';

/** A region lasts at least this many steps of its clock: the step then adds at most 2 %. */
const STEPS_PER_REGION = 50;
/** Growth of a region while it is being fitted: fast while far off, never past what the GPU's watchdogs bear. */
const MAX_GROWTH = 16;
const MAX_ROUNDS_TO_FIT = 16;
const TRIES = 2;
/** Lost timestamps in a row after which a region counts as long enough: making it longer would not help. */
const MOST_LOST = 8;
/** Twice the work for this many times the time: at least half of the time is work. */
const CLEARLY = 1.5;
/** A region of so many targets is not made longer, whatever fills it. */
const LONG_ENOUGH = 16;

export interface SampleOptions {
  /** Samples wanted of each case. */
  readonly samples: number;
  /** Taken even when the time is up. */
  readonly minSamples: number;
  /** Least length of a region. */
  readonly regionMs: number;
  readonly warmRegions: number;
  readonly warmMs: number;
}

/** One case while it is measured. */
export interface Probe {
  readonly bench: BenchCase;
  readonly prepared: PreparedCase;
  /** In the unit of the case, in the order of the rounds; null where a timestamp was impossible. */
  readonly samples: (number | null)[];
  /** Length of each region that counted. */
  readonly regionNs: number[];
  source: Source;
  ops: number;
  next: number;
  dropped: number;
  /** Samples taken while something made the clocks doubtful, and left out. */
  disturbed: number;
  /** Words of `mapped` uploads that went another way. */
  fellBack: number;
}

export function newProbe(bench: BenchCase, prepared: PreparedCase): Probe {
  return {
    bench,
    prepared,
    samples: [],
    regionNs: [],
    source: 'wall',
    ops: 1,
    next: 0,
    dropped: 0,
    disturbed: 0,
    fellBack: 0,
  };
}

/** Least time of a region under this clock, in ns. */
export function regionTarget(source: Source, clock: ClockFacts, regionMs: number): number {
  const step = source === 'gpu' ? clock.gpuStepNs : clock.wallStepNs;
  return Math.max(regionMs * NS_PER_MS, STEPS_PER_REGION * (step ?? 0));
}

/**
 * Finds how many operations make a region, and whether the device's clock can time them. A region must be long, and
 * twice as much work must take clearly longer: otherwise it is the cost of any job that fills the time.
 */
export async function fit(runner: JobRunner, probe: Probe, clock: ClockFacts, options: SampleOptions): Promise<void> {
  const { maxOps } = probe.prepared;
  let ns = await shortest(runner, probe, clock, options);
  for (let round = 0; round < MAX_ROUNDS_TO_FIT && probe.ops < maxOps; round++) {
    const target = regionTarget(probe.source, clock, options.regionMs);
    const ops = probe.ops;
    const growth = Math.min(MAX_GROWTH, Math.max(2, (1.2 * target) / Math.max(ns, 1)));
    probe.ops = Math.min(maxOps, Math.ceil(ops * growth));
    const longer = await shortest(runner, probe, clock, options);
    if (ns >= LONG_ENOUGH * target || (ns >= target && longer >= CLEARLY * ns)) {
      probe.ops = ops;
      return;
    }
    ns = longer;
  }
}

/**
 * The shortest of a few regions: what else the machine does only ever makes them longer. A short one is told at once; a
 * lost timestamp tells nothing, and must not pass for a region that took no time.
 */
async function shortest(runner: JobRunner, probe: Probe, clock: ClockFacts, options: SampleOptions): Promise<number> {
  let ns = Number.POSITIVE_INFINITY;
  for (let tries = 0, lost = 0; tries < TRIES && lost < MOST_LOST;) {
    const region = await oneRegion(runner, probe);
    if (region === null) lost++;
    else tries++;
    ns = Math.min(ns, region ?? ns);
    if (ns < regionTarget(probe.source, clock, options.regionMs)) break;
  }
  return ns;
}

/** Runs regions that do not count: clocks rise, caches and pipelines settle. */
export async function warmUp(runner: JobRunner, probes: readonly Probe[], options: SampleOptions): Promise<void> {
  const start = runner.now();
  for (let round = 0; round < options.warmRegions || runner.now() - start < options.warmMs; round++)
    for (const probe of probes) await oneRegion(runner, probe);
}

/**
 * One sample of every probe, in an order that `rng` draws. `disturbances` rises with everything that makes a reading
 * doubtful, such as a page that was hidden: what it rose under is no sample (reference/webgpu.md §2.3).
 */
export async function sampleRound(
  runner: JobRunner,
  probes: readonly Probe[],
  rng: Rng,
  disturbances: () => number = () => 0,
): Promise<void> {
  for (const probe of shuffled(probes, rng)) {
    const before = disturbances();
    const fallback = fallbackOf(runner);
    const ns = await oneRegion(runner, probe);
    probe.fellBack += fallbackOf(runner) - fallback;
    const quiet = disturbances() === before;
    if (!quiet) probe.disturbed++;
    else if (ns === null || ns <= 0) probe.dropped++;
    const valid = quiet && ns !== null && ns > 0 ? ns : null;
    if (valid !== null) probe.regionNs.push(valid);
    probe.samples.push(valid === null ? null : figure(probe, valid));
  }
}

function fallbackOf({ executor }: JobRunner): number {
  return executor.uploadCounts?.fallback ?? 0;
}

/** A copy in random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], rng: Rng): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}

/** Amount per second, or ns per operation. */
function figure({ bench, prepared, ops }: Probe, ns: number): number {
  return bench.measure === 'latency' ? ns / ops : (ops * prepared.amountPerOp * NS_PER_S) / ns;
}

/** Runs the next region of a probe; its time in ns, null when the device's clock failed. */
async function oneRegion(runner: JobRunner, probe: Probe): Promise<number | null> {
  const { bench, prepared, ops } = probe;
  if (bench.measure !== 'rate') return separateJobs(runner, probe);
  const region = prepared.region(ops, probe.next);
  probe.next += ops;
  if (region.before.length > 0) await runner.run(`${bench.id} before`, region.before);
  const { gpuNs, wallNs } = await runner.run(bench.id, region.timed, runner.executor.info.timestamps);
  if (gpuNs !== null) probe.source = 'gpu';
  return probe.source === 'gpu' ? gpuNs : wallNs;
}

/** Each operation is a job of its own; only the host's clock can time what lies between them. */
async function separateJobs(runner: JobRunner, { bench, prepared, ops }: Probe): Promise<number> {
  const { before, timed } = prepared.region(1, 0);
  if (before.length > 0) await runner.run(`${bench.id} before`, before);
  const depth = bench.measure === 'latency' ? 1 : (prepared.inFlight ?? 1);
  const start = runner.now();
  await runner.runMany(bench.id, timed, ops, depth);
  return (runner.now() - start) * NS_PER_MS;
}
