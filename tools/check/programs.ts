// The steps of `npm run check` that other programs do: types, lint, format, dead code, generated layouts.
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { ROOT } from '../cache.mjs';
import { countBelow } from './files.ts';
import { runProgram, verdict, type StepResult } from './step.ts';

const FOLDERS = ['src', 'bench', 'test', 'tools'];

function installed(path: string): string {
  return join(ROOT, 'node_modules', path);
}

/** TypeScript over everything; the files it names must be all that are there. */
export async function typesStep(): Promise<StepResult> {
  const args = ['--noEmit', '--pretty', 'false', '--listFiles'];
  const { status, output } = await runProgram(installed('typescript/bin/tsc'), args);
  const lines = output.trim().split(/\r?\n/);
  const seen = lines.filter((line) => isOwnFile(line));
  const errors = lines.filter((line) => !isAbsolute(line));
  const onDisk = FOLDERS.reduce((sum, folder) => sum + countBelow(folder, ['.ts']), 0);
  const typed = seen.filter((line) => FOLDERS.some((folder) => line.includes(`/${folder}/`)) && line.endsWith('.ts'));
  const missed = typed.length === onDisk ? [] : [`tsc saw ${typed.length} of ${onDisk} files`];
  const failed = status !== 0 && errors.length === 0 ? [`tsc exited with ${status}`] : [];
  return verdict([...errors, ...missed, ...failed], seen.length, 'files');
}

function isOwnFile(line: string): boolean {
  const root = ROOT.replaceAll('\\', '/');
  return line.startsWith(`${root}/`) && !line.includes('/node_modules/');
}

interface LintReport {
  diagnostics: { message: string; code?: string; note?: string; filename: string; labels: LintLabel[] }[];
  number_of_files: number;
}

interface LintLabel {
  span: { line: number; column: number };
}

/** oxlint, with the rules that need types. */
export async function lintStep(): Promise<StepResult> {
  const args = ['--type-aware', '--deny-warnings', '--format=json'];
  const { status, output } = await runProgram(installed('oxlint/bin/oxlint'), args);
  const report = JSON.parse(output) as LintReport;
  const problems = report.diagnostics.map(({ message, code = '', note = '', filename, labels }) => {
    const at = labels[0]?.span;
    return `${filename}:${at?.line ?? 0}:${at?.column ?? 0}: ${message} [${code}] ${note}`.trimEnd();
  });
  if (status !== 0 && problems.length === 0) problems.push(output.trim());
  return verdict(problems, report.number_of_files, 'files');
}

/** oxfmt; `npm run format` repairs what this finds. */
export async function formatStep(): Promise<StepResult> {
  const { status, output } = await runProgram(installed('oxfmt/bin/oxfmt'), ['--check']);
  const count = Number(/ on (\d+) files?/.exec(output)?.[1] ?? 0);
  const listed = output.split('\n').filter((line) => /\(\d+ms\)$/.test(line));
  const repair = 'run `npm run format`';
  return verdict(status === 0 ? [] : [...(listed.length > 0 ? listed : [output.trim()]), repair], count, 'files');
}

/** knip: files, exports and dependencies without a user. Its table of timings says how many files it parsed. */
export async function deadCodeStep(): Promise<StepResult> {
  const { status, output } = await runProgram(installed('knip/bin/knip.js'), ['--no-progress', '--performance']);
  const [issues = '', table = ''] = output.split(/^Name +size/m);
  const count = Number(/^parseFile +(\d+)/m.exec(table)?.[1] ?? 0);
  return verdict(status === 0 ? [] : [issues.trim()], count, 'files parsed');
}

/** The generated layouts are those of the shaders. */
export async function layoutsStep(): Promise<StepResult> {
  const tool = 'tools/layouts.ts';
  if (!existsSync(join(ROOT, tool))) return { ok: true, checked: `skipped: there is no ${tool}`, problems: '' };
  const { status, output } = await runProgram(join(ROOT, 'tools', 'run.mjs'), [tool, '--check']);
  const shaders = countBelow('shaders', ['.wgsl']);
  return verdict(status === 0 ? [] : [output.trim()], shaders, 'shader files');
}
