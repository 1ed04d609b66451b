// Twin of shaders/perform-access.wgsl: the word that an access loads or changes, once its frame is known. The twin holds each
// space whole, so that it has nothing to put off.
import { WORDS_PER_PAGE } from '../../base/units.ts';
import { ACCESS_KIND } from '../plan/commands.ts';

/** Adds `operand` to the word at offset `lo` of `frame` unless `kind` reads; the word before. */
export function performAccess(words: Uint32Array, frame: number, lo: number, kind: number, operand: number): number {
  const at = frame * WORDS_PER_PAGE + ((lo >>> 2) & (WORDS_PER_PAGE - 1));
  const before = words[at] as number;
  if (kind !== ACCESS_KIND.read) words[at] = before + operand;
  return before;
}
