// The lint rules that hold the architecture fire where they should, and only there.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../tools/cache.mjs';
import { temporaryFolder, writeFiles } from './temporary.ts';

/** The rules that one file breaks, without those that need types: the folder has no packages. */
function rulesBroken(path: string, text: string): string[] {
  const folder = temporaryFolder();
  const config = readFileSync(join(ROOT, '.oxlintrc.json'), 'utf8').replace('"typeAware": true', '"typeAware": false');
  writeFiles(folder, { [path]: text, '.oxlintrc.json': config });
  const args = [join(ROOT, 'node_modules/oxlint/bin/oxlint'), '--format=json'];
  const output = runAnyway(args, folder);
  const { diagnostics } = JSON.parse(output) as { diagnostics: { code: string }[] };
  return diagnostics.map((one) => one.code.replace(/^.*\(|\)$/g, ''));
}

/** A linter that finds something exits with 1. */
function runAnyway(args: string[], cwd: string): string {
  try {
    return execFileSync(process.execPath, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

const CORE = ['src/base/x.ts', 'src/model/svm/x.ts', 'src/engine/plan/x.ts', 'src/engine/twin/x.ts'];
const EDGE = ['src/engine/gpu/x.ts', 'src/lab/session/x.ts', 'src/app/ui/x.ts'];
const OUTSIDE = 'export const now = () => [Date.now(), performance.now(), setTimeout(now), document, BigInt(1)];\n';

describe('time, timers, the page and BigInt', () => {
  test.each(CORE)('are forbidden in %s', (path) => {
    expect(rulesBroken(path, OUTSIDE)).toEqual(Array.from({ length: 5 }, () => 'no-restricted-globals'));
  });

  test.each(EDGE)('are allowed in %s', (path) => {
    expect(rulesBroken(path, OUTSIDE)).toEqual([]);
  });
});

describe('Math.random', () => {
  test.each([...CORE, ...EDGE, 'bench/cases/x.ts'])('is forbidden in %s', (path) => {
    expect(rulesBroken(path, 'export const x = Math.random();\n')).toEqual(['no-restricted-properties']);
  });
});

test('any is forbidden everywhere', () => {
  expect(rulesBroken('test/x.ts', 'export const x = (y: any): unknown => y;\n')).toEqual(['no-explicit-any']);
});

test('a function of more than 70 lines is too long in src and fine in a test', () => {
  const long = `export function long(): void {\n${'  long();\n'.repeat(71)}}\n`;
  expect(rulesBroken('src/lab/x.ts', long)).toEqual(['max-lines-per-function']);
  expect(rulesBroken('test/x.ts', long)).toEqual([]);
});
