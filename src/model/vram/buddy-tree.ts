// The blocks behind the buddy allocator: which exist, in which state, and per order the free ones by offset (xe.md §7.1).
//
// A block is named by (order, frame): it is naturally aligned, so that typed arrays indexed by frame >> order replace
// the kernel's node objects and its offset-ordered trees. Nothing here allocates after construction.
import { assert } from '../../base/assert.ts';
import { floorLog2, type Frame } from '../../base/units.ts';
import { BitTree } from './bit-tree.ts';

/** State of a block; `none` where no block of that order exists. */
export const BLOCK_STATE = { none: 0, allocated: 1, free: 2, split: 3 } as const;
export type BlockState = (typeof BLOCK_STATE)[keyof typeof BLOCK_STATE];
const STATE_MASK = 3;
const CLEAR_BIT = 4;

/** What freeing does to the clear bit: the content is dirty, known to be zero, or as it was. */
export type FreeAs = 'dirty' | 'cleared' | 'keep';

export interface BuddyRoot {
  readonly frame: Frame;
  readonly order: number;
}

export class BuddyTree {
  readonly pages: number;
  readonly roots: readonly BuddyRoot[];
  readonly maxOrder: number;
  /** Free pages, and those among them that are known to be zero. */
  avail = 0;
  clearAvail = 0;
  private readonly states: Uint8Array[] = [];
  private readonly dirtyFree: BitTree[] = [];
  private readonly clearFree: BitTree[] = [];

  constructor(pages: number) {
    assert(Number.isInteger(pages) && pages >= 1 && pages < 2 ** 31, () => `buddy of ${pages} pages`);
    this.pages = pages;
    this.roots = rootsOf(pages);
    this.maxOrder = floorLog2(pages);
    for (let order = 0; order <= this.maxOrder; order++) {
      const blocks = pages >>> order;
      this.states.push(new Uint8Array(blocks));
      this.dirtyFree.push(new BitTree(blocks));
      this.clearFree.push(new BitTree(blocks));
    }
    for (const root of this.roots) this.enterFree(root.order, root.frame, false);
  }

  /** State of the block of `order` at `frame`; `none` for orders and frames outside. */
  state(order: number, frame: Frame): BlockState {
    const states = this.states[order];
    return ((states?.[frame >>> order] ?? BLOCK_STATE.none) & STATE_MASK) as BlockState;
  }

  isClear(order: number, frame: Frame): boolean {
    return ((this.states[order]?.[frame >>> order] ?? 0) & CLEAR_BIT) !== 0;
  }

  /** Free blocks of `order` whose clear bit is `clear`. */
  freeSet(order: number, clear: boolean): BitTree {
    return (clear ? this.clearFree : this.dirtyFree)[order] as BitTree;
  }

  freeCount(order: number): number {
    return this.freeSet(order, false).count + this.freeSet(order, true).count;
  }

  /** Order of the allocated block that begins at `frame`, or −1. */
  allocatedOrder(frame: Frame): number {
    for (let order = 0; order <= this.maxOrder && frame % 2 ** order === 0; order++) {
      if (this.state(order, frame) === BLOCK_STATE.allocated) return order;
    }
    return -1;
  }

  /** A free block becomes a split one with two free children of the same clear bit. */
  split(order: number, frame: Frame): void {
    const clear = this.isClear(order, frame);
    this.leaveFree(order, frame);
    this.put(order, frame, BLOCK_STATE.split, false);
    this.enterFree(order - 1, frame, clear);
    this.enterFree(order - 1, frame + 2 ** (order - 1), clear);
  }

  /** A free block becomes an allocated one; it keeps its clear bit until it is freed. */
  allocate(order: number, frame: Frame): void {
    const clear = this.isClear(order, frame);
    this.leaveFree(order, frame);
    this.put(order, frame, BLOCK_STATE.allocated, clear);
  }

