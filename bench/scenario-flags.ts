// Flags become fields of a scenario; refusals name the flag that was given, not the field behind it.
import { chunkWarning, type Scenario } from '../src/lab/session/scenario.ts';
import { scenarioFields, withTexts } from '../src/lab/session/scenario-fields.ts';
import { formatChunks } from '../src/lab/session/scenario-sizes.ts';
import { CommandError, EXIT, usageError } from './exit.ts';

/** `base` with every flag that names a field. Throws CommandError. */
export function scenarioFromFlags(base: Scenario, flags: ReadonlyMap<string, string>): Scenario {
  const fields = scenarioFields().filter((field) => flags.has(field.flag));
  const result = withTexts(
    base,
    fields.map((field) => [field, flags.get(field.flag) as string]),
  );
  if (!result.ok) {
    const field = fields.find((one) => one.path === result.field);
    if (field === undefined) throw new CommandError(EXIT.usage, result.message);
    throw usageError(field.flag, flags.get(field.flag) as string, result.allowed);
  }
  // On the page such a ladder is an experiment; on a command line it is a typing error (design.md §8).
  if (chunkWarning(result.scenario) !== null)
    throw usageError(
      '--chunks',
      formatChunks(result.scenario.migration.chunks),
      'ladders that end in 4K such as 2M,64K,4K',
    );
  return result.scenario;
}
