// The steps of `npm run check` that are ours fail when they should: sizes, WGSL, and a step that looked at nothing.
import { beforeAll, describe, expect, test } from 'vitest';
import { sizeProblem } from '../../tools/check/sizes.ts';
import { verdict } from '../../tools/check/step.ts';
import { checkShader, nullDevice } from '../../tools/check/wgsl.ts';

describe('a step', () => {
  test('that saw nothing fails', () => {
    expect(verdict([], 0, 'files')).toEqual({ ok: false, checked: '0 files', problems: 'nothing was checked' });
  });

  test('that saw something and found nothing passes', () => {
    expect(verdict([], 3, 'files')).toEqual({ ok: true, checked: '3 files', problems: '' });
  });
});

describe('sizes', () => {
  const lines = (count: number) => 'x\n'.repeat(count);

  test('300 lines pass and 301 do not', () => {
    expect(sizeProblem('a.ts', lines(300))).toBeUndefined();
    expect(sizeProblem('a.ts', lines(301))).toContain('a.ts: 301 lines');
  });

  test('a long file may give its reason, but not an empty one', () => {
    expect(sizeProblem('a.ts', `// long: one table\n${lines(400)}`)).toBeUndefined();
    expect(sizeProblem('a.ts', `// long: \n${lines(400)}`)).toContain('401 lines');
  });
});

describe('wgsl', () => {
  let device: GPUDevice;
  beforeAll(async () => {
    device = await nullDevice();
  });

  const GOOD = `#import data
override SIZE: u32;
@id(7) override SCALE: f32;
override OFF = 3u;
// @compute fn comment() {}
@compute @workgroup_size(SIZE, 1, 1)
fn main() { data[OFF] = u32(SCALE); }
@compute
@workgroup_size(64) fn other() { data[0] = 1u; }
`;
  const DATA = '@group(0) @binding(0) var<storage, read_write> data: array<u32>;\n';

  test('a good shader passes, its entry points are counted, open overrides are filled in', async () => {
    const checked = await checkShader(device, 'a.wgsl', { 'a.wgsl': GOOD, 'lib/data.wgsl': DATA });
    expect(checked).toEqual({ problems: [], entryPoints: 2 });
  });

  test('an error in an imported file is reported there', async () => {
    const files = { 'a.wgsl': GOOD, 'lib/data.wgsl': `${DATA}fn broken() { missing(); }\n` };
    const { problems } = await checkShader(device, 'a.wgsl', files);
    expect(problems[0]).toMatch(/^shaders\/lib\/data\.wgsl:2:\d+: error: /);
  });

  test('an error that only a pipeline shows is found', async () => {
    const files = { 'a.wgsl': '@compute @workgroup_size(4096, 4096) fn main() {}\n' };
    const { problems } = await checkShader(device, 'a.wgsl', files);
    expect(problems[0]).toMatch(/^shaders\/a\.wgsl: main: /);
  });

  test('a missing import and a shader without entry points are found', async () => {
    expect((await checkShader(device, 'a.wgsl', { 'a.wgsl': GOOD })).problems).toEqual([
      'shaders/a.wgsl:1: no shaders/lib/data.wgsl',
    ]);
    expect((await checkShader(device, 'a.wgsl', { 'a.wgsl': 'const A = 1;\n' })).problems).toEqual([
      'shaders/a.wgsl: no entry point',
    ]);
  });
});
