// Twin of shaders/chase.wgsl: chains of dependent loads, the peer that page walks are compared with.
import { mix32 } from '../../base/mix.ts';
import { WORDS_PER_PAGE } from '../../base/units.ts';
import { ACCESS_RESULT_WORDS, ACCESS_STATUS, type Chase } from '../plan/commands.ts';
import { spaceWords, type TwinMemory } from './twin-memory.ts';

const ENTRY_WORDS = 2;

/** The low word that a chain of `loads` loads ends with, from entry `start` of the `entries` entries at word `first`. */
function follow(words: Uint32Array, first: number, entries: number, start: number, loads: number): number {
  let value = start;
  for (let load = 0; load < loads; load++) value = words[first + ENTRY_WORDS * (value % entries)] as number;
  return value;
}

/** Runs a CHASE. */
export function chase(memory: TwinMemory, command: Chase): void {
  const { base, count, loads } = command;
  const words = spaceWords(memory, command.space);
  const first = command.frame * WORDS_PER_PAGE;
  const entries = (command.pages * WORDS_PER_PAGE) / ENTRY_WORDS;
  for (let at = base; at < base + count; at++) {
    memory.results[at * ACCESS_RESULT_WORDS] = ACCESS_STATUS.done;
    memory.results[at * ACCESS_RESULT_WORDS + 1] = follow(words, first, entries, mix32(at), loads);
  }
}
