// Gives the adapter that was found its copy shapes, as the flags of `run` ask for; other verbs take what is kept.
import { withTuning, type TuningMode } from '../src/lab/bench/tuning.ts';
import type { Found } from './adapter.ts';
import { NO_TUNE, RETUNE, type CommandLine } from './arguments.ts';
import { CommandError, EXIT } from './exit.ts';
import { tuningFile, tuningPath } from './tuning-file.ts';

/** Throws CommandError where the flags contradict each other. */
export function tuningMode(flags: CommandLine['flags']): TuningMode {
  const [never, always] = [NO_TUNE, RETUNE].map(({ flag }) => flags.has(flag));
  if (never === true && always === true)
    throw new CommandError(EXIT.usage, `${RETUNE.flag} and ${NO_TUNE.flag} are both given, allowed: one of them`);
  if (never === true) return 'never';
  return always === true ? 'always' : 'auto';
}

/** May take two seconds, the first time on an adapter. */
export async function tuned(found: Found, mode: TuningMode): Promise<Found> {
  const { chosen, facts, notes } = await withTuning(found.gpu, found.chosen, {
    store: tuningFile(tuningPath(process.env)),
    mode,
    now: () => performance.now(),
    note: (text) => process.stderr.write(`${text}\n`),
  });
  return { ...found, chosen, tuning: { facts, notes } };
}
