// Measures whole migrations: a GPU and a CPU touch the same ranges in turns, and the model's own events give the times.
import { NS_PER_S, PAGE_SIZE } from '../../base/units.ts';
import { GpuUnavailable } from '../../engine/gpu/unavailable.ts';
import type { TimedEvent } from '../measure/recorder.ts';
import { metric, type Metric, type Verification } from '../measure/report.ts';
import { warning } from '../measure/warnings.ts';
import { executorConfig } from '../session/machine.ts';
import { Run, type RunOutcome } from '../session/run.ts';
import { parseScenario, type Scenario } from '../session/scenario.ts';
import { sizesOf } from '../session/sizing.ts';
import type { Step, Workload } from '../workload/workload.ts';
import {
  BenchFailure,
  type Experiment,
  type ExperimentCase,
  type ExperimentHost,
  type ExperimentOptions,
  type ExperimentResult,
} from './experiment.ts';
import { AREA_VPN, touchAll } from './touched-area.ts';

/** Rounds that warm up: the first touches of everything. */
const WARM_ROUNDS = 1;

type Direction = 'to-vram' | 'to-ram';

/** One experiment measures both directions. */
export interface Migration {
  readonly name: string;
  readonly mode: 'physical' | 'translated';
  /** Chunk ladder in bytes; the first is the size that is measured. */
  readonly chunks: readonly number[];
  /** Ranges that travel in each round. */
  readonly ranges: number;
  /** The case of each direction, by id. */
  readonly ids: Readonly<Record<Direction, string>>;
}

/** An experiment that runs `migration` once for all of its cases. */
export function migrationExperiment(migration: Migration): Experiment {
  return {
    name: `migrate ${migration.name}`,
    measure: (host, cases, options) => measure(host, migration, cases, options),
  };
}

async function measure(
  host: ExperimentHost,
  migration: Migration,
  cases: readonly ExperimentCase[],
  options: ExperimentOptions,
): Promise<ExperimentResult> {
  const { events, checked, cut } = await travel(host, migration, options);
  const made = cases.map((one) => migrationMetric(one, migration, events, options, cut));
  const wrongPages = checked?.mismatchedPages ?? 0;
  return {
    metrics: made.filter((one) => one !== null),
    verification: checked,
    wrong: wrongPages > 0 ? [`${migration.name}: ${wrongPages} pages`] : [],
    leftOut: cut ? cases.filter((_, i) => made[i] === null).map(({ id }) => id) : [],
    counters: { x_bench_migrate_runs: 1 },
  };
}

interface Experience {
  readonly events: readonly TimedEvent[];
  readonly checked: Verification | null;
  /** The end of the time ended it. */
  readonly cut: boolean;
}

async function travel(host: ExperimentHost, migration: Migration, options: ExperimentOptions): Promise<Experience> {
  const { name, ranges } = migration;
  const rounds = WARM_ROUNDS + Math.ceil(options.samples / ranges);
  const workload = turns(migration, rounds);
  const scenario = scenarioOf(migration, options.seed);
  const sizes = sizesOf(workload, { kind: 'percent', percent: 200 });
  const executor = await host.open(executorConfig(scenario, sizes));
  if (executor instanceof GpuUnavailable) throw new BenchFailure('unfinished', `${name}: ${executor.message}`);
  const run = new Run({ scenario, sizes, workload, executor, wall: () => host.now() });
  host.running(() => run.abandon(), `migrate ${name}`);
  // A wish to stop while the device was opening found no run to end.
  if (host.cancelled()) run.abandon();
  try {
    const { outcome, cut } = await within(run, host, options);
    if (outcome.failure !== null) throw new BenchFailure('unfinished', `${name}: ${outcome.failure}`);
    return { events: run.recorder.timeline(), checked: outcome.verification, cut };
  } finally {
    executor.destroy();
  }
}

/** Runs to the end, or to the end of the time: what was measured until then stays, and is not verified. */
async function within(
  run: Run,
  host: ExperimentHost,
  { endMs }: ExperimentOptions,
): Promise<{ outcome: RunOutcome; cut: boolean }> {
  let cut = false;
  const end = (): void => {
    cut = true;
    run.abandon();
  };
  const timer = endMs === null ? undefined : setTimeout(end, Math.max(0, endMs - host.now()));
  try {
    return { outcome: await run.start(), cut };
  } finally {
    clearTimeout(timer);
  }
}

function scenarioOf({ chunks, mode, ranges }: Migration, seed: number): Scenario {
  const result = parseScenario({
    workload: { batch: ranges },
    migration: { chunks, timeslice: { deviceOnlyMs: 0, overrideMs: 0 } },
    engine: { copyMode: mode, wait: 'wait' },
    run: { clock: 'live', seed, verify: true },
  });
  if (!result.ok) throw new Error(result.message);
  return result.scenario;
}

/** Each round: the GPU adds to one word of every range, then the CPU does. */
function turns({ name, chunks, ranges }: Migration, rounds: number): Workload {
  const pages = (chunks[0] as number) / PAGE_SIZE;
  const touches = touchAll(ranges, pages);
  return {
    name: `migrate ${name}`,
    vmas: [{ name: 'bench', startVpn: AREA_VPN, pages: ranges * pages, write: true }],
    touchedPages: ranges * pages,
    totalAccesses: 2 * rounds * ranges,
    notes: [],
    *steps(): Generator<Step, void, void> {
      for (let round = 0; round < rounds; round++) {
        yield { label: `gpu ${round}`, gpu: touches, cpu: null };
        yield { label: `cpu ${round}`, gpu: null, cpu: touches };
      }
    },
  };
}

/** Null where there is nothing to report. Whole ranges only, and none of the first round: those also made page tables. */
function migrationMetric(
  { id, unit, convention, peer, limit }: ExperimentCase,
  { chunks, mode, ranges, ids }: Migration,
  events: readonly TimedEvent[],
  { samples, minSamples }: ExperimentOptions,
  cut: boolean,
): Metric | null {
  const bytes = chunks[0] as number;
  const rates = timesOf(ids['to-vram'] === id ? 'to-vram' : 'to-ram', events, bytes)
    .slice(WARM_ROUNDS * ranges)
    .filter((ns) => ns > 0)
    .map((ns) => (bytes * NS_PER_S) / ns);
  if (rates.length < (cut ? minSamples : 1)) return null;
  const params = { chunkBytes: bytes, copyMode: mode, waiting: 'wait', samplesWanted: samples };
  const short = warning('out-of-time', `${rates.length} of ${samples} samples or more, and bytes not compared`);
  const warnings = cut ? [short] : [];
  return metric({ id, unit, source: 'wall', samples: rates, convention, params, peer, limit, warnings });
}

function timesOf(direction: Direction, events: readonly TimedEvent[], bytes: number): number[] {
  return events.flatMap(({ now, event }) =>
    event.kind === 'migrate' && event.direction === direction && event.status === 0 && event.moved * PAGE_SIZE === bytes
      ? [now - event.startNs]
      : [],
  );
}
