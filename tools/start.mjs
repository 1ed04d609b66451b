#!/usr/bin/env node
// Serves the built page, building it first when it is stale, and opens it where there is a desktop.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { preview } from 'vite';
import { ROOT } from './cache.mjs';
import { builtPage } from './targets.mjs';

const USAGE = 'usage: npm start -- [--port 4173] [--host 127.0.0.1] [--no-open]';

async function main() {
  const options = readOptions();
  const outDir = await builtPage();
  const server = await preview({ root: ROOT, logLevel: 'warn', build: { outDir }, preview: options.address });
  const urls = [...(server.resolvedUrls?.local ?? []), ...(server.resolvedUrls?.network ?? [])];
  console.log(`Pageferry: ${urls.join('  ')}`);
  if (options.open && urls[0] !== undefined) openBrowser(urls[0]);
}

/** A port that was asked for is used or refused, never moved. */
function readOptions() {
  const { values } = parseArgs({
    options: { port: { type: 'string' }, host: { type: 'string' }, 'no-open': { type: 'boolean' } },
  });
  const port = Number(values.port ?? 4173);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new TypeError(`--port ${values.port} is not a port`);
  const address = { port, strictPort: values.port !== undefined, host: values.host ?? '127.0.0.1' };
  return { address, open: !values['no-open'] && hasDesktop() };
}

function hasDesktop() {
  if (process.env.CI) return false;
  const linux = Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);
  return process.platform === 'darwin' || process.platform === 'win32' || linux;
}

/** The address is printed anyway: whatever goes wrong here is not worth a word.
 * @param {string} url */
function openBrowser(url) {
  /** @type {[string, string[]]} */
  const [command, args] =
    process.platform === 'win32'
      ? ['cmd', ['/c', 'start', '', url]]
      : [process.platform === 'darwin' ? 'open' : 'xdg-open', [url]];
  spawn(command, args, { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}

try {
  await main();
} catch (error) {
  console.error(`pageferry: ${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof TypeError) console.error(USAGE);
  process.exitCode = 2;
}
