// The command line of a packed runner: starts the bundle beside it, in the environment that `--adapter` needs.
import { join } from 'node:path';
import { launch } from './launcher.mjs';

await launch(async () => join(import.meta.dirname, 'cli.mjs'));
