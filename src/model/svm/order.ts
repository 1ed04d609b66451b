// Order compression: how many pages from a slot on are one physically contiguous, aligned piece.
import { floorLog2 } from '../../base/units.ts';

/**
 * Order of the entry for slot `index` of `npages`: the CPU maps its page by a block of 2^mapOrder pages; what remains of
 * that block from `frame` on, cut at the end of the span, rounded down to a power of two
 * (gpusvm-and-pagemap.md §3.2, `svm:hmm_pfn_to_order`).
 */
export function compressedOrder(frame: number, mapOrder: number, index: number, npages: number): number {
  if (mapOrder === 0) return 0;
  const block = 2 ** mapOrder;
  return floorLog2(Math.min(block - (frame % block), npages - index));
}
