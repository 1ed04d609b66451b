// The VRAM buddy allocator: same blocks for the same requests as the kernel's (drm_buddy of 7.0, xe.md §7.1–7.3).
//
// All sizes are pages of 4 KiB, which is also the chunk. Failed requests leave everything as it was.
import { assert } from '../../base/assert.ts';
import type { Errno, Status } from '../../base/errno.ts';
import { alignUp, floorLog2, isPowerOfTwo, type Frame } from '../../base/units.ts';
import { findInRange, takeIn, takeRange } from './buddy-range.ts';
import { BLOCK_STATE, BuddyTree, type FreeAs } from './buddy-tree.ts';

/** Flags of a request, with the kernel's numbers; `CLEARED` belongs to freeing. */
export const BUDDY_FLAG = { RANGE: 1, TOPDOWN: 2, CONTIGUOUS: 4, CLEAR: 8, CLEARED: 16, TRIM_DISABLE: 32 } as const;

export interface BuddyBlock {
  readonly frame: Frame;
  readonly pages: number;
}

export interface BuddyRequest {
  readonly pages: number;
  /** Smallest block, a power of two; default 1. */
  readonly minPages?: number;
  /** Bounds, used with RANGE, or exact when start + pages = end; default all of the memory. */
  readonly start?: Frame;
  readonly end?: Frame;
  /** BUDDY_FLAG bits. */
  readonly flags?: number;
}

/** A checked request: sizes rounded as its flags ask. */
interface Wanted {
  readonly pages: number;
  readonly minOrder: number;
  readonly start: Frame;
  readonly end: Frame;
  readonly flags: number;
}

export class Buddy {
  readonly tree: BuddyTree;

  /** @param pages size of the memory, 1 … 2^31 − 1. */
  constructor(pages: number) {
    this.tree = new BuddyTree(pages);
  }

  get pages(): number {
    return this.tree.pages;
  }

  /** Free pages. */
  get avail(): number {
    return this.tree.avail;
  }

  /**
   * Blocks that hold `request.pages`, in the order in which the kernel lists them: descending offsets as found, a
   * trimmed last block as ascending pieces. EINVAL: malformed; ENOSPC: does not fit.
   */
  alloc(request: BuddyRequest): BuddyBlock[] | Errno {
    const { pages, minPages = 1, start = 0, end = this.pages, flags = 0 } = request;
    if (!this.wellFormed(pages, minPages, start, end)) return 'EINVAL';
    const taken: Frame[] = [];
    const status =
      start + pages === end
        ? this.allocExact(start, pages, minPages, taken)
        : this.allocAnywhere(pages, minPages, start, end, flags, taken);
    return status === 0 ? taken.map((frame) => this.blockAt(frame)) : status;
  }

  /** Frees blocks that `alloc` returned. `flags`: CLEARED when their content is known to be zero. */
  free(blocks: readonly BuddyBlock[], flags = 0): void {
    for (const block of blocks) this.freeFrame(block.frame, (flags & BUDDY_FLAG.CLEARED) !== 0 ? 'cleared' : 'dirty');
  }

  /** Frees the one block that begins at `frame`. */
  freeFrame(frame: Frame, as: FreeAs = 'dirty'): void {
    const order = this.tree.allocatedOrder(frame);
    assert(order >= 0, () => `frame ${frame} does not begin an allocated block`);
    this.tree.release(order, frame, as);
  }

  /**
   * One block of 2^order pages below frame `limit`, or −1; no object is made. With `limit` = pages it is the kernel's
   * plain search: smallest order that has a free block, in it the highest offset, split towards the right.
   */
  allocOrder(order: number, topDown = false, limit: number = this.pages): Frame | -1 {
    const found = topDown ? this.highestFree(order, false) : this.smallestFree(order, limit, false);
    if (found !== null) return this.carve(found.order, found.frame, order, limit);
    const other = this.smallestFree(order, limit, true);
    return other === null ? -1 : this.carve(other.order, other.frame, order, limit);
  }

  /**
   * Shrinks the allocated block at `frame` to `pages` pages from `start` on; the rest becomes free. Returns the pieces
   * that stay allocated. EINVAL: not inside the block.
   */
  trim(frame: Frame, pages: number, start: Frame = frame): BuddyBlock[] | Errno {
    const order = this.tree.allocatedOrder(frame);
    if (order < 0 || !Number.isInteger(pages) || pages < 1 || !Number.isInteger(start)) return 'EINVAL';
    if (start < frame || start + pages > frame + 2 ** order) return 'EINVAL';
    return this.trimmed(order, frame, start, pages).map((piece) => this.blockAt(piece));
  }

