// What one side of a step came to.

export interface ClientResult {
  readonly accesses: number;
  /** Loads that returned something else than the oracle holds. */
  readonly wrongLoads: number;
  /** Why the program was stopped, or null. */
  readonly failure: string | null;
}
