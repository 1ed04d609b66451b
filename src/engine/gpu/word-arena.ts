// Words that the host collects for one submission and sends with a single write.
import { assert } from '../../base/assert.ts';

export class WordArena {
  readonly words: Uint32Array<ArrayBuffer>;
  /** Words taken so far. */
  used = 0;

  constructor(capacity: number) {
    this.words = new Uint32Array(capacity);
  }

  /** Words that can still be taken at a multiple of `align`. */
  room(align = 1): number {
    return Math.max(0, this.words.length - alignedTo(this.used, align));
  }

  /** Takes `count` words at a multiple of `align`; the index of the first. They hold whatever the last use left. */
  take(count: number, align = 1): number {
    const at = alignedTo(this.used, align);
    // No closure here: this runs once or twice a command.
    if (at + count > this.words.length) assert(false, `${count} words at ${at} of ${this.words.length}`);
    this.used = at + count;
    return at;
  }

  clear(): void {
    this.used = 0;
  }
}

function alignedTo(value: number, align: number): number {
  return Math.ceil(value / align) * align;
}
