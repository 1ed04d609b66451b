// Measures batches of GPU faults from the submission of the access to the end of its replay, and what the time goes to.
import { createRng } from '../../base/rng.ts';
import { NS_PER_MS, PAGE_SIZE } from '../../base/units.ts';
import { GpuUnavailable } from '../../engine/gpu/unavailable.ts';
import { median, pairedRatio } from '../measure/stats.ts';
import { metric, type Metric } from '../measure/report.ts';
import { executorConfig } from '../session/machine.ts';
import { Run } from '../session/run.ts';
import { parseScenario, type Scenario } from '../session/scenario.ts';
import { sizesOf } from '../session/sizing.ts';
import { BatchSession, type BatchSample } from './batch-session.ts';
import {
  BenchFailure,
  type Experiment,
  type ExperimentCase,
  type ExperimentHost,
  type ExperimentOptions,
  type ExperimentResult,
} from './experiment.ts';
import { countCalls, ObservedExecutor } from './observed-executor.ts';
import { areaOf, touchAll } from './touched-area.ts';

/** What a batch is split into, each a case of its own: the end of its id, and '' for the whole. */
export type BatchPart = '' | Exclude<keyof BatchSample, 'total' | 'calls' | 'jobs'> | 'floor' | 'bar';

export interface FaultBatch {
  readonly faults: number;
  readonly wait: 'wait' | 'pipelined';
  /** Id of the whole; those of the parts have another part behind it. */
  readonly id: string;
}

/** An experiment that measures all parts of one kind of batch in the same rounds. */
export function faultBatchExperiment(batch: FaultBatch): Experiment {
  return { name: batch.id, measure: (host, cases, options) => measure(host, batch, cases, options) };
}

async function measure(
  host: ExperimentHost,
  batch: FaultBatch,
  cases: readonly ExperimentCase[],
  options: ExperimentOptions,
): Promise<ExperimentResult> {
  const { samples, gpuCopies, verification, cut } = await serve(host, batch, options);
  const least = cut ? options.minSamples : 1;
  const kept = samples.length >= least ? cases : [];
  const wrongPages = verification?.mismatchedPages ?? 0;
  return {
    metrics: kept.map((one) => batchMetric(one, batch, samples, gpuCopies)),
    verification,
    wrong: wrongPages > 0 ? [`${batch.id}: ${wrongPages} pages`] : [],
    leftOut: cases.filter((one) => !kept.includes(one)).map(({ id }) => id),
    counters: { x_bench_fault_batches: samples.length },
  };
}

interface Served {
  readonly samples: readonly BatchSample[];
  /** Copies were timed by the device's clock. */
  readonly gpuCopies: boolean;
  readonly verification: ExperimentResult['verification'];
  /** Ended before all samples were there. */
  readonly cut: boolean;
}

async function serve(host: ExperimentHost, batch: FaultBatch, options: ExperimentOptions): Promise<Served> {
  const workload = areaOf(batch.id, batch.faults);
  const scenario = scenarioOf(batch, options.seed);
  const sizes = sizesOf(workload, { kind: 'percent', percent: 200 });
  const { spaces, ...rest } = executorConfig(scenario, sizes);
  // Behind the VRAM that the model knows: where the copy goes that is measured alone.
  const scratch = { frame: sizes.dataPages + sizes.reservePages, pages: batch.faults };
  const enlarged = spaces.map((space, i) => (i === 1 ? { ...space, pages: space.pages + scratch.pages } : space));
  const executor = await host.open({ ...rest, spaces: enlarged });
  if (executor instanceof GpuUnavailable) throw new BenchFailure('unfinished', `${batch.id}: ${executor.message}`);
  const counter = countCalls(executor);
  const session = new BatchSession({
    executor: new ObservedExecutor(executor, () => host.now()),
    calls: counter?.calls ?? null,
    list: touchAll(batch.faults, 1),
    wait: batch.wait,
    scratch,
    rounds: options.samples,
    rng: createRng(options.seed).fork('copied alone'),
    goOn: () => !host.cancelled() && (options.endMs === null || host.now() < options.endMs),
  });
  try {
    const run = new Run({ scenario, sizes, workload, executor: session.executor, ...session.hooks(() => host.now()) });
    host.running(() => run.abandon(), batch.id);
    const { failure, verification } = await run.start();
    if (failure !== null) throw new BenchFailure('unfinished', `${batch.id}: ${failure}`);
    const { samples, gpuCopies } = session;
    return { samples, gpuCopies, verification, cut: samples.length < options.samples };
  } finally {
    counter?.stop();
    executor.destroy();
  }
}

function scenarioOf({ faults, wait }: FaultBatch, seed: number): Scenario {
  const result = parseScenario({
    workload: { batch: faults },
    migration: { chunks: [PAGE_SIZE], timeslice: { deviceOnlyMs: 0, overrideMs: 0 } },
    engine: { copyMode: 'physical', wait },
    run: { clock: 'live', seed, verify: true },
  });
  if (!result.ok) throw new Error(result.message);
  return result.scenario;
}

/** What the bar allows: two bare trips, the copy and the model's own service. */
function floorOf({ bare, copy, service }: BatchSample): number {
  return 2 * bare + copy + service;
}

function batchMetric(
  one: ExperimentCase,
  batch: FaultBatch,
  samples: readonly BatchSample[],
  gpuCopies: boolean,
): Metric {
  const { id, unit, convention, peer, limit } = one;
  const part = id.slice(batch.id.length + 1) as BatchPart;
  const totals = samples.map(({ total }) => total);
  const ratio = part === '' || part === 'bar' ? pairedRatio(totals, samples.map(floorOf)) : null;
  return metric({
    id,
    unit,
    source: part === 'copy' && gpuCopies ? 'gpu' : 'wall',
    samples: samples.map((sample) =>
      part === 'bar' ? sample.total / floorOf(sample) : partOf(sample, part) * NS_PER_MS,
    ),
    convention,
    params: {
      ...paramsOf(batch, samples, gpuCopies),
      ...(part === 'bar' && ratio !== null ? { low: ratio.low, high: ratio.high } : {}),
    },
    peer,
    limit,
    peerRatio: part === '' ? ratio : null,
  });
}

/** Milliseconds. */
function partOf(sample: BatchSample, part: Exclude<BatchPart, 'bar'>): number {
  if (part === '') return sample.total;
  return part === 'floor' ? floorOf(sample) : sample[part];
}

function paramsOf(
  { faults, wait }: FaultBatch,
  samples: readonly BatchSample[],
  gpuCopies: boolean,
): Record<string, string | number | boolean> {
  const calls = samples.map((sample) => sample.calls).filter((one) => one !== null);
  const middle = (pick: (one: NonNullable<BatchSample['calls']>) => number): number => median(calls.map(pick));
  return {
    faults,
    waiting: wait,
    copyMode: 'physical',
    copyClock: gpuCopies ? 'gpu' : 'wall',
    jobs: median(samples.map(({ jobs }) => jobs)),
    ...(calls.length === 0
      ? {}
      : {
          submits: middle(({ submits }) => submits),
          maps: middle(({ maps }) => maps),
          queueWaits: middle((c) => c.waits),
        }),
  };
}
