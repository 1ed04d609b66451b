// A set of half-open ranges of integers that tells whether a new one overlaps: hazards between commands of one dispatch.

export class IndexRanges {
  /** Sorted, disjoint, not adjacent: range i is [starts[i], ends[i]). */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  clear(): void {
    this.#starts.length = 0;
    this.#ends.length = 0;
  }

  overlaps(start: number, end: number): boolean {
    if (start >= end) return false;
    const next = this.#firstEndingAfter(start);
    return next < this.#starts.length && (this.#starts[next] as number) < end;
  }

  /** Adds a range; an empty one changes nothing. What it overlaps or touches is merged with it. */
  add(start: number, end: number): void {
    if (start >= end) return;
    const first = this.#firstEndingAfter(start - 1);
    let next = first;
    let low = start;
    let high = end;
    for (; next < this.#starts.length && (this.#starts[next] as number) <= end; next++) {
      low = Math.min(low, this.#starts[next] as number);
      high = Math.max(high, this.#ends[next] as number);
    }
    this.#starts.splice(first, next - first, low);
    this.#ends.splice(first, next - first, high);
  }

  /** Index of the first range whose end lies after `value`. Ascending use, the usual one, ends at the first test. */
  #firstEndingAfter(value: number): number {
    let high = this.#ends.length;
    if (high === 0 || (this.#ends[high - 1] as number) <= value) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ends[middle] as number) > value) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
