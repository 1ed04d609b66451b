// The built page as users get it: served, isolated, without complaints, with a GPU; in every browser we can obtain.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chooseBrowser } from '../../tools/browser.mjs';
import { openPage, startBrowser } from '../support/browser.ts';
import { servePage, type ServedPage } from '../support/serve.ts';

let served: ServedPage;
beforeAll(async () => {
  served = await servePage();
});
afterAll(() => served.close());

test('answers with the headers that isolate it', async () => {
  const { headers } = await fetch(served.url);
  expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
});

// One that is not on this machine is left out: there is nothing to enable where the other one works.
const sources = ['system', 'npm'].filter((name) => chooseBrowser({ env: { ...process.env, PAGEFERRY_BROWSER: name } }));

describe.each(sources)('in the browser from %s', (source) => {
  test('loads isolated, without complaints, and computes', async () => {
    const browser = await startBrowser('canvas', { ...process.env, PAGEFERRY_BROWSER: source });
    try {
      const { page, problems } = await openPage(browser, served.url);
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
      expect(await page.evaluate(async () => (await navigator.gpu.requestAdapter()) !== null)).toBe(true);
      expect(problems).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
