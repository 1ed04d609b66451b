// Twin of shaders/copy-pages.wgsl: copies whole pages, a run of frames or the pairs that translate-pages found.
import { WORDS_PER_PAGE } from '../../base/units.ts';
import type { Copy } from '../plan/commands.ts';
import { spaceWords, type TwinMemory } from './twin-memory.ts';

/** Below this a plain loop is cheaper than the views that a block move needs. */
const BLOCK_MOVE_PAGES = 4;

/** Copies `pages` pages; the two ranges do not overlap. */
export function copyRun(src: Uint32Array, srcFrame: number, dst: Uint32Array, dstFrame: number, pages: number): void {
  const from = srcFrame * WORDS_PER_PAGE;
  const to = dstFrame * WORDS_PER_PAGE;
  const words = pages * WORDS_PER_PAGE;
  if (pages >= BLOCK_MOVE_PAGES) dst.set(src.subarray(from, from + words), to);
  else for (let i = 0; i < words; i++) dst[to + i] = src[from + i] as number;
}

/** Copies the `count` pages of `pairs` (source frame, destination frame), neighbours that continue each other at once. */
export function copyPairs(src: Uint32Array, dst: Uint32Array, pairs: Uint32Array, count: number): void {
  let start = 0;
  while (start < count) {
    const srcFrame = pairs[2 * start] as number;
    const dstFrame = pairs[2 * start + 1] as number;
    let run = 1;
    while (start + run < count && continues(pairs, 2 * (start + run), srcFrame + run, dstFrame + run)) run++;
    copyRun(src, srcFrame, dst, dstFrame, run);
    start += run;
  }
}

function continues(pairs: Uint32Array, at: number, srcFrame: number, dstFrame: number): boolean {
  return pairs[at] === srcFrame && pairs[at + 1] === dstFrame;
}

/** Runs a COPY by frame numbers. */
export function copyPages(memory: TwinMemory, command: Copy): void {
  const src = spaceWords(memory, command.srcSpace);
  const dst = spaceWords(memory, command.dstSpace);
  copyRun(src, command.srcFrame, dst, command.dstFrame, command.pages);
}
