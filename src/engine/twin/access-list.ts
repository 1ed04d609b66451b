// Twin of shaders/lib/access-list.wgsl and of the copies around it: loads accesses into the list, reads results back.
import {
  ACCESS_RECORD_WORDS,
  ACCESS_RESULT_WORDS,
  ACCESS_STATUS,
  type AccessLoad,
  type AccessResult,
} from '../plan/commands.ts';
import type { TwinMemory } from './twin-memory.ts';

/** Runs an ACCESS_LOAD: the records go into the list, each pending and with value 0. */
export function loadAccesses(memory: TwinMemory, command: AccessLoad): void {
  const { base, records } = command;
  const end = base + records.length / ACCESS_RECORD_WORDS;
  memory.records.set(records, base * ACCESS_RECORD_WORDS);
  memory.results.fill(ACCESS_STATUS.pending, base * ACCESS_RESULT_WORDS, end * ACCESS_RESULT_WORDS);
}

/** Runs an ACCESS_RESULT; io gets the results of the range from `at` on. */
export function readResults(memory: TwinMemory, command: AccessResult, io: Uint32Array, at: number): void {
  const from = command.base * ACCESS_RESULT_WORDS;
  io.set(memory.results.subarray(from, from + command.count * ACCESS_RESULT_WORDS), at);
}
