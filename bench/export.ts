// The verb `export`: a report in a form that another program reads, on standard output or in a file written whole.
import { gbenchText } from '../src/lab/measure/export-gbench.ts';
import { openMetricsText } from '../src/lab/measure/export-openmetrics.ts';
import { csvText, markdownText } from '../src/lab/measure/export-text.ts';
import type { Report } from '../src/lab/measure/report.ts';
import { OUT, TO, type CommandLine } from './arguments.ts';
import { EXIT, usageError } from './exit.ts';
import { readReport } from './read-report.ts';
import { outputPath, writeWhole } from './report-file.ts';

const FORMS = new Map<string, (report: Report) => string>([
  ['csv', csvText],
  ['markdown', markdownText],
  ['gbench', gbenchText],
  ['openmetrics', openMetricsText],
]);

/** Runs the verb; returns the exit status. Throws CommandError on bad usage or input. */
export function exportVerb({ operands, flags }: CommandLine): number {
  const to = flags.get(TO.flag) ?? null;
  const form = FORMS.get(to ?? '');
  if (form === undefined) throw usageError(TO.flag, to, TO.allowed);
  const out = flags.get(OUT.flag);
  const path = out === undefined ? null : outputPath(OUT.flag, out);
  const text = form(readReport('REPORT', operands[0] as string));
  if (path === null) process.stdout.write(text);
  else writeWhole(path, text);
  return EXIT.fine;
}
