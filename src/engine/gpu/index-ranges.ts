// A set of half-open ranges of integers that tells whether a new one overlaps: hazards between commands of one dispatch.
//
// Ranges are bits in blocks that are made where something lies: scattered pages, the case that counts, cost a look-up and a
// word each, and forgetting everything costs nothing.

/** Integers of one block of bits. Blocks are few: neighbours in a space are neighbours here. */
const BLOCK_BITS = 4096;
const BLOCK_WORDS = BLOCK_BITS / 32;

/** Blocks kept for the next batch; each has half a KiB. */
const MAX_BLOCKS = 4096;

interface Block {
  readonly words: Int32Array;
  /** The set's number when the words were last cleared; older words mean nothing. */
  age: number;
}

export class IndexRanges {
  readonly #blocks = new Map<number, Block>();
  #age = 1;
  /** All members lie in [low, high): most ranges are beyond them. */
  #low = Number.POSITIVE_INFINITY;
  #high = Number.NEGATIVE_INFINITY;

  clear(): void {
    if (this.#high > this.#low) this.#age++;
    this.#low = Number.POSITIVE_INFINITY;
    this.#high = Number.NEGATIVE_INFINITY;
    if (this.#blocks.size > MAX_BLOCKS) this.#blocks.clear();
  }

  overlaps(start: number, end: number): boolean {
    if (start >= end || end <= this.#low || start >= this.#high) return false;
    for (let at = start; at < end;) {
      const index = Math.floor(at / BLOCK_BITS);
      const base = index * BLOCK_BITS;
      const stop = Math.min(end, base + BLOCK_BITS);
      const block = this.#blocks.get(index);
      if (block !== undefined && block.age === this.#age && anySet(block.words, at - base, stop - base)) return true;
      at = stop;
    }
    return false;
  }

  /** Adds a range; an empty one changes nothing. */
  add(start: number, end: number): void {
    if (start >= end) return;
    if (start < this.#low) this.#low = start;
    if (end > this.#high) this.#high = end;
    for (let at = start; at < end;) {
      const index = Math.floor(at / BLOCK_BITS);
      const base = index * BLOCK_BITS;
      const stop = Math.min(end, base + BLOCK_BITS);
      setBits(this.#block(index).words, at - base, stop - base);
      at = stop;
    }
  }

  #block(index: number): Block {
    let block = this.#blocks.get(index);
    if (block === undefined) this.#blocks.set(index, (block = { words: new Int32Array(BLOCK_WORDS), age: this.#age }));
    if (block.age !== this.#age) {
      block.words.fill(0);
      block.age = this.#age;
    }
    return block;
  }
}

function anySet(words: Int32Array, from: number, to: number): boolean {
  const first = from >>> 5;
  const last = (to - 1) >>> 5;
  for (let word = first; word <= last; word++)
    if (((words[word] as number) & maskOf(word, from, to)) !== 0) return true;
  return false;
}

function setBits(words: Int32Array, from: number, to: number): void {
  const first = from >>> 5;
  const last = (to - 1) >>> 5;
  for (let word = first; word <= last; word++) words[word] = (words[word] as number) | maskOf(word, from, to);
}

/** Bits of word `word` that lie in [from, to). */
function maskOf(word: number, from: number, to: number): number {
  const low = from > word * 32 ? from & 31 : 0;
  const high = to < word * 32 + 32 ? to & 31 : 32;
  return (-1 << low) & (high === 32 ? -1 : (1 << high) - 1);
}
