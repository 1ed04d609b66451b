// The report of a run over a workload: rates, latencies by phase, the driver's counters, verification, doubts.
import { assert } from '../../base/assert.ts';
import { NS_PER_US } from '../../base/units.ts';
import { environmentOf, TOOL, type HostFacts } from '../measure/environment.ts';
import type { LogHistogram } from '../measure/histogram.ts';
import { PHASES } from '../measure/recorder.ts';
import { metric, report, type Metric, type Report, type RunFacts, type Source } from '../measure/report.ts';
import { warning, type Warning } from '../measure/warnings.ts';
import type { Prepared } from './prepare.ts';
import type { Run, RunOutcome } from './run.ts';
import type { ExecutorInfo } from '../../engine/plan/executor.ts';

export interface RunReportParts {
  readonly run: Run;
  readonly outcome: RunOutcome;
  readonly prepared: Prepared;
  readonly info: ExecutorInfo;
  readonly host: HostFacts;
  readonly kind: RunFacts['kind'];
  readonly fallback: string | null;
  /** ISO time. */
  readonly createdAt: string;
  /** The command line, or '' in the page. */
  readonly command: string;
  /** Doubts that only the caller can know of. */
  readonly doubts?: readonly Warning[];
}

/** Builds the report; `outcome.end` other than 'done' marks it partial. */
export function runReport(parts: RunReportParts): Report {
  const { run, outcome, prepared, host, fallback } = parts;
  const { hostPages: _, ...info } = parts.info;
  const { verification } = outcome;
  return report({
    createdAt: parts.createdAt,
    tool: { ...TOOL, command: parts.command },
    environment: environmentOf({ host, info, fallback }),
    scenario: run.scenario,
    run: runFacts(parts),
    metrics: [...rateMetrics(parts), ...latencyMetrics(parts)],
    counters: run.counters(),
    verification:
      verification === null
        ? null
        : { pagesChecked: verification.pagesChecked, mismatchedPages: verification.mismatchedPages },
    eventHash: run.eventHash,
    notes: notesOf(parts),
    partial: outcome.end !== 'done',
    warnings: [...prepared.warnings, ...(parts.doubts ?? []), ...doubts(parts)],
  });
}

function runFacts({ run, info, outcome, kind }: RunReportParts): RunFacts {
  const { engine, run: how } = run.scenario;
  const systemPages = info.hostPages === true ? 'host' : 'device';
  const { systemPages: wanted } = how;
  assert(systemPages === wanted, () => `system pages lay with the ${systemPages}, the scenario says ${wanted}`);
  return {
    kind,
    executor: info.kind,
    clock: how.clock,
    copyMode: engine.copyMode,
    wait: engine.wait,
    systemPages,
    seconds: outcome.seconds,
  };
}

/** Rates over the whole run: one sample each, on the run's clock and, for model runs, on the wall's too. */
function rateMetrics({ run, outcome }: RunReportParts): Metric[] {
  const { totals } = run.recorder;
  const model = run.scenario.run.clock === 'model';
  const seconds = model ? run.modelSeconds : outcome.seconds;
  const source: Source = model ? 'model' : 'wall';
  const rate = (id: string, unit: string, amount: number, convention: string): Metric[] =>
    seconds > 0 ? [metric({ id, unit, source, samples: [amount / seconds], convention })] : [];
  return [
    ...rate('run.migrated.up', 'B/s', totals.bytesToVram, 'payload bytes moved to VRAM, over the whole run'),
    ...rate('run.migrated.down', 'B/s', totals.bytesToRam, 'payload bytes moved home, over the whole run'),
    ...rate('run.faults', 'faults/s', totals.faults, 'fault records served, over the whole run'),
    ...rate('run.accesses', 'accesses/s', outcome.accesses, 'accesses performed, each exactly once'),
    metric({
      id: 'run.elapsed',
      unit: 's',
      source: 'wall',
      samples: [outcome.seconds],
      convention: 'workload only: pauses, population and verification left out',
    }),
    ...(model
      ? [
          metric({
            id: 'run.model-time',
            unit: 's',
            source,
            samples: [seconds],
            convention: 'model time of the workload: population and verification left out',
          }),
        ]
      : []),
  ];
}