  private wellFormed(pages: number, minPages: number, start: Frame, end: Frame): boolean {
    const integers = Number.isInteger(pages) && Number.isInteger(start) && Number.isInteger(end);
    if (!integers || pages < 1 || !isPowerOfTwo(minPages)) return false;
    return start >= 0 && end <= this.pages && start + pages <= this.pages;
  }

  private blockAt(frame: Frame): BuddyBlock {
    return { frame, pages: 2 ** this.tree.allocatedOrder(frame) };
  }

  private allocExact(start: Frame, pages: number, minPages: number, taken: Frame[]): Status {
    if (start % minPages !== 0 || (start + pages) % minPages !== 0) return 'EINVAL';
    return takeRange(this.tree, start, pages, taken) === pages ? 0 : this.undo(taken, 'ENOSPC');
  }

  private allocAnywhere(
    pages: number,
    minPages: number,
    start: Frame,
    end: Frame,
    flags: number,
    taken: Frame[],
  ): Status {
    const contiguous = (flags & BUDDY_FLAG.CONTIGUOUS) !== 0;
    const rounded = contiguous ? roundUpPowerOfTwo(pages) : alignUp(pages, minPages);
    const minOrder = floorLog2(contiguous ? rounded : minPages);
    const retry = contiguous && (flags & BUDDY_FLAG.RANGE) === 0;
    if (rounded > this.pages) return retry ? this.tryHarder(pages, minPages, taken) : 'EINVAL';
    const wanted = { pages: rounded, minOrder, start, end, flags };
    if (!this.allocBlocks(wanted, taken)) {
      this.undo(taken, 'ENOSPC');
      return retry ? this.tryHarder(pages, minPages, taken) : 'ENOSPC';
    }
    if (rounded !== pages && (flags & BUDDY_FLAG.TRIM_DISABLE) === 0) this.trimLast(taken, rounded - pages);
    return 0;
  }

  private allocBlocks(wanted: Wanted, taken: Frame[]): boolean {
    let order = Math.min(floorLog2(wanted.pages), this.tree.maxOrder);
    for (let left = wanted.pages; left > 0; left -= 2 ** order) {
      order = Math.min(order, floorLog2(left));
      let frame = this.findBlock(wanted, order);
      while (frame === -1 && order > wanted.minOrder) frame = this.findBlock(wanted, --order);
      if (frame === -1 && this.forceMerge(wanted)) frame = this.findBlock(wanted, order);
      if (frame === -1) return false;
      this.tree.allocate(order, frame);
      taken.push(frame);
    }
    return true;
  }

  private trimLast(taken: Frame[], surplus: number): void {
    const last = taken.pop() as Frame;
    const order = this.tree.allocatedOrder(last);
    taken.push(...this.trimmed(order, last, last, 2 ** order - surplus));
  }

  /** The block is re-opened without merging it upwards, and the exact part taken again (xe.md §7.3). */
  private trimmed(order: number, frame: Frame, start: Frame, pages: number): Frame[] {
    const taken: Frame[] = [];
    this.tree.unallocate(order, frame);
    const complete = takeIn(this.tree, order, frame, start, start + pages, taken);
    assert(complete, () => `trim of a free block at ${frame} met an allocated one`);
    return taken;
  }

  private undo(taken: Frame[], error: Errno): Errno {
    for (const frame of taken) this.freeFrame(frame, 'keep');
    taken.length = 0;
    return error;
  }

  /** A free block of exactly `order`, made by splitting where needed; not yet allocated. −1: none. */
  private findBlock(wanted: Wanted, order: number): Frame | -1 {
    const { flags } = wanted;
    const clear = (flags & BUDDY_FLAG.CLEAR) !== 0;
    if ((flags & BUDDY_FLAG.RANGE) !== 0) {
      const matching = findInRange(this.tree, wanted, order, clear);
      return matching === -1 ? findInRange(this.tree, wanted, order, null) : matching;
    }
    const topDown = (flags & BUDDY_FLAG.TOPDOWN) !== 0;
    const found = topDown ? this.highestFree(order, clear) : this.smallestFree(order, this.pages, clear);
    const block = found ?? this.smallestFree(order, this.pages, !clear);
    return block === null ? -1 : this.splitRight(block.order, block.frame, order, this.pages);
  }

