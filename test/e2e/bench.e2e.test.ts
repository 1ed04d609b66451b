// The benchmark in a browser: the command drives the built page, Ctrl-C keeps what there is, and the page's own tab does the same.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pageferry, reportIn, said } from '../support/command.ts';
import { openPage, startBrowser } from '../support/browser.ts';
import { servePage, type ServedPage } from '../support/serve.ts';

const PATIENCE = 120_000;

let folder = '';
let env: Record<string, string> = {};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pageferry-bench-e2e-'));
  env = { XDG_CACHE_HOME: folder };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('run --in browser', () => {
  test('measures through the session protocol and leaves a report as any run does', async () => {
    const args = ['run', 'copy.up.2M.physical', '--in', 'browser', '--quick', '--samples', '5'];
    const { status, out, err } = await pageferry(
      folder,
      [...args, '--adapter', 'software', '--json', 'browser.json'],
      undefined,
      env,
    );
    expect(said(err)).toEqual([]);
    expect(status).toBe(0);
    expect(out.split('\n')[0]).toContain('SOFTWARE');
    const { environment, metrics, verification, scenario, tool, tuning } = reportIn(folder, 'browser.json');
    expect(environment).toMatchObject({
      host: { runtime: 'browser', version: expect.stringContaining('Chrome'), cpuCount: expect.any(Number) },
      adapter: { kind: 'gpu', software: true },
    });
    expect(environment.host.os).not.toBe('');
    expect(scenario).toMatchObject({ adapter: 'software', quick: true, cases: ['copy.up.2M.physical'] });
    expect(tool.command).toContain('--in browser');
    expect(metrics.find(({ id }) => id === 'copy.up.2M.physical')).toMatchObject({
      n: 5,
      limitRatio: { pairs: 5 },
    });
    expect(verification).toMatchObject({ mismatchedPages: 0 });
    // The page has nowhere to keep copy shapes: the command does it for the next run.
    expect(tuning?.source).toBe('tuned');
    const kept = JSON.parse(readFileSync(join(folder, 'pageferry', 'tuning.json'), 'utf8')) as { table: object };
    expect(Object.keys(kept.table)).toEqual([tuning?.key]);
    expect(verification?.pagesChecked).toBeGreaterThan(0);
  });

  test.skipIf(process.platform === 'win32')('stopped by Ctrl-C ends with 130 and a partial report', async () => {
    const args = ['run', 'copy.up', '--in', 'browser', '--samples', '10000', '--quick', '--adapter', 'twin'];
    const { status } = await pageferry(folder, [...args, '--json', 'stopped.json'], /measuring in/, env);
    expect(status).toBe(130);
    expect(reportIn(folder, 'stopped.json')).toMatchObject({
      partial: true,
      environment: { host: { runtime: 'browser' } },
    });
  });

  test('has no hardware where there is none, in one line', async () => {
    const args = ['run', 'copy.up.2M.physical', '--in', 'browser', '--quick', '--no-peers', '--adapter', 'hardware'];
    const { status, err } = await pageferry(folder, [...args, '--json', 'hardware.json'], undefined, env);
    if (status === 0)
      return expect(reportIn(folder, 'hardware.json').environment.adapter).toMatchObject({ software: false });
    expect(status).toBe(3);
    return expect(said(err)).toEqual([expect.stringMatching(/^pageferry: in the browser: WebGPU found no/)]);
  });
});

describe('the Bench tab', () => {
  let served: ServedPage;
  let browser: Browser;
  beforeAll(async () => {
    served = await servePage();
    browser = await startBrowser('device-loss');
  });
  afterAll(async () => {
    await browser.close();
    await served.close();
  });

  test('stops the run, measures, and keeps a cancelled result under Reports', async () => {
    const { page, problems } = await openPage(browser, `${served.url}#v=1&footprint=4M`);
    await page.getByRole('tab', { name: 'Bench' }).click();
    await page.getByRole('button', { name: 'Run quick benchmark' }).click();
    const progress = page.getByRole('progressbar', { name: 'Benchmark progress' });
    await expect
      .poll(() => progress.evaluate((bar: HTMLProgressElement) => bar.value), { timeout: PATIENCE })
      .toBeGreaterThan(0);
    expect(await page.locator('#run-state').textContent()).toBe('stopped');
    await page.getByRole('button', { name: 'Cancel' }).click();
    const table = page.getByLabel('Benchmark result');
    await expect.poll(() => table.textContent(), { timeout: PATIENCE }).toContain('warning: the run was stopped');
    // Long lines scroll inside the tab: the panel beside it stays free.
    const edges = await page.evaluate(() =>
      ['main', '#charts', 'pre.table-text'].map((part) => document.querySelector(part)?.getBoundingClientRect().right),
    );
    const side = await page.evaluate(() => document.querySelector('aside')?.getBoundingClientRect().left ?? 0);
    for (const edge of edges) expect(edge).toBeLessThanOrEqual(side);
    await page.getByRole('tab', { name: 'Reports' }).click();
    await expect.poll(() => page.locator('.reports li', { hasText: 'bench' }).count(), { timeout: PATIENCE }).toBe(1);
    expect(problems).toEqual([]);
    await page.close();
  });

  test('says that the device was lost, and a run goes on with another', async () => {
    const { page } = await openPage(browser, `${served.url}#v=1&footprint=4M`);
    await page.getByRole('tab', { name: 'Bench' }).click();
    const start = page.getByRole('button', { name: 'Run quick benchmark' });
    await start.click();
    const progress = page.getByRole('progressbar', { name: 'Benchmark progress' });
    await expect
      .poll(() => progress.evaluate((bar: HTMLProgressElement) => bar.value), { timeout: PATIENCE })
      .toBeGreaterThan(0);
    const session = await browser.newBrowserCDPSession();
    await session.send('Browser.crashGpuProcess');
    await expect.poll(() => start.isEnabled(), { timeout: PATIENCE }).toBe(true);
    expect(await page.locator('[role=tabpanel]:not([hidden]) [role=status]').textContent()).toContain(
      'device was lost',
    );
    await page.keyboard.press(' ');
    await expect.poll(() => page.locator('#run-state').textContent(), { timeout: PATIENCE }).toBe('running');
    await page.close();
  });
});
