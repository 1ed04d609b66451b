// A pool of scratch objects by capacity: taking one of a size that was used before allocates nothing.
import { floorLog2 } from '../../base/units.ts';

export class SizedPool<T> {
  private readonly make: (capacity: number) => T;
  private readonly free: T[][] = [];

  /** `make` builds an object for `capacity` elements, always a power of two. */
  constructor(make: (capacity: number) => T) {
    this.make = make;
  }

  /** An object for at least `size` ≥ 1 elements; its contents are whatever the last user left. */
  take(size: number): T {
    const order = sizeOrder(size);
    return this.free[order]?.pop() ?? this.make(2 ** order);
  }

  /** Gives back what `take(size)` returned. */
  give(size: number, item: T): void {
    const order = sizeOrder(size);
    (this.free[order] ??= []).push(item);
  }
}

function sizeOrder(size: number): number {
  return size <= 1 ? 0 : floorLog2(size - 1) + 1;
}
