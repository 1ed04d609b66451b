// Starts a browser with WebGPU for tests that drive whole pages, and collects what such a page complains about.
import { chromium, type Browser, type Page } from 'playwright-core';
import { browserLaunch, NO_BROWSER } from '../../tools/browser.mjs';

export interface WatchedPage {
  page: Page;
  /** Uncaught errors and `console.error` texts so far, in order. */
  problems: string[];
}

/**
 * A headless browser. `compute` is enough for compute shaders, `canvas` for three.js and screenshots, `device-loss` also
 * lets a page have its GPU back after `Browser.crashGpuProcess`. PAGEFERRY_BROWSER=npm|system chooses its source.
 */
export async function startBrowser(purpose: 'compute' | 'canvas' | 'device-loss', env = process.env): Promise<Browser> {
  const launch = await browserLaunch(purpose, env);
  if (launch === undefined) throw new Error(NO_BROWSER);
  const { executablePath, args } = launch;
  return chromium.launch({ executablePath, args, env: launch.env, headless: true });
}

/** Opens an address in a context of its own, so that storage starts empty. */
export async function openPage(browser: Browser, url: string): Promise<WatchedPage> {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.goto(url);
  return { page, problems };
}