function latencyMetrics({ run }: RunReportParts): Metric[] {
  const source: Source = run.scenario.run.clock === 'model' ? 'model' : 'wall';
  const all: [string, LogHistogram][] = PHASES.map((phase) => [`phase.${phase}`, run.recorder.phase(phase).total]);
  all.push(['fault.latency', run.recorder.faultService]);
  return all
    .filter(([, histogram]) => histogram.count > 0)
    .map(([id, histogram]) => latencyMetric(id, histogram, source));
}

const PER_EVENT = 'per event, from a histogram with 9 % buckets';
/** `now` is constant within a slice (design.md §8): a reader must not take 0 for "free". */
const WAITS_ONLY = 'waits are counted, computing is not: the clock stands still while the model decides';

/** Quantiles out of the histogram's buckets: within 5 % (measure/histogram.ts), so no raw samples are kept. */
function latencyMetric(id: string, histogram: LogHistogram, source: Source): Metric {
  const us = (q: number): number => histogram.quantile(q) / NS_PER_US;
  const median = us(0.5);
  return {
    ...metric({
      id,
      unit: 'us',
      source,
      samples: [median],
      convention: source === 'wall' ? `${PER_EVENT}; ${WAITS_ONLY}` : PER_EVENT,
    }),
    n: histogram.count,
    median,
    p05: us(0.05),
    p95: us(0.95),
    min: us(0),
    mad: madOf(histogram, median * NS_PER_US) / NS_PER_US,
    samples: [],
  };
}

/** Median absolute deviation of bucket centres from `centre`, weighted by count. */
function madOf(histogram: LogHistogram, centre: number): number {
  const deviations = histogram.buckets().map(({ value, count }) => ({ deviation: Math.abs(value - centre), count }));
  deviations.sort((a, b) => a.deviation - b.deviation);
  let seen = 0;
  for (const { deviation, count } of deviations) {
    seen += count;
    if (seen * 2 >= histogram.count) return deviation;
  }
  return 0;
}

function notesOf({ prepared, outcome, run }: RunReportParts): string[] {
  const { sizes, workload } = prepared;
  const mib = (pages: number): string => `${((pages * 4) / 1024).toFixed(1)} MiB`;
  const notes = [
    `address space ${mib(sizes.vmaPages)}; VRAM ${mib(sizes.dataPages)} for data and ${mib(sizes.reservePages)} on top for page tables`,
    ...workload.notes,
    `${outcome.steps} steps, ${outcome.accesses} accesses, ${outcome.wrongLoads} loads with a wrong value`,
  ];
  const { engine, run: how } = run.scenario;
  if (how.systemPages === 'host')
    notes.push(
      `system pages lie in host memory: copies up are uploads (${engine.uploadPath}), copies home are readbacks`,
    );
  if (run.gpuSeconds > 0) notes.push(`GPU time of all timed jobs: ${run.gpuSeconds.toFixed(3)} s`);
  notes.push(...run.changes.map((change) => `changed while running: ${change}`));
  if (outcome.failure !== null) notes.push(outcome.failure);
  return notes;
}

function doubts({ info, outcome, run }: RunReportParts): Warning[] {
  const found: Warning[] = [];
  if (info.kind === 'twin') found.push(warning('nothing-on-gpu', 'the CPU twin moved the bytes'));
  else if (info.software) found.push(warning('software-adapter', `${info.name} emulates a GPU on the CPU`));
  if (outcome.verification === null) found.push(warning('unverified', 'no page was compared with the oracle'));
  if ((outcome.verification?.mismatchedPages ?? 0) > 0 || outcome.wrongLoads > 0) found.push(wrongBytes(outcome));
  if (outcome.end === 'cancelled') found.push(warning('partial', 'the run was cancelled'));
  if (outcome.failure !== null) found.push(warning('unserved-accesses', outcome.failure));
  if (run.scenario.run.clock === 'model')
    found.push(warning('placeholder-costs', 'model times rest on published or assumed costs'));
  return found;
}

function wrongBytes(outcome: RunOutcome): Warning {
  const pages = outcome.verification?.mismatchedPages ?? 0;
  return warning(
    'verification-failed',
    `${pages} pages differ from the oracle, ${outcome.wrongLoads} loads were wrong`,
  );
}
