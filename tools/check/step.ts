// One step of `npm run check`: what it found, and how many things it looked at, so that «no problems» can be believed.
import { spawn } from 'node:child_process';
import { ROOT } from '../cache.mjs';

export interface StepResult {
  ok: boolean;
  /** What was checked, with its number: `214 files`. */
  checked: string;
  /** The problems, one a line; empty when there are none. */
  problems: string;
}

export interface Step {
  name: string;
  run: () => Promise<StepResult>;
}

interface Outcome {
  status: number;
  output: string;
}

/** Runs a JavaScript program of node_modules, or a tool of ours, to its end with its output collected. */
export function runProgram(program: string, args: string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { cwd: ROOT, env: { ...process.env, NO_COLOR: '1' } });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ status: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }));
  });
}

/** A step's result from a list of problems and a count; nothing checked is a problem of its own. */
export function verdict(problems: string[], count: number, what: string): StepResult {
  const all = count === 0 ? [...problems, 'nothing was checked'] : problems;
  return { ok: all.length === 0, checked: `${count} ${what}`, problems: all.join('\n') };
}
