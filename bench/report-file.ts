// Where output goes: judged before the work, written whole or not at all.
import { accessSync, constants, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Report } from '../src/lab/measure/report.ts';
import { usageError } from './exit.ts';

/** `pageferry-report-2026-11-20T12-00-00.json` in the current folder, unless the user names a file. */
export function reportPath(
  given: string | undefined,
  startedAt: Date,
  kind: 'report' | 'alternation' = 'report',
): string {
  if (given !== undefined) return outputPath('--json', given);
  const path = resolve(`pageferry-${kind}-${startedAt.toISOString().slice(0, 19).replaceAll(':', '-')}.json`);
  if (!writable(path))
    throw usageError('the current folder', process.cwd(), 'one that can be written, or --json FILE for the report');
  return path;
}

/** The file that a flag names. Throws CommandError where nothing can be written. */
export function outputPath(flag: string, given: string): string {
  const path = resolve(given);
  if (given === '' || !writable(path))
    throw usageError(flag, given, 'a file in a folder that exists and can be written');
  return path;
}

function writable(path: string): boolean {
  try {
    accessSync(dirname(path), constants.W_OK);
    return !(statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
  } catch {
    return false;
  }
}

export function writeReport(path: string, report: Report): void {
  writeWhole(path, `${JSON.stringify(report, null, 2)}\n`);
}

/** Through a draft beside it: a reader never sees half a file. */
export function writeWhole(path: string, text: string): void {
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, text);
  renameSync(draft, path);
}
