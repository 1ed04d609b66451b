// A report as a text table for people: aligned columns, units, spread, sample count, and how each figure compares.
import { GIB, KIB, MIB } from '../../base/units.ts';
import { shapeName } from '../../engine/gpu/copy-shape.ts';
import { sameWithin, type Ratio } from './stats.ts';
import type { Metric, Report } from './report.ts';

/** Heads of the columns of `metricRow`. */
export const HEAD = ['case', 'median', '± MAD', 'p05…p95', 'n', 'clock', '× peer', '× limit'];
/** Before a ratio whose interval contains 1. */
const SAME = '≈';
/** Columns whose figures line up at the right. */
const RIGHT: ReadonlySet<number> = new Set([1, 2, 3, 4]);

/** The whole result, first line: what ran the jobs; `summary` goes between it and the table. Ends without a newline. */
export function reportTable(report: Report, summary: readonly string[] = []): string {
  const rows = report.metrics.map((metric) => metricRow(metric));
  const table = rows.length > 0 ? align([HEAD, ...rows], RIGHT) : ['(nothing was measured)'];
  const above = summary.length > 0 ? ['', ...summary] : [];
  return [headline(report), ...above, '', ...table, '', ...footnotes(report)].join('\n');
}

/** Cases that a footnote names. */
const MOST_IDS = 4;

/** What ran the jobs, plainly. */
export function headline(report: Report): string {
  const { adapter, fallback } = report.environment;
  const what = `${adapter.name}${adapter.backend === '' ? '' : `, ${adapter.backend}`}`;
  const why = fallback === null ? '' : ` (${fallback})`;
  if (adapter.kind === 'twin') return `adapter: ${adapter.name} — nothing ran on a GPU${why}`;
  if (adapter.software) return `adapter: ${what} — SOFTWARE: a CPU emulated the GPU, no figure is a GPU's${why}`;
  return `adapter: ${what}${why}`;
}

/** Columns padded to equal width, two spaces apart; those in `right` line up at their right. */
export function align(rows: readonly (readonly string[])[], right: ReadonlySet<number> = new Set()): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const cell = (text: string, i: number): string => {
    const gap = ' '.repeat((widths[i] as number) - text.length);
    return right.has(i) ? gap + text : text + gap;
  };
  return rows.map((row) => row.map(cell).join('  ').trimEnd());
}

/** Cells below HEAD; a star marks a figure with a warning. `named`: with the ids of peer and limit, where width is no matter. */
export function metricRow(metric: Metric, named = false): string[] {
  const { unit, median, mad, p05, p95, n, source } = metric;
  const scaled = scaleFor(unit, median);
  const low = digits(p05 / scaled.by);
  const spread = `${low}…${digits(p95 / scaled.by)}`;
  const mark = noted(metric).length > 0 ? ' *' : '';
  return [
    metric.id + mark,
    figureText(unit, median),
    digits(mad / scaled.by),
    spread,
    String(n),
    source,
    ratioText(metric.peerRatio, named ? metric.peer : null),
    ratioText(metric.limitRatio, named ? metric.limit : null),
  ];
}

/** Median and 95 % interval; marked where no difference is shown. */
function ratioText(ratio: Ratio | null, id: string | null): string {
  if (ratio === null) return '';
  const [median, low, high] = [ratio.median, ratio.low, ratio.high].map(short);
  return `${sameWithin(ratio) ? SAME : ''}${median} ${low}…${high}${id === null ? '' : ` (${id})`}`;
}

/** Two digits behind the point tell 1 % apart; more would only make the table wide. */
function short(value: number): string {
  if (value >= 10) return value.toFixed(value < 100 ? 1 : 0);
  return value >= 0.1 || value === 0 ? value.toFixed(2) : value.toFixed(Math.min(6, 1 - Math.floor(Math.log10(value))));
}

/** What a reader must know besides the figures, one line each. */
export function footnotes(report: Report): string[] {
  const { verification, notes, warnings, metrics } = report;
  const lines = [verificationLine(verification), ...ratioLines(metrics)];
  if (report.tuning !== undefined) lines.push(tuningLine(report.tuning));
  for (const note of notes) lines.push(`note: ${note}`);
  for (const { message, advice } of warnings) lines.push(`warning: ${message}. ${advice}`);
  for (const [text, ids] of metricWarnings(metrics)) lines.push(`* ${text} [${idList(ids)}]`);
  return lines;
}

