// Where a software Vulkan driver is looked for, and what the environment then says.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../tools/cache.mjs';
import { softwareVulkan, vulkanLoader } from '../../tools/software-vulkan.mjs';

const linux = process.platform === 'linux';
const CHROMIUM_ICD = '/usr/lib/chromium/vk_swiftshader_icd.json';
const CHROMIUM = [CHROMIUM_ICD, '/usr/lib/chromium/libvulkan.so.1'];
/** Where a packed runner has its own. */
const RUNNER = join(ROOT, 'vulkan');
const LOADER = '/usr/lib/x86_64-linux-gnu/libvulkan.so.1';

const has = (files: string[]) => (path: string) => files.includes(path);

describe.runIf(linux)('the software driver', () => {
  test('is the one that the environment names already', async () => {
    const env = { VK_ICD_FILENAMES: '/my/vk_swiftshader_icd.json' };
    const found = await softwareVulkan(env, has(['/my/vk_swiftshader_icd.json', LOADER, ...CHROMIUM]));
    expect(found).toEqual({ source: 'environment', icd: '/my/vk_swiftshader_icd.json', env: {} });
  });

  test.each([
    ['is no software', '/etc/nvidia_icd.json', ['/etc/nvidia_icd.json', LOADER]],
    ['does not exist', '/my/swiftshader.json', [LOADER]],
    ['has no loader', '/my/swiftshader.json', ['/my/swiftshader.json']],
  ])('is not the one of an environment that %s', async (_, icd, files) => {
    const found = await softwareVulkan({ VK_ICD_FILENAMES: icd }, has([...files, ...CHROMIUM]));
    expect(found?.icd).toBe(CHROMIUM_ICD);
  });

  test("is Chromium's, with the loader beside it before what was there", async () => {
    const found = await softwareVulkan({ LD_LIBRARY_PATH: '/mine:' }, has(CHROMIUM));
    expect(found).toEqual({
      source: 'system',
      icd: CHROMIUM_ICD,
      env: {
        VK_ICD_FILENAMES: CHROMIUM_ICD,
        VK_DRIVER_FILES: CHROMIUM_ICD,
        LD_LIBRARY_PATH: '/usr/lib/chromium:/mine',
      },
    });
  });

  test("is a runner's own before Chromium's", async () => {
    const icd = join(RUNNER, 'vk_swiftshader_icd.json');
    const found = await softwareVulkan({}, has([icd, ...CHROMIUM]));
    const env = { VK_ICD_FILENAMES: icd, VK_DRIVER_FILES: icd, LD_LIBRARY_PATH: RUNNER };
    expect(found).toEqual({ source: 'runner', icd, env });
  });

  test.runIf(process.arch === 'x64')('is the packed one on a machine with nothing', async () => {
    const found = await softwareVulkan({}, has([]));
    expect(found?.source).toBe('npm');
    expect(found?.icd).toMatch(/^\/.*swiftshader-.*_icd\.json$/);
  });
});

describe.runIf(linux)('the loader for the drivers of the machine', () => {
  test('is left alone where there is one', async () => {
    expect(await vulkanLoader({}, has([LOADER]))).toEqual({});
    expect(await vulkanLoader({ LD_LIBRARY_PATH: '/nix/lib' }, has(['/nix/lib/libvulkan.so.1']))).toEqual({});
  });

  test("is a runner's own where there is none", async () => {
    const own = join(RUNNER, 'libvulkan.so.1');
    expect(await vulkanLoader({}, has([own]))).toEqual({ LD_LIBRARY_PATH: RUNNER });
    expect(await vulkanLoader({}, has([own, LOADER]))).toEqual({});
  });

  test.runIf(process.arch === 'x64')('is ours where there is none, and no driver is chosen', async () => {
    const env = await vulkanLoader({}, has([]));
    expect(Object.keys(env)).toEqual(['LD_LIBRARY_PATH']);
  });
});
