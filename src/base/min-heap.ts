// A binary heap: the smallest element first, by a given strict order.
import { present } from './assert.ts';

export class MinHeap<T> {
  private readonly items: T[] = [];
  private readonly before: (a: T, b: T) => boolean;

  constructor(before: (a: T, b: T) => boolean) {
    this.before = before;
  }

  get size(): number {
    return this.items.length;
  }

  /** Smallest element, or undefined when empty. */
  peek(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    const { items, before } = this;
    items.push(item);
    for (let child = items.length - 1; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!before(item, this.at(parent))) return;
      this.swap(parent, child);
      child = parent;
    }
  }

  pop(): T | undefined {
    const { items } = this;
    const top = items[0];
    const last = items.pop();
    if (items.length > 0) {
      items[0] = present(last, 'heap item');
      this.sink();
    }
    return top;
  }

  private sink(): void {
    for (let parent = 0; ;) {
      const child = this.smallerChild(parent);
      if (child < 0 || !this.before(this.at(child), this.at(parent))) return;
      this.swap(parent, child);
      parent = child;
    }
  }

  private smallerChild(parent: number): number {
    const left = 2 * parent + 1;
    if (left >= this.items.length) return -1;
    const right = left + 1;
    return right < this.items.length && this.before(this.at(right), this.at(left)) ? right : left;
  }

  private at(index: number): T {
    return this.items[index] as T;
  }

  private swap(a: number, b: number): void {
    const item = this.at(a);
    this.items[a] = this.at(b);
    this.items[b] = item;
  }
}
