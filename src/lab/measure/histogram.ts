// A histogram of durations with logarithmic buckets: constant memory, quantiles within 5 % of the true value.
import { assert } from '../../base/assert.ts';

/** Buckets for each doubling: neighbours differ by 2^(1/8), 9 %; a value is at most half of that from its bucket's centre. */
const PER_DOUBLING = 8;
/** Durations up to 2^45 ns, ten hours; longer ones count into the last bucket. */
const BUCKETS = 45 * PER_DOUBLING + 1;

export interface Bucket {
  /** Centre of the bucket, in the unit of what was added. */
  readonly value: number;
  readonly count: number;
}

export class LogHistogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #count = 0;
  #sum = 0;

  get count(): number {
    return this.#count;
  }

  /** Sum of everything added, exactly. */
  get sum(): number {
    return this.#sum;
  }

  /** Adds a duration ≥ 0; everything below 1 counts as 0. */
  add(value: number): void {
    assert(value >= 0, () => `a duration of ${value}`);
    const at = value < 1 ? 0 : 1 + Math.round(Math.log2(value) * PER_DOUBLING);
    const index = Math.min(at, BUCKETS - 1);
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#count++;
    this.#sum += value;
  }

  /** Quantile `q` (0…1): the centre of the bucket that holds it; 0 when empty. */
  quantile(q: number): number {
    const rank = Math.max(1, Math.ceil(q * this.#count));
    let seen = 0;
    for (let index = 0; index < BUCKETS; index++) {
      seen += this.#counts[index] as number;
      if (seen >= rank) return centre(index);
    }
    return 0;
  }

  /** Buckets that hold something, ascending. */
  buckets(): Bucket[] {
    return Array.from(this.#counts, (count, index) => ({ value: centre(index), count })).filter(
      ({ count }) => count > 0,
    );
  }

  reset(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#sum = 0;
  }
}

function centre(index: number): number {
  return index === 0 ? 0 : 2 ** ((index - 1) / PER_DOUBLING);
}
