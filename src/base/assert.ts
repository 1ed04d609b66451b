// Assertions: a failed one is a bug of this program, never an answer to a user.

export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws when `condition` is false. `message` may be a function where building it costs something. */
export function assert(condition: unknown, message: string | (() => string)): asserts condition {
  if (!condition) throw new AssertionError(typeof message === 'string' ? message : message());
}

/** Value that cannot be null here. */
export function present<T>(value: T | null | undefined, what: string): T {
  assert(value !== null && value !== undefined, () => `${what} is missing`);
  return value;
}
