// Measures whole migrations: a GPU and a CPU touch the same ranges in turns, and the model's own events give the times.
import { mix32 } from '../src/base/mix.ts';
import { NS_PER_S, PAGE_SIZE, vaHi, vaLo, type Vpn } from '../src/base/units.ts';
import { GpuUnavailable } from '../src/engine/gpu/unavailable.ts';
import { ACCESS_KIND } from '../src/engine/plan/commands.ts';
import type { TimedEvent } from '../src/lab/measure/recorder.ts';
import { metric, sumVerifications, type Metric, type Verification } from '../src/lab/measure/report.ts';
import { executorConfig } from '../src/lab/session/machine.ts';
import { warning } from '../src/lab/measure/warnings.ts';
import { Run, type RunOutcome } from '../src/lab/session/run.ts';
import { parseScenario, type Scenario } from '../src/lab/session/scenario.ts';
import { sizesOf } from '../src/lab/session/sizing.ts';
import { accessList, type AccessList, type Step, type Workload } from '../src/lab/workload/workload.ts';
import { openFound, type Found } from './adapter.ts';
import type { MigrateCase, MigrateExperiment } from './cases/migrate.ts';
import { CommandError, EXIT } from './exit.ts';

/** Where Linux maps large anonymous memory; 2 MiB aligned. */
const BASE_VPN: Vpn = 0x7f0000000;
/** Rounds that warm up: the first touches of everything. */
const WARM_ROUNDS = 1;

export interface MigrateOptions {
  /** Migrations wanted in each direction. */
  readonly samples: number;
  /** Fewer than these leave a case out when the time ended the experiment. */
  readonly minSamples: number;
  readonly seed: number;
  /** Reading of performance.now at which experiments end; null: no limit. */
  readonly endMs: number | null;
  readonly cancelled: () => boolean;
  /** Told of the run, so that an interrupt can end it. */
  readonly running: (run: Run, name: string) => void;
}

export interface MigrateResult {
  readonly metrics: readonly Metric[];
  readonly verification: Verification | null;
  readonly counters: Readonly<Record<string, number>>;
  /** Experiments that left wrong bytes, and how many pages. */
  readonly wrong: readonly string[];
  /** Cases for which there was no time. */
  readonly leftOut: readonly string[];
}

/** Runs the experiments behind `cases`, one after the other. Stops early, with what it has, when cancelled. */
export async function measureMigrations(
  found: Found,
  cases: readonly MigrateCase[],
  options: MigrateOptions,
): Promise<MigrateResult> {
  const metrics: Metric[] = [];
  let verification: Verification | null = null;
  const wrong: string[] = [];
  const leftOut: string[] = [];
  const counters = { x_bench_migrate_runs: 0 };
  for (const experiment of new Set(cases.map((one) => one.experiment))) {
    if (options.cancelled()) break;
    const mine = cases.filter((one) => one.experiment === experiment);
    if (timeLeft(options) <= 0) {
      leftOut.push(...mine.map(({ id }) => id));
      continue;
    }
    const { events, checked, cut } = await runExperiment(found, experiment, options);
    for (const one of mine) {
      const made = migrationMetric(one, events, options, cut);
      if (made === null && cut) leftOut.push(one.id);
      if (made !== null) metrics.push(made);
    }
    verification = sumVerifications(verification, checked);
    if ((checked?.mismatchedPages ?? 0) > 0) wrong.push(`${experiment.name}: ${checked?.mismatchedPages} pages`);
    counters.x_bench_migrate_runs++;
  }
  return { metrics, verification, counters, wrong, leftOut };
}

interface Experience {
  readonly events: readonly TimedEvent[];
  readonly checked: Verification | null;
  /** The end of the time ended it. */
  readonly cut: boolean;
}

function timeLeft({ endMs }: MigrateOptions): number {
  return endMs === null ? Number.POSITIVE_INFINITY : endMs - performance.now();
}

async function runExperiment(
  found: Found,
  experiment: MigrateExperiment,
  options: MigrateOptions,
): Promise<Experience> {
  const rounds = WARM_ROUNDS + Math.ceil(options.samples / experiment.ranges);
  const workload = turns(experiment, rounds);
  const scenario = scenarioOf(experiment, options.seed);
  const sizes = sizesOf(workload, { kind: 'percent', percent: 200 });
  const executor = await openFound(found, executorConfig(scenario, sizes));
  if (executor instanceof GpuUnavailable)
    throw new CommandError(EXIT.unfinished, `${experiment.name}: ${executor.message}`);
  const run = new Run({ scenario, sizes, workload, executor, wall: () => performance.now() });
  options.running(run, `migrate ${experiment.name}`);
  // An interrupt while the device was opening found no run to end.
  if (options.cancelled()) run.abandon();
  const { outcome, cut } = await within(run, options);
  executor.destroy();
  if (outcome.failure !== null) throw new CommandError(EXIT.unfinished, `${experiment.name}: ${outcome.failure}`);
  return { events: run.recorder.timeline(), checked: outcome.verification, cut };
}

/** Runs to the end, or to the end of the time: what was measured until then stays, and is not verified. */
async function within(run: Run, options: MigrateOptions): Promise<{ outcome: RunOutcome; cut: boolean }> {
  let cut = false;
  const end = (): void => {
    cut = true;
    run.abandon();
  };
  const timer = options.endMs === null ? undefined : setTimeout(end, Math.max(0, timeLeft(options)));
  try {
    return { outcome: await run.start(), cut };
  } finally {
    clearTimeout(timer);
  }
}

function scenarioOf({ chunks, mode, ranges }: MigrateExperiment, seed: number): Scenario {
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
function turns({ name, chunks, ranges }: MigrateExperiment, rounds: number): Workload {
  const pages = (chunks[0] as number) / PAGE_SIZE;
  const touches = touchAll(ranges, pages);
  return {
    name: `migrate ${name}`,
    vmas: [{ name: 'bench', startVpn: BASE_VPN, pages: ranges * pages, write: true }],
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

function touchAll(ranges: number, pages: number): AccessList {
  const records = Array.from({ length: ranges }, (_, i) => {
    const vpn = BASE_VPN + i * pages;
    return [vaLo(vpn), vaHi(vpn), ACCESS_KIND.write, mix32(i + 1)];
  });
  return accessList(Uint32Array.from(records.flat()), ranges);
}

/** Null where there is nothing to report. Whole ranges only, and none of the first round: those also made page tables. */
function migrationMetric(
  one: MigrateCase,
  events: readonly TimedEvent[],
  { samples, minSamples }: MigrateOptions,
  cut: boolean,
): Metric | null {
  const { id, convention, experiment } = one;
  const bytes = experiment.chunks[0] as number;
  const rates = timesOf(one, events, bytes)
    .slice(WARM_ROUNDS * experiment.ranges)
    .filter((ns) => ns > 0)
    .map((ns) => (bytes * NS_PER_S) / ns);
  if (rates.length < (cut ? minSamples : 1)) return null;
  const params = { chunkBytes: bytes, copyMode: experiment.mode, waiting: 'wait', samplesWanted: samples };
  const short = warning('out-of-time', `${rates.length} of ${samples} samples or more, and bytes not compared`);
  return metric({ id, unit: 'B/s', source: 'wall', samples: rates, convention, params, warnings: cut ? [short] : [] });
}

function timesOf({ direction }: MigrateCase, events: readonly TimedEvent[], bytes: number): number[] {
  return events.flatMap(({ now, event }) =>
    event.kind === 'migrate' && event.direction === direction && event.status === 0 && event.moved * PAGE_SIZE === bytes
      ? [now - event.startNs]
      : [],
  );
}
