// Entry of the command line: one verb, one exit status, errors as one line on standard error.
import { DeviceLostError } from '../src/engine/plan/executor.ts';
import { align } from '../src/lab/measure/table.ts';
import { RETRY_WITH_SOFTWARE } from '../tools/launch-contract.mjs';
import { alternateVerb } from './alternate.ts';
import { readCommandLine } from './arguments.ts';
import { CATALOGUE } from './cases/catalogue.ts';
import { compareVerb } from './compare.ts';
import { CommandError, EXIT } from './exit.ts';
import { exportVerb } from './export.ts';
import { helpText } from './help.ts';
import { replayVerb } from './replay.ts';
import { runVerb } from './run.ts';

/** Runs one command line; returns the exit status. */
async function main(args: readonly string[]): Promise<number> {
  const command = readCommandLine(args);
  switch (command.verb) {
    case 'list':
      process.stdout.write(`${listText()}\n`);
      return EXIT.fine;
    case 'help':
      process.stdout.write(`${helpText()}\n`);
      return EXIT.fine;
    case 'run':
      return runVerb(command);
    case 'replay':
      return replayVerb(command);
    case 'compare':
      return compareVerb(command);
    case 'alternate':
      return alternateVerb(command);
    case 'export':
      return exportVerb(command);
  }
}

function listText(): string {
  return align(CATALOGUE.map(({ id, tier, about }) => [id, tier, about])).join('\n');
}

/** What went wrong, in one line; a bug keeps its stack, for whoever reports it. */
function explain(error: unknown): { status: number; text: string } {
  if (error instanceof CommandError) return { status: error.status, text: error.message };
  if (error instanceof DeviceLostError) return { status: EXIT.unfinished, text: error.message };
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { status: EXIT.unfinished, text: `this is a bug, please report it: ${text}` };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { status, text } = explain(error);
  if (status !== RETRY_WITH_SOFTWARE) process.stderr.write(`pageferry: ${text}\n`);
  process.exitCode = status;
}
