#!/usr/bin/env node
// Prints `N passed, N failed, N skipped` for a vitest JSON result as its last line; fails where `test-summary` says so.
import { readFileSync } from 'node:fs';
import { summarize } from './test-summary.mjs';

/** @param {string | undefined} file */
function read(file) {
  try {
    return JSON.parse(readFileSync(file ?? '', 'utf8'));
  } catch (error) {
    console.log(`no test result: ${error instanceof Error ? error.message : String(error)}`);
    return { testResults: [] };
  }
}

const { passed, failed, skipped, problems } = summarize(read(process.argv[2]));
for (const problem of problems) console.log(problem);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || problems.length > 0 ? 1 : 0;
