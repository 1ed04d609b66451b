// A report as OpenMetrics text: base units with the unit in the name, one family after the other, `# EOF` at the end.
import type { Metric, Report } from './report.ts';

/** How many of each unit of time a second has: dividing by these keeps short decimals short. */
const PER_SECOND: Readonly<Record<string, number>> = { ns: 1e9, us: 1e6, ms: 1e3, s: 1 };
const STATISTICS = ['median', 'p05', 'p95', 'mad', 'min'] as const;

interface Family {
  readonly type: 'gauge' | 'counter' | 'info';
  readonly unit: string;
  readonly help: string;
  readonly lines: string[];
}

type Labels = Readonly<Record<string, string>>;

export function openMetricsText(report: Report): string {
  const families = new Map<string, Family>();
  addInfo(families, report);
  for (const metric of report.metrics) addMetric(families, metric);
  if (report.verification !== null) addVerification(families, report.verification);
  for (const [name, value] of Object.entries(report.counters)) addCounter(families, name, value);
  return `${[...families].flatMap(([name, family]) => familyLines(name, family)).join('\n')}\n# EOF\n`;
}

function familyLines(name: string, { type, unit, help, lines }: Family): string[] {
  const unitLine = unit === '' ? [] : [`# UNIT ${name} ${unit}`];
  return [`# TYPE ${name} ${type}`, ...unitLine, `# HELP ${name} ${escaped(help)}`, ...lines];
}

/** The family of a name, made when it is missing; lines of one family must stand together. */
function family(families: Map<string, Family>, name: string, rest: Omit<Family, 'lines'>): Family {
  const known = families.get(name) ?? { ...rest, lines: [] };
  families.set(name, known);
  return known;
}

function addInfo(
  families: Map<string, Family>,
  { createdAt, tool, environment: { adapter }, run, partial }: Report,
): void {
  const { lines } = family(families, 'pageferry_report', { type: 'info', unit: '', help: 'What ran the jobs.' });
  const labels = {
    adapter: adapter.name,
    software: String(adapter.software || adapter.kind === 'twin'),
    driver: adapter.driver,
    version: tool.version,
    kind: run.kind,
    created_at: createdAt,
    partial: String(partial),
  };
  lines.push(sampleLine('pageferry_report_info', labels, 1));
}

function addMetric(families: Map<string, Family>, metric: Metric): void {
  const { id, unit, source } = metric;
  const { name, base, per } = baseOf(unit);
  const { lines } = family(families, name, {
    type: 'gauge',
    unit: base,
    help: `Benchmark figures in ${base || unit}.`,
  });
  for (const statistic of STATISTICS)
    lines.push(sampleLine(name, { case: id, clock: source, statistic }, metric[statistic] / per));
  const counted = { type: 'gauge', unit: '', help: 'Samples behind each figure.' } as const;
  family(families, 'pageferry_samples', counted).lines.push(sampleLine('pageferry_samples', { case: id }, metric.n));
  addRatio(families, 'peer', metric, metric.peer, metric.peerRatio);
  addRatio(families, 'limit', metric, metric.limit, metric.limitRatio);
}

function addRatio(
  families: Map<string, Family>,
  role: 'peer' | 'limit',
  { id }: Metric,
  other: string | null,
  ratio: Metric['peerRatio'],
): void {
  if (other === null || ratio === null) return;
  const name = `pageferry_${role}_ratio`;
  const help = `Figure over that of its ${role}, with a 95 % interval.`;
  const { lines } = family(families, name, { type: 'gauge', unit: 'ratio', help });
  for (const statistic of ['median', 'low', 'high'] as const)
    lines.push(sampleLine(name, { case: id, [role]: other, statistic }, ratio[statistic]));
}

/** 'B/s' → pageferry_rate_bytes_per_second; 'us' → pageferry_time_seconds. */
function baseOf(unit: string): { readonly name: string; readonly base: string; readonly per: number } {
  const per = PER_SECOND[unit];
  if (per !== undefined) return { name: 'pageferry_time_seconds', base: 'seconds', per };
  if (!unit.endsWith('/s')) return { name: `pageferry_figure_${word(unit)}`, base: word(unit), per: 1 };
  const counted = unit === 'B/s' ? 'bytes' : word(unit.slice(0, -2));
  return { name: `pageferry_rate_${counted}_per_second`, base: `${counted}_per_second`, per: 1 };
}

function addVerification(families: Map<string, Family>, checked: NonNullable<Report['verification']>): void {
  const name = 'pageferry_verified_pages';
  const { lines } = family(families, name, { type: 'gauge', unit: 'pages', help: 'Pages compared after the run.' });
  lines.push(sampleLine(name, { result: 'equal' }, checked.pagesChecked - checked.mismatchedPages));
  lines.push(sampleLine(name, { result: 'wrong' }, checked.mismatchedPages));
}

/** KiB become bytes and microseconds seconds; the driver's own name stays as a label. */
function addCounter(families: Map<string, Family>, counter: string, value: number): void {
  const { name, unit, per } = counterBase(`pageferry_${word(counter)}`);
  const type = value < 0 ? 'gauge' : 'counter';
  const known = family(families, name, { type, unit, help: `Counter ${counter} of the report.` });
  known.lines.push(sampleLine(known.type === 'counter' ? `${name}_total` : name, { counter }, value / per));
}

function counterBase(name: string): { readonly name: string; readonly unit: string; readonly per: number } {
  if (name.endsWith('_kb')) return { name: `${name.slice(0, -3)}_bytes`, unit: 'bytes', per: 1 / 1024 };
  if (name.endsWith('_us')) return { name: `${name.slice(0, -3)}_seconds`, unit: 'seconds', per: 1e6 };
  return { name, unit: '', per: 1 };
}

function sampleLine(name: string, labels: Labels, value: number): string {
  const inner = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text).replaceAll('"', '\\"')}"`);
  return `${name}{${inner.join(',')}} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll(/\r?\n|\r/g, '\\n');
}

function word(text: string): string {
  return text.replaceAll(/[^a-zA-Z0-9_]/g, '_') || 'unknown';
}
