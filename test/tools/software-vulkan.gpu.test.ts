// Each source of a software driver really gives Dawn an adapter, in a process that is started with its variables.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { softwareVulkan } from '../../tools/software-vulkan.mjs';

const PROBE = `
import { create } from 'webgpu';
globalThis.dawn = create([]);
const adapter = await globalThis.dawn.requestAdapter();
console.log(adapter?.info.architecture ?? 'none');
process.exit(0);`;

const NO_DRIVER = { VK_ICD_FILENAMES: undefined, VK_DRIVER_FILES: undefined, LD_LIBRARY_PATH: undefined };

async function architectureIn(env: Record<string, string | undefined>): Promise<string> {
  const args = ['--input-type=module', '--eval', PROBE];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } });
  return stdout.trim();
}

const bare = { ...process.env, ...NO_DRIVER };
const system = await softwareVulkan(bare);
const packed = await softwareVulkan(bare, () => false);
const sources = [system, packed].filter((found) => found !== undefined);

describe.each(sources)('the driver from $source', ({ env }) => {
  test('is found by Dawn', async () => {
    expect(await architectureIn({ ...NO_DRIVER, ...env })).toBe('swiftshader');
  });
});

test('control: without a driver there is no SwiftShader', async () => {
  expect(await architectureIn({ ...NO_DRIVER, VK_ICD_FILENAMES: '/nowhere.json' })).toBe('none');
});

test('the packed libraries lie beside the description', () => {
  const library = packed?.icd.replace(/[^/]*$/, 'libvk_swiftshader.so');
  expect(packed === undefined || existsSync(library ?? '')).toBe(true);
});
