// Where a report goes, judged before the work: a folder that cannot take it is told of by name.
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { CommandError } from '../../bench/exit.ts';
import { reportPath } from '../../bench/report-file.ts';

const STARTED = new Date('2026-11-20T12:00:00Z');

afterEach(() => vi.restoreAllMocks());

/** Runs as if the current folder were `folder`: worker processes must not change theirs. */
function standingIn(folder: string): void {
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
}

it('is a dated file in the current folder, or the one that --json names', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pageferry-report-'));
  standingIn(folder);
  expect(reportPath(undefined, STARTED)).toBe(join(folder, 'pageferry-report-2026-11-20T12-00-00.json'));
  expect(reportPath('x.json', STARTED)).toBe(join(folder, 'x.json'));
  rmdirSync(folder);
});

it('refuses a current folder that cannot be written, unless --json names another', () => {
  const absent = join(tmpdir(), 'pageferry-no-such-folder');
  standingIn(absent);
  const refused = `the current folder is "${absent}", allowed: one that can be written, or --json FILE for the report`;
  expect(() => reportPath(undefined, STARTED)).toThrow(new CommandError(2, refused));
  expect(reportPath(join(tmpdir(), 'x.json'), STARTED)).toBe(join(tmpdir(), 'x.json'));
});
