// Disjoint page intervals in ascending order: first overlap in O(log n), steps that survive any removal in between.

export interface Interval {
  readonly startVpn: number;
  readonly endVpn: number;
}

/** Items of a bucket; a full one splits in two, so that an insertion moves at most this many. */
const BUCKET = 128;

/**
 * Two levels: buckets in order, items in order inside. Lookups are two binary searches. Iteration holds no position:
 * each step asks for what follows a start, so any item may be removed while a loop runs.
 */
export class IntervalIndex<T extends Interval> {
  private readonly buckets: T[][] = [];
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Adds an item; the caller has made sure that it overlaps none (gpusvm-and-pagemap.md §1.3). */
  insert(item: T): void {
    const at = Math.max(0, this.bucketFor(item.startVpn));
    const bucket = this.buckets[at];
    this.count++;
    if (bucket === undefined) {
      this.buckets.push([item]);
      return;
    }
    bucket.splice(lastAtOrBefore(bucket, item.startVpn) + 1, 0, item);
    if (bucket.length > BUCKET) this.buckets.splice(at + 1, 0, bucket.splice(BUCKET >> 1));
  }

  /** Removes an item; false when it is not here. */
  remove(item: T): boolean {
    const at = this.bucketFor(item.startVpn);
    const bucket = this.buckets[at];
    if (bucket === undefined) return false;
    const index = lastAtOrBefore(bucket, item.startVpn);
    if (index < 0 || bucket[index] !== item) return false;
    bucket.splice(index, 1);
    if (bucket.length === 0) this.buckets.splice(at, 1);
    this.count--;
    return true;
  }

  /** The overlapping item with the smallest start, or null. */
  firstOverlap(startVpn: number, endVpn: number): T | null {
    const before = this.atOrBefore(startVpn);
    if (before !== null && before.endVpn > startVpn) return startVpn < endVpn ? before : null;
    const after = this.after(startVpn);
    return after !== null && after.startVpn < endVpn ? after : null;
  }

  /** The item with the smallest start above `startVpn`, or null. */
  after(startVpn: number): T | null {
    const at = this.bucketFor(startVpn);
    const bucket = this.buckets[Math.max(0, at)];
    if (bucket === undefined) return null;
    return bucket[lastAtOrBefore(bucket, startVpn) + 1] ?? this.buckets[at + 1]?.[0] ?? null;
  }

  first(): T | null {
    return this.buckets[0]?.[0] ?? null;
  }

  /** Items overlapping [startVpn, endVpn) in order. The body may remove any item, insert behind it, or stop. */
  *overlapping(startVpn: number, endVpn: number): Generator<T, void, void> {
    for (let item = this.firstOverlap(startVpn, endVpn); item !== null;) {
      yield item;
      item = this.after(item.startVpn);
      if (item !== null && item.startVpn >= endVpn) return;
    }
  }

  /** All items in order, under the same terms. */
  *[Symbol.iterator](): Generator<T, void, void> {
    for (let item = this.first(); item !== null; item = this.after(item.startVpn)) yield item;
  }

  private atOrBefore(startVpn: number): T | null {
    const bucket = this.buckets[this.bucketFor(startVpn)];
    return bucket?.[lastAtOrBefore(bucket, startVpn)] ?? null;
  }

  /** Last bucket whose first start is not above `startVpn`; −1 when all are. */
  private bucketFor(startVpn: number): number {
    let low = 0;
    let high = this.buckets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.buckets[middle]?.[0]?.startVpn ?? 0) <= startVpn) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** Index of the last item that starts at or before `startVpn`; −1 when none does. */
function lastAtOrBefore(bucket: readonly Interval[], startVpn: number): number {
  let low = 0;
  let high = bucket.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((bucket[middle]?.startVpn ?? 0) <= startVpn) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
