#!/usr/bin/env node
// Runs a TypeScript tool file, with the same `?raw` and `.ts` imports as the app, under any Node that Pageferry supports.
//
//   node tools/run.mjs tools/layouts.ts --check
//
// Node 20 cannot read types, so vite's own module runner loads the file. The runner closes when the tool's module has
// been evaluated: a tool awaits its work at the top level and sets `process.exitCode`.
import { resolve } from 'node:path';
import { runnerImport } from 'vite';

/** Loads a TypeScript module and returns its exports. The path is relative to the current folder.
 * @param {string} file @returns {Promise<Record<string, unknown>>} */
export async function loadTypeScript(file) {
  const { module } = await runnerImport(resolve(file), { configFile: false, logLevel: 'error' });
  return /** @type {Record<string, unknown>} */ (module);
}

async function main() {
  const [file, ...rest] = process.argv.slice(2);
  if (file === undefined) throw new Error('usage: node tools/run.mjs <tool.ts> [arguments]');
  process.argv = [process.argv[0] ?? 'node', resolve(file), ...rest];
  await loadTypeScript(file);
}

if (process.argv[1] === import.meta.filename) await main();
