// Every interleaving of a few tasks: a source of "random" choices that walks through all of them, one run after another.
import type { Rng } from '../../../src/base/rng.ts';

export class AllOrders {
  /** Runs made so far. */
  runs = 0;
  private path: number[] = [];
  private bounds: number[] = [];
  private depth = 0;

  /** Choices of the next run, for `SchedOptions.explore`; null when every order has been seen. */
  next(): Rng | null {
    if (this.runs > 0 && !this.advance()) return null;
    this.runs++;
    this.depth = 0;
    const rng: Rng = {
      u32: () => 0,
      below: (bound) => this.choose(bound),
      fork: () => rng,
    };
    return rng;
  }

  private choose(bound: number): number {
    if (this.depth === this.path.length) {
      this.path.push(0);
      this.bounds.push(bound);
    }
    return this.path[this.depth++] as number;
  }

  /** The last choice that has another branch takes it; what followed is forgotten. */
  private advance(): boolean {
    while (this.path.length > 0) {
      const last = (this.path.pop() as number) + 1;
      const bound = this.bounds.pop() as number;
      if (last >= bound) continue;
      this.path.push(last);
      this.bounds.push(bound);
      return true;
    }
    return false;
  }
}
