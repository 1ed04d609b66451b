// Starts the command as its users do, in a folder of the test's own.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseReport, type Report } from '../../src/lab/measure/report.ts';

const COMMAND = join(import.meta.dirname, '../../tools/pageferry.mjs');

export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `pageferry <args>`, and interrupts it soon after standard error has said what `interruptOn` looks for. */
export function pageferry(
  folder: string,
  args: readonly string[],
  interruptOn?: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    // What a run keeps for the next one stays in the test's folder.
    const own = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), ...env };
    const child = spawn(process.execPath, [COMMAND, ...args], { cwd: folder, env: own });
    let out = '';
    let err = '';
    let interrupted = false;
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => {
      err += data.toString();
      if (interrupted || interruptOn?.test(err) !== true) return;
      interrupted = true;
      // A little later than the line says, so that something has been measured; how much does not matter.
      setTimeout(() => child.kill('SIGINT'), 500);
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, out, err }));
  });
}

/** The report in a file; throws when it is none. */
export function reportIn(folder: string, file: string): Report {
  const parsed = parseReport(JSON.parse(readFileSync(join(folder, file), 'utf8')));
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.report;
}

/** Lines that are ours: drivers and the bundler write to standard error too. */
export function said(err: string): string[] {
  return err.split('\n').filter((line) => line.startsWith('pageferry: ') && !/bundling|building the page/.test(line));
}
