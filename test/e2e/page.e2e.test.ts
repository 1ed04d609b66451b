// The page as a visitor meets it: pages move without a click, settings reach the worker, bad input is refused, Record downloads.
import { mkdirSync, readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseReport } from '../../src/lab/measure/report.ts';
import { openPage, startBrowser } from '../support/browser.ts';
import { servePage, type ServedPage } from '../support/serve.ts';

const SHOTS = 'test-results';
/** Software draws slowly on a busy machine: waits are for events, and this long at most. */
const PATIENCE = 60_000;

let served: ServedPage;
let browser: Browser;
beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true });
  served = await servePage();
  browser = await startBrowser('canvas');
});
afterAll(async () => {
  await browser.close();
  await served.close();
});

async function opened(hash = '', width = 1440, height = 900): Promise<{ page: Page; problems: string[] }> {
  const watched = await openPage(browser, 'about:blank');
  await watched.page.setViewportSize({ width, height });
  await watched.page.goto(served.url + hash);
  return watched;
}

const moved = (page: Page) =>
  page.waitForFunction(() => performance.getEntriesByName('pageferry:first-migration').length > 0, null, {
    timeout: PATIENCE,
  });

const setting = (page: Page, path: string) => page.locator(`[data-path="${path}"] input[type=text]`);

async function typeInto(page: Page, path: string, text: string): Promise<void> {
  const input = setting(page, path);
  await input.waitFor({ timeout: PATIENCE });
  await input.fill(text);
  await input.press('Enter');
}

/** Different colours in a screenshot of the 3-D canvas; a blank one has one. */
async function coloursOf(page: Page): Promise<number> {
  const shot = await page.locator('#scene canvas:not(.ribbon)').screenshot({ timeout: PATIENCE });
  return page.evaluate(async (data) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d');
    context?.drawImage(bitmap, 0, 0);
    const pixels = new Uint32Array(
      context?.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer ?? new ArrayBuffer(0),
    );
    return new Set(pixels).size;
  }, shot.toString('base64'));
}

describe('a visitor', () => {
  test('sees pages move without a click, in a picture that is not blank', async () => {
    const { page, problems } = await opened();
    await moved(page);
    const at = await page.evaluate(() => performance.getEntriesByName('pageferry:first-migration')[0]?.startTime ?? 0);
    console.info(`load → first migration: ${Math.round(at)} ms`);
    await page.locator('#scene.ready').waitFor({ timeout: PATIENCE });
    await expect.poll(() => coloursOf(page), { timeout: PATIENCE }).toBeGreaterThan(8);
    expect(await page.locator('#adapter').textContent()).toContain('software');
    expect(await page.locator('#notices').textContent()).toBe('');
    await page.screenshot({ path: `${SHOTS}/page-dark.png`, timeout: PATIENCE });
    expect(problems).toEqual([]);
    await page.close();
  });

  test('turns the timeslice: the worker answers with a mark on the charts', async () => {
    const { page, problems } = await opened();
    await moved(page);
    await typeInto(page, 'migration.timeslice.overrideMs', '20');
    await page.getByRole('button', { name: 'Migration as a table' }).click();
    await expect
      .poll(() => page.locator('[data-chart=throughput] table').textContent(), { timeout: PATIENCE })
      .toContain('Timeslice of every migration 20');
    expect(new URL(page.url()).hash).toContain('timeslice=20');
    expect(problems).toEqual([]);
    await page.close();
  });

  test('is told what was given and what is allowed, and nothing changes', async () => {
    const { page } = await opened();
    await typeInto(page, 'migration.chunks', '4K,2M');
    const message = page.locator('[data-path="migration.chunks"] .field-message');
    await expect.poll(() => message.textContent()).toMatch(/"4K,2M", allowed: descending powers of two/);
    expect(new URL(page.url()).hash).toBe('');
    await typeInto(page, 'migration.chunks', '64K,4K');
    await expect.poll(() => message.isHidden()).toBe(true);
    await page.close();
  });

  test('learns what the address held that nobody knows', async () => {
    const { page } = await opened('#v=1&colour=red&footprint=16M&pace=10');
    await expect.poll(() => page.locator('#notices').textContent()).toContain('unknown: colour');
    await page.close();
  });

  test('hears that a file is no trace, in its own words', async () => {
    const { page } = await opened();
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'x.trace', mimeType: 'text/plain', buffer: Buffer.from('hello') });
    await expect.poll(() => page.locator('#notices').textContent(), { timeout: PATIENCE }).toContain('Not started');
    await page.close();
  });

  test('records: a report is downloaded that parses, and stays after a reload', async () => {
    const { page, problems } = await opened('#v=1&footprint=8M&batch=256&pace=10');
    await moved(page);
    const [saved] = await Promise.all([page.waitForEvent('download', { timeout: PATIENCE }), page.keyboard.press('s')]);
    const result = parseReport(JSON.parse(readFileSync(await saved.path(), 'utf8')));
    expect(result).toMatchObject({ ok: true, report: { verification: { mismatchedPages: 0 } } });
    await page.reload();
    await page.getByRole('tab', { name: 'Reports' }).click();
    await expect.poll(() => page.locator('.reports li').count(), { timeout: PATIENCE }).toBe(1);
    expect(problems).toEqual([]);
    await page.close();
  });

  test('steers with keys, and types them into fields in peace', async () => {
    const { page } = await opened();
    await moved(page);
    await page.keyboard.press(' ');
    await expect.poll(() => page.locator('#run-state').textContent(), { timeout: PATIENCE }).toBe('paused');
    await page.keyboard.press('/');
    await page.keyboard.type('r7f0000001000');
    expect(await page.locator('#inspector input').inputValue()).toBe('r7f0000001000');
    await page.locator('#inspector input').fill('0x7f0000001000');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('.facts').textContent()).toContain('0x7f00_0000_1000');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    expect(await page.locator('dialog.help').isVisible()).toBe(true);
    await page.close();
  });

  test('can have it light, and small', async () => {
    const { page } = await opened('', 1100, 700);
    await moved(page);
    await page.keyboard.press('t');
    await page.locator('#scene.ready').waitFor({ timeout: PATIENCE });
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('light');
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await page.screenshot({ path: `${SHOTS}/page-light-small.png`, timeout: PATIENCE });
    await page.close();
  });
});
