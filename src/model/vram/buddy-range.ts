// Walks of the buddy's blocks that are bound to an interval: find a block inside it, or take exactly it (xe.md §7.2).
import { alignDown, alignUp, type Frame } from '../../base/units.ts';
import { BLOCK_STATE, type BuddyTree } from './buddy-tree.ts';

/** Half-open interval of frames. */
export interface FrameBounds {
  readonly start: Frame;
  readonly end: Frame;
}

/**
 * Leftmost free block of exactly `order` inside the bounds, made by splitting where needed; −1: none. `clear` null
 * accepts any clear bit. A block that was split for nothing cannot occur: only what fits is entered.
 */
export function findInRange(tree: BuddyTree, bounds: FrameBounds, order: number, clear: boolean | null): Frame | -1 {
  for (const root of tree.roots) {
    const frame = descend(tree, root.order, root.frame, bounds, order, clear);
    if (frame !== -1) return frame;
  }
  return -1;
}

function descend(
  tree: BuddyTree,
  at: number,
  frame: Frame,
  bounds: FrameBounds,
  order: number,
  clear: boolean | null,
): Frame | -1 {
  const state = tree.state(at, frame);
  if (at < order || state === BLOCK_STATE.allocated || !fitsInside(at, frame, bounds, order)) return -1;
  if (clear !== null && tree.isClear(at, frame) !== clear) return -1;
  if (at === order) return state === BLOCK_STATE.free ? frame : -1;
  if (state === BLOCK_STATE.free) tree.split(at, frame);
  const left = descend(tree, at - 1, frame, bounds, order, clear);
  return left === -1 ? descend(tree, at - 1, frame + 2 ** (at - 1), bounds, order, clear) : left;
}

/** Does the aligned part of the block inside the bounds hold 2^order pages? */
function fitsInside(at: number, frame: Frame, bounds: FrameBounds, order: number): boolean {
  const size = 2 ** order;
  const from = alignUp(Math.max(frame, bounds.start), size);
  const to = alignDown(Math.min(frame + 2 ** at, bounds.end), size);
  return to > from;
}

/**
 * Takes what is free of [start, start + pages) from the left until it meets an allocated block. Appends the first frame
 * of each block to `taken`; returns the pages taken. A negative start takes nothing.
 */
export function takeRange(tree: BuddyTree, start: Frame, pages: number, taken: Frame[]): number {
  if (start < 0) return 0;
  const before = tree.avail;
  for (const root of tree.roots) {
    if (!takeIn(tree, root.order, root.frame, start, start + pages, taken)) break;
  }
  return before - tree.avail;
}

/** The part of `takeRange` below one block; false when it met an allocated block. */
export function takeIn(
  tree: BuddyTree,
  order: number,
  frame: Frame,
  start: Frame,
  end: Frame,
  taken: Frame[],
): boolean {
  if (frame >= end || frame + 2 ** order <= start) return true;
  const state = tree.state(order, frame);
  if (state === BLOCK_STATE.allocated) return false;
  if (frame >= start && frame + 2 ** order <= end) {
    if (state === BLOCK_STATE.free) {
      tree.allocate(order, frame);
      taken.push(frame);
      return true;
    }
    // Only unequal clear bits leave two free buddies unmerged: without cleared memory something below is allocated.
    if (tree.clearAvail === 0) return false;
  }
  if (state === BLOCK_STATE.free) tree.split(order, frame);
  const half = frame + 2 ** (order - 1);
  return takeIn(tree, order - 1, frame, start, end, taken) && takeIn(tree, order - 1, half, start, end, taken);
}