  /** An allocated block becomes a free one that is not merged (trimming needs it). */
  unallocate(order: number, frame: Frame): void {
    assert(this.state(order, frame) === BLOCK_STATE.allocated, () => `order ${order} at ${frame} is not allocated`);
    this.enterFree(order, frame, this.isClear(order, frame));
  }

  /** Frees an allocated block and merges upwards while the buddy is free with an equal clear bit (xe.md §7.3). */
  release(order: number, frame: Frame, as: FreeAs): void {
    assert(this.state(order, frame) === BLOCK_STATE.allocated, () => `order ${order} at ${frame} is not allocated`);
    const clear = as === 'keep' ? this.isClear(order, frame) : as === 'cleared';
    this.merge(order, frame, clear, false);
  }

  /** Merges a free block with its free buddy whatever their clear bits; the result is dirty. Returns its order. */
  forceMerge(order: number, frame: Frame): number {
    this.leaveFree(order, frame);
    return this.merge(order, frame, false, true);
  }

  /** Frame of the buddy of (order, frame), or −1 for a root. */
  buddyOf(order: number, frame: Frame): Frame | -1 {
    if (this.state(order + 1, frame) !== BLOCK_STATE.split) return -1;
    const size = 2 ** order;
    return frame % (2 * size) === 0 ? frame + size : frame - size;
  }

  /** Visits every free and allocated block by ascending frame. */
  forEachBlock(visit: (order: number, frame: Frame, state: BlockState) => void): void {
    for (const root of this.roots) this.visitBelow(root.order, root.frame, visit);
  }

  private visitBelow(
    order: number,
    frame: Frame,
    visit: (order: number, frame: Frame, state: BlockState) => void,
  ): void {
    const state = this.state(order, frame);
    if (state !== BLOCK_STATE.split) return visit(order, frame, state);
    this.visitBelow(order - 1, frame, visit);
    this.visitBelow(order - 1, frame + 2 ** (order - 1), visit);
  }

  private merge(fromOrder: number, fromFrame: Frame, clear: boolean, force: boolean): number {
    let order = fromOrder;
    let frame = fromFrame;
    for (;;) {
      const buddy = this.buddyOf(order, frame);
      if (buddy === -1 || this.state(order, buddy) !== BLOCK_STATE.free) break;
      if (!force && this.isClear(order, buddy) !== clear) break;
      this.leaveFree(order, buddy);
      this.put(order, buddy, BLOCK_STATE.none, false);
      this.put(order, frame, BLOCK_STATE.none, false);
      frame = Math.min(frame, buddy);
      order++;
    }
    this.enterFree(order, frame, clear && !force);
    return order;
  }

  private enterFree(order: number, frame: Frame, clear: boolean): void {
    this.put(order, frame, BLOCK_STATE.free, clear);
    this.freeSet(order, clear).add(frame >>> order);
    this.avail += 2 ** order;
    if (clear) this.clearAvail += 2 ** order;
  }

  private leaveFree(order: number, frame: Frame): void {
    assert(this.state(order, frame) === BLOCK_STATE.free, () => `order ${order} at ${frame} is not free`);
    const clear = this.isClear(order, frame);
    this.freeSet(order, clear).remove(frame >>> order);
    this.avail -= 2 ** order;
    if (clear) this.clearAvail -= 2 ** order;
  }

  private put(order: number, frame: Frame, state: BlockState, clear: boolean): void {
    (this.states[order] as Uint8Array)[frame >>> order] = state | (clear ? CLEAR_BIT : 0);
  }
}

/** Descending powers of two at ascending offsets: each root is naturally aligned. */
function rootsOf(pages: number): BuddyRoot[] {
  const roots: BuddyRoot[] = [];
  for (let frame = 0; frame < pages;) {
    const order = floorLog2(pages - frame);
    roots.push({ frame, order });
    frame += 2 ** order;
  }
  return roots;
}
