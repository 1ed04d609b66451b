// Twin of shaders/hash-pages.wgsl: two hash words a page.
import { hashPage } from '../../base/mix.ts';
import { WORDS_PER_PAGE } from '../../base/units.ts';
import type { Hash } from '../plan/commands.ts';
import { spaceWords, type TwinMemory } from './twin-memory.ts';

/** Hashes `pages` pages from `frame` on into `out` from `at` on. */
function hashRun(words: Uint32Array, frame: number, pages: number, out: Uint32Array, at: number): void {
  for (let i = 0; i < pages; i++) hashPage(words, (frame + i) * WORDS_PER_PAGE, out, at + 2 * i);
}

/** Runs a HASH; io gets 2 words a page from `at` on. */
export function hashPages(memory: TwinMemory, command: Hash, io: Uint32Array, at: number): void {
  hashRun(spaceWords(memory, command.space), command.frame, command.pages, io, at);
}
