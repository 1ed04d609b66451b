// The page without a GPU, and with one that goes away: both are said, the twin takes over or the run starts again.
import { mkdirSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { browserLaunch } from '../../tools/browser.mjs';
import { openPage, startBrowser } from '../support/browser.ts';
import { servePage, type ServedPage } from '../support/serve.ts';

const SHOTS = 'test-results';
const PATIENCE = 60_000;

let served: ServedPage;
beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true });
  served = await servePage();
});
afterAll(() => served.close());

const moved = (page: Page) =>
  page.waitForFunction(() => performance.getEntriesByName('pageferry:first-migration').length > 0, null, {
    timeout: PATIENCE,
  });

test('without WebGPU the twin runs, labelled, and the page says how to enable it', async () => {
  const { executablePath, env } = (await browserLaunch('canvas')) ?? expect.fail('no browser');
  const browser = await chromium.launch({ executablePath, env, args: [], headless: true });
  try {
    const { page } = await openPage(browser, served.url);
    await moved(page);
    expect(await page.locator('#adapter').textContent()).toContain('nothing runs on a GPU');
    const notice = (await page.locator('#notices').textContent()) ?? '';
    expect(notice).toContain('CPU twin');
    expect(notice).toMatch(/enable|turn on/);
    await page.locator('#scene.ready').waitFor({ timeout: PATIENCE });
    await page.screenshot({ path: `${SHOTS}/page-twin.png`, timeout: PATIENCE });
  } finally {
    await browser.close();
  }
});

test('a lost device stops the run with a message; it starts again, and stored reports survive', async () => {
  const browser = await startBrowser('device-loss');
  try {
    const { page } = await openPage(browser, `${served.url}#v=1&footprint=8M&batch=256&pace=10`);
    await moved(page);
    await Promise.all([page.waitForEvent('download', { timeout: PATIENCE }), page.keyboard.press('s')]);
    const session = await browser.newBrowserCDPSession();
    await session.send('Browser.crashGpuProcess');
    const notice = page.locator('[data-notice=ending]');
    await notice.waitFor({ timeout: PATIENCE });
    expect(await notice.textContent()).toContain('device was lost');
    await page.screenshot({ path: `${SHOTS}/page-device-lost.png`, timeout: PATIENCE });
    await notice.getByRole('button', { name: 'Start again' }).click();
    await expect.poll(() => page.locator('#run-state').textContent(), { timeout: PATIENCE }).toBe('running');
    await expect.poll(() => notice.count()).toBe(0);
    expect(await page.locator('.reports li').count()).toBe(1);
  } finally {
    await browser.close();
  }
});
