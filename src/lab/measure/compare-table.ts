// A comparison as a text table for people: what was compared, every ratio with its interval, and what stands in the way.
import type { ComparedMetric, Comparison, Origin } from './compare.ts';
import { align, digits, figureText } from './table.ts';
import { ALPHA } from './verdict.ts';

const HEAD = ['case', 'A', 'B', 'B/A', '95 %', 'p', 'n', 'verdict'];
/** Columns whose figures line up at the right. */
const RIGHT: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6]);

/** The whole comparison. Ends without a newline. */
export function comparisonTable(comparison: Comparison): string {
  const { a, b, metrics } = comparison;
  const rows = metrics.map((metric) => row(metric));
  const table = rows.length > 0 ? align([HEAD, ...rows], RIGHT) : ['(no case is in both reports)'];
  return [originLine('A', a), originLine('B', b), '', ...table, ...footnotes(comparison)].join('\n');
}

function originLine(name: string, { createdAt, version, adapter, software }: Origin): string {
  return `${name}: ${createdAt}, pageferry ${version}, ${adapter}${software ? " — SOFTWARE: no figure is a GPU's" : ''}`;
}

function row({ id, a, b, ratio, p, verdict, worsePercent, regression, warnings }: ComparedMetric): string[] {
  const said = regression ? `REGRESSION: ${digits(worsePercent as number)} % worse` : verdict;
  return [
    warnings.length > 0 ? `${id} *` : id,
    figureText(a.unit, a.median),
    figureText(b.unit, b.median),
    ratio === null ? '' : digits(ratio.median),
    ratio === null ? '' : `${digits(ratio.low)} … ${digits(ratio.high)}`,
    p === null ? '' : pText(p),
    a.n === b.n ? String(a.n) : `${a.n}/${b.n}`,
    said,
  ];
}

function pText(p: number): string {
  return p < 0.001 ? '<0.001' : p.toFixed(3);
}

function footnotes(comparison: Comparison): string[] {
  const { metrics, onlyInA, onlyInB, warnings, threshold, regressions } = comparison;
  const judged = metrics.filter(({ p }) => p !== null);
  const lines = ['', chanceLine(judged.length), ...basisLine(judged)];
  if (onlyInA.length > 0) lines.push(`only in A: ${onlyInA.join(', ')}`);
  if (onlyInB.length > 0) lines.push(`only in B: ${onlyInB.join(', ')}`);
  for (const { code, message, advice } of warnings) lines.push(`warning: ${code}: ${message}. ${advice}`);
  for (const metric of metrics)
    for (const { code, message, advice } of metric.warnings)
      lines.push(`* ${metric.id}: ${code}: ${message}. ${advice}`);
  if (threshold !== null) lines.push(regressionLine(threshold, regressions));
  return lines;
}

/** Many tests find something by chance: the reader must know how many there were. */
function chanceLine(tests: number): string {
  if (tests === 0) return 'no case could be judged';
  return `${tests} judged at p < ${ALPHA}: without any difference, up to ${digits(tests * ALPHA)} of them would claim one`;
}

/** Within one pass nothing shows how much two runs differ anyway. */
function basisLine(judged: readonly ComparedMetric[]): string[] {
  const single = judged.filter(({ basis }) => basis === 'samples').length;
  if (single === 0) return [];
  return [
    `${single} judged on samples of single passes: what differs from run to run can look like a difference; --repeat 5 shows it`,
  ];
}

function regressionLine(threshold: number, regressions: readonly string[]): string {
  if (regressions.length === 0) return `no regression beyond ${threshold} % and the noise`;
  return `${regressions.length} regression${regressions.length > 1 ? 's' : ''} beyond ${threshold} % and the noise: ${regressions.join(', ')}`;
}
