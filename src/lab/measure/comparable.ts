// What stands between two reports and a verdict: every difference of adapter, mode or clock becomes a typed warning.
import type { Metric, Report } from './report.ts';
import { betterOf, LEAST_SAMPLES } from './verdict.ts';
import { warning, type Warning } from './warnings.ts';

export interface Obstacles {
  /** With one of these there is no verdict. */
  readonly blocking: readonly Warning[];
  /** These can explain a difference, but do not make it meaningless. */
  readonly other: readonly Warning[];
}

/** Parameters that say how a case was measured, not what it did. */
const OF_MEASURING: ReadonlySet<string> = new Set(['opsPerRegion', 'regionMs', 'samplesWanted', 'passes']);

/** Differences between the two runs as wholes. */
export function reportObstacles(a: Report, b: Report): Obstacles {
  return {
    blocking: listed(kindsWarning(a, b), adapterWarning(a, b), modesWarning(a, b), ...wrongBytes(a, b)),
    other: listed(setupWarning(a, b), ...partialWarnings(a, b)),
  };
}

/** Differences between two figures of one id. */
export function metricObstacles(a: Metric, b: Metric): Obstacles {
  const fewest = Math.min(a.samples.length, b.samples.length);
  const blocking = listed(
    a.unit !== b.unit && warning('units-differ', `${a.unit} and ${b.unit}`),
    a.unit === b.unit && betterOf(a.unit) === null && warning('unknown-unit', a.unit),
    a.source !== b.source && warning('clocks-differ', `${a.source} and ${b.source}`),
    fewest < LEAST_SAMPLES && warning('few-to-compare', `${a.samples.length} and ${b.samples.length} samples`),
    !positive(a, b) && warning('no-ratio', 'a sample is not above 0'),
  );
  const params = changes(relevant(a), relevant(b));
  return { blocking, other: listed(params !== '' && warning('parameters-differ', params)) };
}

export function positive(...metrics: readonly Metric[]): boolean {
  return metrics.every(({ samples }) => samples.every((sample) => sample > 0));
}

function listed(...found: readonly (Warning | false)[]): Warning[] {
  return found.filter((one) => one !== false);
}

function kindsWarning({ environment: a }: Report, { environment: b }: Report): Warning | false {
  const [one, other] = [kindOf(a), kindOf(b)];
  return one !== other && warning('software-and-hardware', `A ran on ${one}, B on ${other}`);
}

function kindOf({ adapter }: Report['environment']): string {
  if (adapter.kind === 'twin') return 'the CPU twin';
  return adapter.software ? 'a software adapter' : 'hardware';
}

/** What emulates a GPU is a CPU: there the processor is part of the adapter. */
function adapterWarning(a: Report, b: Report): Warning | false {
  // Dawn in Node and a browser call one adapter by two names; both know its vendor and architecture.
  const oneProgram = a.environment.host.runtime === b.environment.host.runtime;
  const name = ({ environment: { adapter, host } }: Report): Record<string, unknown> => ({
    adapter: oneProgram ? adapter.name : `${adapter.vendor} ${adapter.architecture}`,
    ...(adapter.kind === 'twin' || adapter.software ? { cpu: host.cpu, cpus: host.cpuCount } : {}),
  });
  const text = changes(name(a), name(b));
  return text !== '' && warning('adapters-differ', text);
}

function modesWarning({ run: a }: Report, { run: b }: Report): Warning | false {
  const mode = ({ kind, clock, copyMode, wait, systemPages }: Report['run']): Record<string, unknown> => ({
    kind,
    clock,
    copyMode,
    wait,
    systemPages,
  });
  const text = changes(mode(a), mode(b));
  return text !== '' && warning('modes-differ', text);
}

function setupWarning(a: Report, b: Report): Warning | false {
  const bothHost = a.run.systemPages === 'host' && b.run.systemPages === 'host';
  const setup = ({ environment: { adapter, host }, scenario, tool }: Report): Record<string, unknown> => ({
    driver: adapter.driver,
    backend: adapter.backend,
    runtime: host.runtime,
    version: host.version,
    os: host.os,
    tool: tool.version,
    quick: scenario['quick'],
    ...(bothHost ? uploadPath(scenario) : {}),
  });
  const text = changes(setup(a), setup(b));
  return text !== '' && warning('setups-differ', text);
}

/** Way of host pages to the device, which only matters where they go. */
function uploadPath({ engine }: Report['scenario']): Record<string, unknown> {
  return typeof engine === 'object' && engine !== null && 'uploadPath' in engine
    ? { uploadPath: engine.uploadPath }
    : {};
}

function wrongBytes(...reports: readonly [Report, Report]): (Warning | false)[] {
  return reports.map(({ verification }, i) => {
    const wrong = verification?.mismatchedPages ?? 0;
    return (
      wrong > 0 && warning('verification-failed', `${sideName(i)}: ${wrong} of ${verification?.pagesChecked} pages`)
    );
  });
}

function partialWarnings(...reports: readonly [Report, Report]): (Warning | false)[] {
  return reports.map(({ partial }, i) => partial && warning('partial', `${sideName(i)} was stopped`));
}

function sideName(index: number): string {
  return index === 0 ? 'A' : 'B';
}

function relevant({ params }: Metric): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).filter(([name]) => !OF_MEASURING.has(name)));
}

/** Fields of two flat objects that differ, with both values; empty when none does. */
function changes(a: Record<string, unknown>, b: Record<string, unknown>): string {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]);
  return names.map((name) => `${name} ${text(a[name])} and ${text(b[name])}`).join(', ');
}

function text(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
