// What people ask about VRAM: use, fragmentation, how many more allocations fit, and a list of blocks for the picture.
import type { Frame } from '../../base/units.ts';
import type { Bo } from './bo.ts';
import { BLOCK_STATE } from './buddy-tree.ts';
import type { Buddy } from './buddy.ts';

const ORDER_64K = 4;
const ORDER_2M = 9;

/** All sizes in pages. */
export interface VramFigures {
  readonly pages: number;
  readonly dataPages: number;
  readonly dataUsed: number;
  readonly tablesUsed: number;
  readonly free: number;
  readonly visiblePages: number;
  readonly visibleFree: number;
  /** 1 − (largest free block, counted when ≥ 2M) / free; 0 when nothing is free. */
  readonly fragmentation: number;
  /** Allocations of this size that would succeed now without evicting, one after the other. */
  readonly fits2M: number;
  readonly fits64K: number;
  readonly fits4K: number;
}

export interface VramBlock {
  readonly frame: Frame;
  readonly pages: number;
  readonly kind: 'free' | 'data' | 'table';
  /** Id of the buffer object of a data block, otherwise −1. */
  readonly bo: number;
}

/** What the figures are made from; VramManager is one. */
export interface FigureSource {
  readonly pages: number;
  readonly dataPages: number;
  readonly dataUsed: number;
  readonly tablesUsed: number;
  readonly visiblePages: number;
  readonly visibleFree: number;
  readonly buddy: Buddy;
  readonly boByBlock: ReadonlyMap<Frame, Bo>;
}

/** xe.md §7.6, last paragraph. */
export function figuresOf(vram: FigureSource): VramFigures {
  return {
    pages: vram.pages,
    dataPages: vram.dataPages,
    dataUsed: vram.dataUsed,
    tablesUsed: vram.tablesUsed,
    free: vram.buddy.avail,
    visiblePages: vram.visiblePages,
    visibleFree: vram.visibleFree,
    fragmentation: fragmentation(vram.buddy),
    fits2M: fits(vram, ORDER_2M),
    fits64K: fits(vram, ORDER_64K),
    fits4K: fits(vram, 0),
  };
}

/** Share of the free memory that is not in the largest free block of at least 2M. */
export function fragmentation(buddy: Buddy): number {
  if (buddy.avail === 0) return 0;
  let order = buddy.tree.maxOrder;
  while (order >= 0 && buddy.tree.freeCount(order) === 0) order--;
  return order < ORDER_2M ? 1 : 1 - 2 ** order / buddy.avail;
}

function fits(vram: FigureSource, order: number): number {
  const { tree } = vram.buddy;
  let blocks = 0;
  for (let at = order; at <= tree.maxOrder; at++) blocks += tree.freeCount(at) * 2 ** (at - order);
  return Math.min(blocks, Math.floor((vram.dataPages - vram.dataUsed) / 2 ** order));
}

/** Every block by ascending frame. */
export function blockList(vram: FigureSource): VramBlock[] {
  const list: VramBlock[] = [];
  vram.buddy.tree.forEachBlock((order, frame, state) => {
    const bo = vram.boByBlock.get(frame);
    const kind = state === BLOCK_STATE.free ? 'free' : bo === undefined ? 'table' : 'data';
    list.push({ frame, pages: 2 ** order, kind, bo: kind === 'data' ? (bo as Bo).id : -1 });
  });
  return list;
}
