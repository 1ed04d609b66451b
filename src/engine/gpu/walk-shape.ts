// How the pass that walks for translated copies is spread over lanes. Both kinds give the same pairs.

export interface WalkShape {
  readonly lanes: number;
  /** Pages that a lane walks, one after the other. */
  readonly pagesALane: number;
}

/**
 * A CPU runs lanes one after the other and gains by what a lane knows already; small workgroups keep its cores busy. A GPU has
 * lanes to spare, and what a small batch waits for is the length of its chain of loads. The second was not tried on one.
 */
export function walkShape(software: boolean): WalkShape {
  return software ? { lanes: 16, pagesALane: 32 } : { lanes: 64, pagesALane: 1 };
}
