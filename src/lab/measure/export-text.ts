// A report in the forms that spreadsheets and documents read: CSV by RFC 4180, and a Markdown table.
import type { Metric, Report } from './report.ts';
import { footnotes, headline, HEAD, metricRow } from './table.ts';

const TIME_NS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };
const CSV_HEAD = 'case,counted,clock,sample,rate_per_s,time_ns,value,value_unit,adapter,software,created_at';

/**
 * One row a sample, so that any statistic can be made from it. A rate of `counted` (B, walks …) stands in `rate_per_s`, a time
 * in `time_ns`; the value as the report has it stands beside it with its unit.
 */
export function csvText(report: Report): string {
  const { adapter } = report.environment;
  const tail = [cell(adapter.name), String(adapter.software || adapter.kind === 'twin'), report.createdAt];
  const rows = report.metrics.flatMap((metric) => metric.samples.map((value, i) => sampleRow(metric, value, i, tail)));
  return `${[CSV_HEAD, ...rows].join('\n')}\n`;
}

function sampleRow({ id, unit, source }: Metric, value: number, index: number, tail: readonly string[]): string {
  const ns = TIME_NS[unit];
  const rate = unit.endsWith('/s');
  return [
    cell(id),
    cell(rate ? unit.slice(0, -2) : ''),
    source,
    String(index),
    rate ? decimal(value) : '',
    ns === undefined ? '' : decimal(value * ns),
    decimal(value),
    cell(unit),
    ...tail,
  ].join(',');
}

/** Spreadsheets round whole numbers above 2^53 when they read an exponent: all digits are written. */
function decimal(value: number): string {
  return Math.abs(value) > Number.MAX_SAFE_INTEGER && Math.abs(value) < 1e21 ? value.toFixed(0) : String(value);
}

/** Quoted where it must be; a text that a spreadsheet would take for a formula gets an apostrophe first. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The table of the command line for documents, below one line that says what ran the jobs. */
export function markdownText(report: Report): string {
  const rows = report.metrics.map((metric) => `| ${metricRow(metric, true).map(markdownCell).join(' | ')} |`);
  const rule = HEAD.map((_, i) => (i >= 1 && i <= 4 ? '---:' : '---'));
  const { partial, createdAt, tool } = report;
  const lines = [
    `${markdownCell(headline(report))}. ${tool.name} ${tool.version}, ${createdAt}${partial ? ', **partial**' : ''}.`,
    '',
    `| ${HEAD.join(' | ')} |`,
    `| ${rule.join(' | ')} |`,
    ...rows,
    '',
    ...footnotes(report).map((line) => `- ${markdownCell(line)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function markdownCell(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ').replaceAll(/[\\|<*_`[\]]/g, (sign) => `\\${sign}`);
}