/** Which cases they are stands in `list` and in the report: ids would make the rows too wide. */
function ratioLines(metrics: readonly Metric[]): string[] {
  if (metrics.every(({ peerRatio, limitRatio }) => peerRatio === null && limitRatio === null)) return [];
  return [
    `× peer, × limit: median of the ratios of pairs from one round, 95 % interval; ${SAME}: no difference shown. The report names both`,
  ];
}

function verificationLine(verification: Report['verification']): string {
  if (verification === null) return 'bytes: not verified';
  const { pagesChecked, mismatchedPages } = verification;
  const result = mismatchedPages === 0 ? 'all equal' : `${mismatchedPages} WRONG`;
  return `bytes: ${pagesChecked} pages compared, ${result}`;
}

const SHAPES_FROM = {
  default: 'the default ones',
  table: 'kept from an earlier run',
  tuned: 'chosen before this run',
} as const;

function tuningLine({ source, shapes }: NonNullable<Report['tuning']>): string {
  const shape = (name: keyof typeof shapes): string => `${name} ${shapeName(shapes[name])}`;
  return `copy shapes (lanes x rows): ${shape('up')}, ${shape('down')}, ${shape('within')}; ${SHAPES_FROM[source]}`;
}

/** The column n says already what `few-samples` says. */
function noted({ warnings }: Metric): Metric['warnings'] {
  return warnings.filter(({ code }) => code !== 'few-samples');
}

/** One line a kind of warning, however many metrics have it. */
function metricWarnings(metrics: readonly Metric[]): Map<string, string[]> {
  const byCode = new Map<string, string[]>();
  for (const metric of metrics)
    for (const { code, advice } of noted(metric)) {
      const text = `${code}: ${advice}`;
      byCode.set(text, [...(byCode.get(text) ?? []), metric.id]);
    }
  return byCode;
}

function idList(ids: readonly string[]): string {
  return ids.length > MOST_IDS
    ? `${ids.slice(0, MOST_IDS).join(', ')} and ${ids.length - MOST_IDS} more`
    : ids.join(', ');
}

interface Scale {
  readonly by: number;
  readonly unit: string;
}

const BYTE_RATES: readonly Scale[] = [
  { by: GIB, unit: 'GiB/s' },
  { by: MIB, unit: 'MiB/s' },
  { by: KIB, unit: 'KiB/s' },
];
const COUNT_PREFIXES = [
  { by: 1e9, prefix: 'G' },
  { by: 1e6, prefix: 'M' },
  { by: 1e3, prefix: 'k' },
] as const;
/** Nanoseconds of each unit of time that a metric may have, and the sign that people read. */
const TIMES = [
  { unit: 's', ns: 1e9, sign: 's' },
  { unit: 'ms', ns: 1e6, sign: 'ms' },
  { unit: 'us', ns: 1e3, sign: 'µs' },
  { unit: 'ns', ns: 1, sign: 'ns' },
] as const;

/** A unit in which `value` has one to four digits before the point. */
function scaleFor(unit: string, value: number): Scale {
  const fits = ({ by }: { by: number }): boolean => value >= by;
  const plain = { by: 1, unit };
  if (unit === 'B/s') return BYTE_RATES.find(fits) ?? plain;
  const time = TIMES.find((one) => one.unit === unit);
  if (time !== undefined) return timeScale(value * time.ns, time.ns);
  const found = unit.endsWith('/s') ? COUNT_PREFIXES.find(fits) : undefined;
  return found === undefined ? plain : { by: found.by, unit: `${found.prefix} ${unit}` };
}

/** `by` is in the metric's own unit, which is `unitNs` long. */
function timeScale(ns: number, unitNs: number): Scale {
  const found = TIMES.find((one) => ns >= one.ns) ?? TIMES[3];
  return { by: found.ns / unitNs, unit: found.sign };
}

/** A figure in a unit that people read. */
export function figureText(unit: string, value: number): string {
  const scaled = scaleFor(unit, value);
  return `${digits(value / scaled.by)} ${scaled.unit}`;
}

/** Three significant digits, without exponents. */
export function digits(value: number): string {
  if (value === 0) return '0';
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(places, 6));
}
