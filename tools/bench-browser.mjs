#!/usr/bin/env node
// Opens the built benchmark page in a headless browser and carries messages between its worker and the process that forked
// this one (bench/browser-process.ts).
//
//   fork('tools/bench-browser.mjs', ['hardware' | 'software'])
//
// What it says itself: {type: 'ready', browser}, {type: 'unavailable', message} when there is no browser, and
// {type: 'gone', message} when the browser ends. Everything else comes from the worker. It ends when it is disconnected.
import { preview } from 'vite';
import { browserLaunch, NO_BROWSER } from './browser.mjs';
import { ROOT } from './cache.mjs';
import { builtPage } from './targets.mjs';

/** @typedef {{ pageferrySend?: (message: unknown) => void }} Driven */

/** @param {unknown} message */
const say = (message) => process.connected && process.send?.(message);

/** @param {string | undefined} kind */
async function main(kind) {
  const { chromium } = await import('playwright-core');
  const launch = await browserLaunch(kind === 'hardware' ? 'hardware' : 'compute');
  if (launch === undefined) return say({ type: 'unavailable', message: NO_BROWSER });
  const served = await servePage();
  const { executablePath, args, env } = launch;
  // Whoever forked us decides what an interrupt means.
  const quiet = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
  const browser = await chromium.launch({ executablePath, args, env, headless: true, ...quiet });
  const page = await browser.newPage();
  browser.on('disconnected', () => say({ type: 'gone', message: 'the browser ended' }));
  page.on('crash', () => say({ type: 'gone', message: 'the page crashed' }));
  page.on('pageerror', (error) => console.error(`pageferry: the page complains: ${error.message}`));
  await page.exposeFunction('pageferryHear', say);
  await page.goto(new URL('bench.html', served).href);
  await page.waitForFunction(() => /** @type {Driven} */ (globalThis).pageferrySend !== undefined);
  process.on('message', (message) => {
    const sent = page.evaluate((given) => /** @type {Driven} */ (globalThis).pageferrySend?.(given), message);
    sent.catch((error) => say({ type: 'gone', message: String(error) }));
  });
  process.on('disconnect', () => void browser.close().finally(() => process.exit()));
  return say({ type: 'ready', browser: `${browser.browserType().name()} ${browser.version()}` });
}

async function servePage() {
  const outDir = await builtPage();
  const server = await preview({
    root: ROOT,
    logLevel: 'warn',
    build: { outDir },
    preview: { host: '127.0.0.1', port: 0 },
  });
  const url = server.resolvedUrls?.local[0];
  if (url === undefined) throw new Error('the page is served nowhere');
  return url;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
process.once('disconnect', () => setTimeout(() => process.exit(), 5000).unref());

try {
  await main(process.argv[2]);
} catch (error) {
  say({ type: 'unavailable', message: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) });
}
