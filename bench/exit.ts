// How the command ends: exit statuses (design.md §8) and the one error that carries a line for the user.

export const EXIT = {
  fine: 0,
  /** Wrong bytes, a failed expectation, a regression. */
  wrong: 1,
  /** Bad usage or bad input. */
  usage: 2,
  noAdapter: 3,
  /** The run could not finish: device lost, or a bug. */
  unfinished: 4,
  cancelled: 130,
} as const;

/** Ends the command with `status` and one line; nothing was half done. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Bad usage in the house's form: what, what was given, what is allowed. */
export function usageError(what: string, given: string | null, allowed: string): CommandError {
  const problem = given === null ? 'has no value' : `is ${JSON.stringify(given)}`;
  return new CommandError(EXIT.usage, `${what} ${problem}, allowed: ${allowed}`);
}