  private carve(fromOrder: number, fromFrame: Frame, order: number, limit: number): Frame {
    const frame = this.splitRight(fromOrder, fromFrame, order, limit);
    this.tree.allocate(order, frame);
    return frame;
  }

  /** Splitting continues into the upper half, or the lower one where the upper begins at or past `limit`. */
  private splitRight(fromOrder: number, fromFrame: Frame, order: number, limit: number): Frame {
    let frame = fromFrame;
    for (let at = fromOrder; at > order; at--) {
      this.tree.split(at, frame);
      const right = frame + 2 ** (at - 1);
      if (right + 2 ** order <= limit) frame = right;
    }
    return frame;
  }

  private smallestFree(order: number, limit: number, clear: boolean): { order: number; frame: Frame } | null {
    for (let at = order; at <= this.tree.maxOrder; at++) {
      // A block counts as below the limit when its first 2^order pages are.
      const bound = Math.ceil(Math.max(limit - 2 ** order + 1, 0) / 2 ** at);
      const index = this.tree.freeSet(at, clear).highestBelow(Math.min(bound, this.pages >>> at));
      if (index !== -1) return { order: at, frame: index * 2 ** at };
    }
    return null;
  }

  private highestFree(order: number, clear: boolean): { order: number; frame: Frame } | null {
    let best: { order: number; frame: Frame } | null = null;
    for (let at = order; at <= this.tree.maxOrder; at++) {
      const index = this.tree.freeSet(at, clear).highest();
      if (index !== -1 && (best === null || index * 2 ** at > best.frame)) best = { order: at, frame: index * 2 ** at };
    }
    return best;
  }

  /** Joins buddies of unequal clear bits below the wanted order until a block of that order appears. */
  private forceMerge(wanted: Wanted): boolean {
    if (this.tree.clearAvail === 0) return false;
    return this.forceMergeSet(wanted, false) || this.forceMergeSet(wanted, true);
  }

  private forceMergeSet(wanted: Wanted, clear: boolean): boolean {
    for (let order = wanted.minOrder - 1; order >= 0; order--) {
      const set = this.tree.freeSet(order, clear);
      for (let index = set.highest(); index !== -1; index = set.highestBelow(index)) {
        const frame = index * 2 ** order;
        const buddy = this.tree.buddyOf(order, frame);
        const inside = frame >= wanted.start && frame + 2 ** order <= wanted.end;
        if (!inside || buddy === -1 || this.tree.state(order, buddy) !== BLOCK_STATE.free) continue;
        if (this.tree.forceMerge(order, frame) >= wanted.minOrder) return true;
      }
    }
    return false;
  }

  /**
   * A contiguous piece of odd size that no single block holds: for each free block of the next smaller power of two,
   * grow to the right from its start, and take what is missing on its left (xe.md §7.2).
   */
  private tryHarder(pages: number, minPages: number, taken: Frame[]): Status {
    const order = floorLog2(pages);
    if (order === 0 || order > this.tree.maxOrder) return 'ENOSPC';
    return this.tryHarderIn(order, false, pages, minPages, taken) ||
      this.tryHarderIn(order, true, pages, minPages, taken)
      ? 0
      : 'ENOSPC';
  }

  private tryHarderIn(order: number, clear: boolean, pages: number, minPages: number, taken: Frame[]): boolean {
    const set = this.tree.freeSet(order, clear);
    for (let index = set.highest(); index !== -1; index = set.highestBelow(index)) {
      const start = index * 2 ** order;
      const filled = takeRange(this.tree, start, pages, taken);
      if (filled === pages) return true;
      const rest = alignUp(Math.max(pages - filled, minPages), minPages);
      const left: Frame[] = [];
      if (takeRange(this.tree, start - rest, rest, left) === rest) {
        taken.unshift(...left);
        return true;
      }
      this.undo(left, 'ENOSPC');
      this.undo(taken, 'ENOSPC');
    }
    return false;
  }
}

function roundUpPowerOfTwo(value: number): number {
  const floor = 2 ** floorLog2(value);
  return floor === value ? floor : floor * 2;
}
