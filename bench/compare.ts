// The verb `compare`: two reports, figure by figure; ends with 1 only on a regression beyond the threshold and the noise.
import { comparisonTable } from '../src/lab/measure/compare-table.ts';
import { compareReports } from '../src/lab/measure/compare.ts';
import { FAIL_ON_REGRESSION, type CommandLine } from './arguments.ts';
import { EXIT, usageError } from './exit.ts';
import { readReport } from './read-report.ts';
import { outputPath, writeWhole } from './report-file.ts';

/** Runs the verb; returns the exit status. Throws CommandError on bad usage or input. */
export function compareVerb({ operands, flags }: CommandLine): number {
  const threshold = percent(flags.get(FAIL_ON_REGRESSION.flag));
  const json = flags.get('--json');
  const path = json === undefined ? null : outputPath('--json', json);
  const a = readReport('A', operands[0] as string);
  const b = readReport('B', operands[1] as string);
  const comparison = compareReports(a, b, threshold);
  process.stdout.write(`${comparisonTable(comparison)}\n`);
  if (path !== null) writeWhole(path, `${JSON.stringify(comparison, null, 2)}\n`);
  return comparison.regressions.length > 0 ? EXIT.wrong : EXIT.fine;
}

function percent(text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 0 && value <= 1000)) throw usageError(FAIL_ON_REGRESSION.flag, text, FAIL_ON_REGRESSION.allowed);
  return value;
}
