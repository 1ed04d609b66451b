// Least-recently-used lists of buffer objects, one a priority; walking one survives any change between two steps.
import { assert } from '../../base/assert.ts';
import { BO_PRIORITIES, type Bo } from './bo.ts';

class BoList {
  head: Bo | null = null;
  tail: Bo | null = null;
}

export class Lru {
  private readonly lists: BoList[] = Array.from({ length: BO_PRIORITIES }, () => new BoList());
  private nextSeq = 1;

  /** Sequence number that the next append gets: a walk that stops before it never meets younger objects. */
  get horizon(): number {
    return this.nextSeq;
  }

  /** Appends at the young end. SVM objects are appended at creation and never again (xe.md §3.9). */
  append(bo: Bo): void {
    const list = this.listOf(bo);
    assert(bo.lruSeq === 0, () => `bo ${bo.id} is on the LRU already`);
    bo.lruSeq = this.nextSeq++;
    bo.lruPrev = list.tail;
    if (list.tail === null) list.head = bo;
    else list.tail.lruNext = bo;
    list.tail = bo;
  }

  remove(bo: Bo): void {
    const list = this.listOf(bo);
    if (bo.lruPrev === null) list.head = bo.lruNext;
    else bo.lruPrev.lruNext = bo.lruNext;
    if (bo.lruNext === null) list.tail = bo.lruPrev;
    else bo.lruNext.lruPrev = bo.lruPrev;
    bo.lruPrev = bo.lruNext = null;
    bo.lruSeq = 0;
  }

  /** Oldest object of `priority` that is younger than `seq`, or null. Costs the objects passed over. */
  after(priority: number, seq: number): Bo | null {
    let bo = this.lists[priority]?.head ?? null;
    while (bo !== null && bo.lruSeq <= seq) bo = bo.lruNext;
    return bo;
  }

  /** All objects, by priority, oldest first. */
  *all(): Iterable<Bo> {
    for (const list of this.lists) {
      for (let bo = list.head; bo !== null; bo = bo.lruNext) yield bo;
    }
  }

  private listOf(bo: Bo): BoList {
    const list = this.lists[bo.priority];
    assert(list !== undefined, () => `bo ${bo.id} has priority ${bo.priority}, known are 0…${BO_PRIORITIES - 1}`);
    return list;
  }
}
