// Checks of VRAM: each function returns one line for every rule that does not hold (xe.md §7.5 B1–B5, §12 I-B6, I-B7).
import type { Frame } from '../../base/units.ts';
import type { Bo } from './bo.ts';
import { BLOCK_STATE, type BuddyTree } from './buddy-tree.ts';
import type { Buddy } from './buddy.ts';
import type { VramManager } from './vram.ts';

/** B1–B5 by a walk over all blocks; O(blocks). */
export function buddyViolations(buddy: Buddy): string[] {
  const { tree } = buddy;
  const found: string[] = [];
  const sums = { free: 0, clear: 0, next: 0, freeBlocks: 0 };
  tree.forEachBlock((order, frame, state) => {
    if (frame !== sums.next) found.push(`B5: block at ${frame}, expected one at ${sums.next}`);
    sums.next = frame + 2 ** order;
    if (state === BLOCK_STATE.none) found.push(`B3: nothing at order ${order}, frame ${frame}`);
    if (frame % 2 ** order !== 0) found.push(`B4: order ${order} at ${frame} is not aligned to its size`);
    if (state !== BLOCK_STATE.free) return;
    sums.freeBlocks++;
    sums.free += 2 ** order;
    if (tree.isClear(order, frame)) sums.clear += 2 ** order;
    found.push(...freeBlockViolations(tree, order, frame));
  });
  if (sums.next !== tree.pages) found.push(`B5: blocks end at ${sums.next} of ${tree.pages}`);
  if (sums.free !== tree.avail) found.push(`B1: ${sums.free} free pages in blocks, avail says ${tree.avail}`);
  if (sums.clear !== tree.clearAvail) found.push(`B1: ${sums.clear} clear pages, clearAvail says ${tree.clearAvail}`);
  const listed = listedBlocks(tree);
  if (listed !== sums.freeBlocks) found.push(`B3: ${listed} blocks in free trees, ${sums.freeBlocks} free blocks`);
  return found;
}

function listedBlocks(tree: BuddyTree): number {
  let listed = 0;
  for (let order = 0; order <= tree.maxOrder; order++) listed += tree.freeCount(order);
  return listed;
}

function freeBlockViolations(tree: BuddyTree, order: number, frame: Frame): string[] {
  const found: string[] = [];
  const clear = tree.isClear(order, frame);
  const index = frame / 2 ** order;
  if (!tree.freeSet(order, clear).has(index) || tree.freeSet(order, !clear).has(index)) {
    found.push(`B3: free order ${order} at ${frame} is not in exactly its own tree`);
  }
  const buddy = tree.buddyOf(order, frame);
  const mergeable =
    buddy !== -1 && tree.state(order, buddy) === BLOCK_STATE.free && tree.isClear(order, buddy) === clear;
  if (mergeable) found.push(`B2: order ${order} at ${frame} and its buddy are both free and not merged`);
  return found;
}

/** Accounts and objects of a whole VRAM, and the rules of its buddy. */
export function vramViolations(vram: VramManager): string[] {
  const found = buddyViolations(vram.buddy);
  let data = 0;
  let visible = 0;
  for (const bo of vram.bos()) {
    data += bo.pages;
    visible += visiblePages(vram, bo.frame, bo.pages);
    found.push(...boViolations(vram, bo));
  }
  let tables = 0;
  for (const block of vram.blocks()) {
    if (block.kind !== 'table') continue;
    tables += block.pages;
    visible += visiblePages(vram, block.frame, block.pages);
  }
  if (data !== vram.dataUsed) found.push(`I-C5: objects hold ${data} pages, dataUsed says ${vram.dataUsed}`);
  if (data > vram.dataPages) found.push(`I-C5: ${data} data pages, limit ${vram.dataPages}`);
  if (tables !== vram.tablesUsed) found.push(`I-C5: tables hold ${tables} pages, tablesUsed says ${vram.tablesUsed}`);
  const visibleFree = vram.visiblePages - visible;
  if (visibleFree !== vram.visibleFree) found.push(`I-B7: ${visibleFree} visible free, counted ${vram.visibleFree}`);
  return found;
}

function visiblePages(vram: VramManager, frame: Frame, pages: number): number {
  return Math.min(Math.max(vram.visiblePages - frame, 0), pages);
}

function boViolations(vram: VramManager, bo: Bo): string[] {
  const found: string[] = [];
  let next = bo.frame;
  for (const frame of bo.blocks) {
    if (frame !== next) found.push(`I-B6: bo ${bo.id} has a block at ${frame}, expected ${next}`);
    if (vram.boByBlock.get(frame) !== bo) found.push(`I-B6: block ${frame} does not name its bo ${bo.id}`);
    next = frame + 2 ** vram.buddy.tree.allocatedOrder(frame);
  }
  if (next !== bo.frame + bo.pages) found.push(`I-B6: bo ${bo.id} ends at ${next}, expected ${bo.frame + bo.pages}`);
  if (bo.refcount <= 0) found.push(`bo ${bo.id} is resident with ${bo.refcount} references`);
  return found;
}
