// A report as Google Benchmark JSON: one entry a sample, as a repetition, so that its `compare.py` can test two files.
import { NS_PER_S } from '../../base/units.ts';
import type { Metric, Report } from './report.ts';
import { median } from './stats.ts';

const TIMES: Readonly<Record<string, string>> = { ns: 'ns', us: 'us', ms: 'ms', s: 's' };

interface Timed {
  readonly time: number;
  readonly unit: string;
  /** What `time` is the time of, as counters of the entry. */
  readonly counters: Readonly<Record<string, number>>;
}

/** Rates become times: of one chunk where the case has a chunk size, else of one of what is counted. */
export function gbenchText(report: Report): string {
  const benchmarks = report.metrics.flatMap(entriesOf);
  return `${JSON.stringify({ context: contextOf(report), benchmarks }, null, 1)}\n`;
}

/** What a report does not know is left out, or 0 where readers insist on the field. */
function contextOf({ createdAt, tool, environment: { host, adapter } }: Report): Record<string, unknown> {
  return {
    date: createdAt.replace(/Z$/, '+00:00'),
    host_name: '',
    executable: `${tool.name} ${tool.command}`.trimEnd(),
    num_cpus: host.cpuCount,
    mhz_per_cpu: 0,
    caches: [],
    load_avg: [],
    library_version: tool.version,
    library_build_type: 'release',
    json_schema_version: 1,
    adapter: adapter.name,
    software: adapter.software || adapter.kind === 'twin',
    cpu_time: 'a copy of real_time: CPU time is not measured',
    real_time: 'of one chunk where bytes_per_iteration is given, else of one item',
    not_recorded: 'host_name, mhz_per_cpu',
  };
}

function entriesOf(metric: Metric, family: number): Record<string, unknown>[] {
  const timed = metric.samples.map((sample) => timeOf(metric, sample));
  const common = {
    family_index: family,
    per_family_instance_index: 0,
    run_name: metric.id,
    repetitions: timed.length,
    threads: 1,
  };
  const single = timed.map(({ time, unit, counters }, i) => ({
    ...numbersOf(metric),
    name: metric.id,
    ...common,
    run_type: 'iteration',
    repetition_index: i,
    iterations: operationsOf(metric),
    real_time: time,
    cpu_time: time,
    time_unit: unit,
    ...counters,
  }));
  return timed.length < 2 ? single : [...single, medianOf(metric, timed, common)];
}

function medianOf(metric: Metric, timed: readonly Timed[], common: Record<string, unknown>): Record<string, unknown> {
  const time = median(timed.map((one) => one.time));
  return {
    name: `${metric.id}_median`,
    ...common,
    run_type: 'aggregate',
    aggregate_name: 'median',
    aggregate_unit: 'time',
    iterations: timed.length,
    real_time: time,
    cpu_time: time,
    time_unit: timed[0]?.unit,
  };
}

function timeOf({ unit, params }: Metric, sample: number): Timed {
  const time = TIMES[unit];
  if (time !== undefined) return { time: sample, unit: time, counters: {} };
  if (unit !== 'B/s') return { time: NS_PER_S / sample, unit: 'ns', counters: { items_per_second: sample } };
  const bytes = typeof params['chunkBytes'] === 'number' ? params['chunkBytes'] : 1;
  const counters = { bytes_per_second: sample, bytes_per_iteration: bytes };
  return { time: (bytes * NS_PER_S) / sample, unit: 'ns', counters };
}

function operationsOf({ params }: Metric): number {
  const ops = params['opsPerRegion'];
  return typeof ops === 'number' && Number.isInteger(ops) && ops > 0 ? ops : 1;
}

/** User counters are flat and numeric; names of the format itself win. */
function numbersOf({ params }: Metric): Record<string, number> {
  return Object.fromEntries(
    Object.entries(params).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}
