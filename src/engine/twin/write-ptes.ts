// Twin of shaders/write-ptes.wgsl: stores, repeats or zeroes page-table entries (PTE_WRITE, PTE_FILL, ZAP).
import { WORDS_PER_PAGE } from '../../base/units.ts';
import type { PteFill, PteWrite, Zap } from '../plan/commands.ts';
import { spaceWords, type TwinMemory } from './twin-memory.ts';

/** Stores lo, hi pairs from entry `index` of the table at frame `table` on. */
function storeEntries(words: Uint32Array, table: number, index: number, entries: Uint32Array): void {
  words.set(entries, table * WORDS_PER_PAGE + 2 * index);
}

/** Stores the entry (lo, hi) `count` times. */
function repeatEntry(words: Uint32Array, table: number, index: number, count: number, lo: number, hi: number): void {
  const first = table * WORDS_PER_PAGE + 2 * index;
  for (let at = first; at < first + 2 * count; at += 2) {
    words[at] = lo;
    words[at + 1] = hi;
  }
}

/** Runs a PTE_WRITE, PTE_FILL or ZAP. */
export function writePtes(memory: TwinMemory, command: PteWrite | PteFill | Zap): void {
  const words = spaceWords(memory, command.space);
  const { table, index } = command;
  if (command.op === 'pteWrite') storeEntries(words, table, index, command.entries);
  else if (command.op === 'pteFill') repeatEntry(words, table, index, command.count, command.lo, command.hi);
  else repeatEntry(words, table, index, command.count, 0, 0);
}
