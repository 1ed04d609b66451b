// A refused setting in the house's form: the field, what was given, what is allowed.
import { formatChunks } from './scenario-sizes.ts';

/** Why an input was not taken; `message` is the whole in one line. */
export interface Refusal {
  readonly ok: false;
  /** Path of the field, e.g. 'migration.chunks'; 'scenario' for the whole. */
  readonly field: string;
  readonly given: string;
  readonly allowed: string;
  readonly message: string;
}

/** A refusal in the house's form: what, what was given, what is allowed. */
export function refusal(name: string, given: unknown, allowed: string): Refusal {
  const text = show(given);
  return { ok: false, field: name, given: text, allowed, message: `${name} is ${text}, allowed: ${allowed}` };
}

function show(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  if (isSizes(value)) return `"${formatChunks(value)}"`;
  return typeof value === 'number' || value === undefined ? String(value) : JSON.stringify(value);
}

/** The only arrays of a scenario are ladders of sizes. */
function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'number');
}
