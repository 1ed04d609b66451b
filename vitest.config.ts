// The four test projects. What this machine cannot run is one skipped test that says how to enable it, never an absence.
//
// The projects run one after the other: GPU work and browsers need both cores of a small machine to keep their times.
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { browserLaunch, NO_BROWSER, type Launch } from './tools/browser.mjs';
import { softwareVulkan, vulkanLoader } from './tools/software-vulkan.mjs';

const SPECIAL = ['test/**/*.gpu.test.ts', 'test/**/*.browser.test.ts', 'test/**/*.e2e.test.ts'];
const BROWSER_PACKAGES = [
  'idb',
  'lil-gui',
  'pure-rand/generator/xoroshiro128plus',
  'sorted-btree',
  'three/webgpu',
  'uplot',
  'valibot',
];
const NO_DRIVER =
  'no software Vulkan driver found: install chromium, or use the GPU of this machine with PAGEFERRY_ADAPTER=hardware';

const browser = await browserLaunch('device-loss');
const vulkan = await vulkanEnvironment();

export default defineConfig({
  test: { projects: [node(), gpu(), browserProject(), endToEnd()] },
});

function node(): TestProjectConfiguration {
  return {
    test: {
      name: 'node',
      pool: 'forks',
      include: ['test/**/*.test.ts'],
      exclude: SPECIAL,
      testTimeout: 20_000,
      sequence: { groupOrder: 0 },
    },
  };
}

function gpu(): TestProjectConfiguration {
  if (vulkan === undefined) return missing('gpu', NO_DRIVER, 1);
  return {
    test: {
      name: 'gpu',
      // The Vulkan loader reads the environment of the process: threads would share ours, which lacks the variables.
      pool: 'forks',
      env: vulkan,
      include: ['test/**/*.gpu.test.ts'],
      maxWorkers: 1,
      testTimeout: 60_000,
      hookTimeout: 60_000,
      sequence: { groupOrder: 1 },
    },
  };
}

function browserProject(): TestProjectConfiguration {
  if (browser === undefined) return missing('browser', NO_BROWSER, 2);
  return {
    // Found only while a test runs, a package is bundled then and the page reloads under the test.
    optimizeDeps: { include: BROWSER_PACKAGES },
    test: {
      name: 'browser',
      include: ['test/**/*.browser.test.ts'],
      maxWorkers: 1,
      testTimeout: 60_000,
      hookTimeout: 60_000,
      sequence: { groupOrder: 2 },
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: launchOptions(browser) }),
        instances: [{ browser: 'chromium' }],
      },
    },
  };
}

function endToEnd(): TestProjectConfiguration {
  if (browser === undefined) return missing('e2e', NO_BROWSER, 3);
  return {
    test: {
      name: 'e2e',
      pool: 'forks',
      include: ['test/e2e/**/*.e2e.test.ts'],
      maxWorkers: 1,
      testTimeout: 180_000,
      hookTimeout: 180_000,
      sequence: { groupOrder: 3 },
    },
  };
}

function missing(name: string, message: string, groupOrder: number): TestProjectConfiguration {
  console.warn(`pageferry: the ${name} tests are skipped: ${message}`);
  return {
    test: {
      name,
      env: { PAGEFERRY_MISSING: message },
      include: ['test/support/missing-capability.ts'],
      sequence: { groupOrder },
    },
  };
}

function launchOptions({ executablePath, args, env }: Launch) {
  return { executablePath, args, env };
}

/** The variables of the `gpu` tests: software unless asked otherwise, so that all machines test the same thing. */
async function vulkanEnvironment(): Promise<Record<string, string> | undefined> {
  const system = process.platform !== 'linux' || process.env.PAGEFERRY_ADAPTER === 'hardware';
  return system ? vulkanLoader() : (await softwareVulkan())?.env;
}
