// Twin of shaders/copy-linear.wgsl: the plain linear copy that benchmarks use as a peer; also stands for the API's copy.
import { WORDS_PER_PAGE } from '../../base/units.ts';
import type { CopyBaseline } from '../plan/commands.ts';
import { spaceWords, type TwinMemory } from './twin-memory.ts';

/** Copies `words` words; the two ranges do not overlap. */
function copyWords(src: Uint32Array, from: number, dst: Uint32Array, to: number, words: number): void {
  dst.set(src.subarray(from, from + words), to);
}

/** Runs a baseline copy; both methods have the same effect. */
export function copyLinear(memory: TwinMemory, command: CopyBaseline): void {
  const src = spaceWords(memory, command.srcSpace);
  const dst = spaceWords(memory, command.dstSpace);
  const words = command.pages * WORDS_PER_PAGE;
  copyWords(src, command.srcFrame * WORDS_PER_PAGE, dst, command.dstFrame * WORDS_PER_PAGE, words);
}
