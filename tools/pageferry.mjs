#!/usr/bin/env node
// The command line: bundles bench/cli.ts when it is stale and runs it in the environment that `--adapter` needs.
import { launch } from './launcher.mjs';
import { builtCommand } from './targets.mjs';

await launch(builtCommand);
