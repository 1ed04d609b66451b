#!/usr/bin/env node
// The command line: bundles bench/cli.ts when it is stale and runs it in the environment that `--adapter` needs.
import { adapterChoice, environments, runInTurn } from './launcher.mjs';
import { builtCommand } from './targets.mjs';

async function main() {
  const args = process.argv.slice(2);
  const program = await builtCommand();
  return runInTurn(program, args, await environments(adapterChoice(args), process.env));
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`pageferry: could not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 4;
}
