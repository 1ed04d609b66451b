// Twin of shaders/fill-pages.wgsl: fills pages with a pattern or with seeded contents.
import { fillSeededPage, pageKey } from '../../base/mix.ts';
import { WORDS_PER_PAGE } from '../../base/units.ts';
import type { Fill, FillSeeded } from '../plan/commands.ts';
import { spaceWords, type TwinMemory } from './twin-memory.ts';

/** Sets every word of the pages to `pattern`. */
function fillPattern(words: Uint32Array, frame: number, pages: number, pattern: number): void {
  words.fill(pattern, frame * WORDS_PER_PAGE, (frame + pages) * WORDS_PER_PAGE);
}

/** Page i gets the contents of pageKey(seed, pageLo + i). */
function fillSeededPages(words: Uint32Array, frame: number, pages: number, seed: number, pageLo: number): void {
  for (let i = 0; i < pages; i++) {
    const at = (frame + i) * WORDS_PER_PAGE;
    fillSeededPage(words.subarray(at, at + WORDS_PER_PAGE), pageKey(seed, pageLo + i));
  }
}

/** Runs a FILL of either kind. */
export function fillPages(memory: TwinMemory, command: Fill | FillSeeded): void {
  const words = spaceWords(memory, command.space);
  if (command.op === 'fill') fillPattern(words, command.frame, command.pages, command.pattern);
  else fillSeededPages(words, command.frame, command.pages, command.seed, command.pageLo);
}
