#!/usr/bin/env node
// The command line: bundles bench/cli.ts when it is stale and runs it in the environment that `--adapter` needs.
import { join } from 'node:path';
import { BROWSER_VARIABLE } from './launch-contract.mjs';
import { launch } from './launcher.mjs';
import { builtCommand } from './targets.mjs';

process.env[BROWSER_VARIABLE] = join(import.meta.dirname, 'bench-browser.mjs');
await launch(builtCommand);
