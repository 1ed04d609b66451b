// The import rules catch what they forbid, in every way of importing, and let through what they allow.
import { describe, expect, test } from 'vitest';
import { checkLayers } from '../../tools/check/layers.ts';

const TREE = {
  'src/base/units.ts': 'export const PAGE = 4096; export type Bytes = number;',
  'src/engine/plan/job.ts': "import type { Bytes } from '../../base/units.ts'; export type Job = Bytes;",
  'src/engine/twin/twin.ts': "import { PAGE } from '../../base/units.ts'; export const twin = PAGE;",
  'src/engine/gpu/gpu.ts': "import code from '../../../shaders/copy.wgsl?raw'; export const gpu = code;",
  'src/model/svm/svm.ts': "import type { Job } from '../../engine/plan/job.ts'; export type Svm = Job;",
  'src/lab/session/session.ts': "import type { Svm } from '../../model/svm/svm.ts'; export type Session = Svm;",
  'src/app/ui/ui.ts': "import { Scene } from 'three'; export const ui = Scene;",
  'bench/cases/all.ts': "import type { Session } from '../../src/lab/session/session.ts'; export type All = Session;",
  'src/worker.ts': "import type { All } from '../bench/cases/all.ts'; export type W = All;",
  'src/main.ts': "import { ui } from './app/ui/ui.ts'; ui;",
  'bench/cli.ts': "import { readFileSync } from 'node:fs'; readFileSync;",
};

/** What is wrong with the tree when one file is added or replaced. */
function problemsWith(file: string, source: string): string[] {
  return checkLayers(new Map(Object.entries({ ...TREE, [file]: source })), new Set(['shaders/copy.wgsl'])).problems;
}

test('the control tree is in order, and all of it was seen', () => {
  const report = checkLayers(new Map(Object.entries(TREE)), new Set(['shaders/copy.wgsl']));
  expect(report).toEqual({ problems: [], modules: 11, imports: 10 });
});

describe('a forbidden import', () => {
  const cases: [string, string, string, string][] = [
    ['base → plan', 'src/base/x.ts', '../engine/plan/job.ts', 'base may not import plan'],
    ['twin → gpu', 'src/engine/twin/x.ts', '../gpu/gpu.ts', 'twin may not import gpu'],
    ['gpu → twin', 'src/engine/gpu/x.ts', '../twin/twin.ts', 'gpu may not import twin'],
    ['gpu → model', 'src/engine/gpu/x.ts', '../../model/svm/svm.ts', 'gpu may not import model'],
    ['twin → model', 'src/engine/twin/x.ts', '../../model/svm/svm.ts', 'twin may not import model'],
    ['model → gpu', 'src/model/x.ts', '../engine/gpu/gpu.ts', 'model may not import gpu'],
    ['model → lab', 'src/model/x.ts', '../lab/session/session.ts', 'model may not import lab'],
    ['lab → app', 'src/lab/x.ts', '../app/ui/ui.ts', 'lab may not import app'],
    ['app → model', 'src/app/x.ts', '../model/svm/svm.ts', 'app may not import model'],
    ['app → base, a value', 'src/app/x.ts', '../base/units.ts', 'app may import only types of base'],
    ['bench → app', 'bench/x.ts', '../src/app/ui/ui.ts', 'bench may not import app'],
    ['app → cases', 'src/app/x.ts', '../../bench/cases/all.ts', 'app may not import cases'],
    ['cases → bench', 'bench/cases/x.ts', '../cli.ts', 'cases may not import bench'],
    ['cases → gpu', 'bench/cases/x.ts', '../../src/engine/gpu/gpu.ts', 'cases may not import gpu'],
    ['src → bench', 'src/lab/x.ts', '../../bench/cli.ts', 'lab may not import bench'],
    ['a file that is not there', 'src/lab/x.ts', './nope.ts', 'src/lab/nope.ts, which does not exist'],
    ['three outside the app', 'src/lab/x.ts', 'three/webgpu', 'lab may not import the package three/webgpu'],
    ['Node inside src', 'src/lab/x.ts', 'node:fs', 'lab may not import the package node:fs'],
    ['an unknown package', 'src/app/x.ts', '@scope/pkg/deep', 'app may not import the package @scope/pkg/deep'],
  ];
  test.each(cases)('%s is found', (_, file, specifier, message) => {
    const problems = problemsWith(file, `\nimport { x } from '${specifier}'; x;`);
    expect(problems).toEqual([expect.stringContaining(message)]);
    expect(problems[0]).toContain(`${file}:2: `);
  });

  const ways = [
    "import type { Svm } from '../model/svm/svm.ts';",
    "export * from '../model/svm/svm.ts';",
    "export { type Svm } from '../model/svm/svm.ts';",
    "import '../model/svm/svm.ts';",
    "const late = await import('../model/svm/svm.ts');",
    "type T = import('../model/svm/svm.ts').Svm;",
    "new Worker(new URL('../model/svm/svm.ts', import.meta.url));",
  ];
  test.each(ways)('is found when written as %s', (source) => {
    expect(problemsWith('src/app/x.ts', source)).toEqual([expect.stringContaining('app may not import model')]);
  });

  test('that is computed is refused', () => {
    expect(problemsWith('src/app/x.ts', 'await import(name);')).toEqual([expect.stringContaining('(computed)')]);
  });
});

describe('an allowed import', () => {
  test.each([
    "import type { Bytes } from '../base/units.ts';",
    "import { type Bytes } from '../base/units.ts';",
    "export type { Bytes } from '../base/units.ts';",
    "import css from './ui/ui.ts?inline';",
    "// import { x } from '../model/svm/svm.ts'",
    "const text = `import { x } from '../model/svm/svm.ts'`;",
  ])('passes: %s', (source) => {
    expect(problemsWith('src/app/x.ts', source)).toEqual([]);
  });
});

test('a file outside every wing is found', () => {
  expect(problemsWith('src/utils.ts', '')).toEqual([expect.stringContaining('src/utils.ts: belongs to no wing')]);
});

test('a BigInt literal is found in the core and allowed at the edge', () => {
  expect(problemsWith('src/model/x.ts', 'export const x = 5n;')).toEqual(['src/model/x.ts:1: no BigInt in the core']);
  expect(problemsWith('src/lab/x.ts', 'export const x = 5n;')).toEqual([]);
});

test('a module that does not parse is named', () => {
  expect(() => problemsWith('src/lab/x.ts', 'import {')).toThrow('src/lab/x.ts');
});
