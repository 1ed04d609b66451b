// A set of small integers in typed arrays: insert, remove and "largest member below" cost one word per factor of 32.

export class BitTree {
  /** levels[0] has one bit a member; each further level one bit for each non-zero word below. */
  private readonly levels: Uint32Array[] = [];
  private readonly size: number;
  private members = 0;

  /** A set that can hold 0 … size − 1. */
  constructor(size: number) {
    this.size = size;
    // A bound may equal the size: each level needs a readable word there, the last one a bit of its only word.
    for (let bits = size; ; bits = Math.ceil(bits / 32)) {
      this.levels.push(new Uint32Array((bits >>> 5) + 1));
      if (bits < 32) break;
    }
  }

  get count(): number {
    return this.members;
  }

  has(member: number): boolean {
    return (((this.levels[0] as Uint32Array)[member >>> 5] as number) & (1 << (member & 31))) !== 0;
  }

  /** Adds a member that is not in the set. */
  add(member: number): void {
    this.members++;
    let at = member;
    for (const words of this.levels) {
      const before = words[at >>> 5] as number;
      words[at >>> 5] = before | (1 << (at & 31));
      if (before !== 0) return;
      at >>>= 5;
    }
  }

  /** Removes a member that is in the set. */
  remove(member: number): void {
    this.members--;
    let at = member;
    for (const words of this.levels) {
      const after = (words[at >>> 5] as number) & ~(1 << (at & 31));
      words[at >>> 5] = after;
      if (after !== 0) return;
      at >>>= 5;
    }
  }

  /** Largest member, or −1. */
  highest(): number {
    return this.highestBelow(this.size);
  }

  /** Largest member below `bound` (0 … size), or −1. */
  highestBelow(bound: number): number {
    let at = bound;
    for (let level = 0; level < this.levels.length; level++) {
      const word = (this.levels[level] as Uint32Array)[at >>> 5] as number;
      const below = word & ((1 << (at & 31)) - 1);
      if (below !== 0) return this.descend(level, (at & ~31) + 31 - Math.clz32(below));
      at >>>= 5;
    }
    return -1;
  }

  private descend(fromLevel: number, index: number): number {
    let at = index;
    for (let level = fromLevel - 1; level >= 0; level--) {
      at = at * 32 + 31 - Math.clz32((this.levels[level] as Uint32Array)[at] as number);
    }
    return at;
  }
}
