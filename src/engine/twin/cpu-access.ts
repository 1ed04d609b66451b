// Twin of shaders/cpu-access.wgsl: one load, store or read-modify-write of a word of a system frame.
import { WORDS_PER_PAGE } from '../../base/units.ts';
import { ACCESS_KIND, SYSTEM_SPACE, type AccessKind, type CpuAccess } from '../plan/commands.ts';
import { spaceWords, type TwinMemory } from './twin-memory.ts';

/** Performs the access on the word at `at` and returns its value before. Writes and atomics add. */
function touchWord(words: Uint32Array, at: number, kind: AccessKind, operand: number): number {
  const before = words[at] as number;
  if (kind !== ACCESS_KIND.read) words[at] = before + operand;
  return before;
}

/** Runs a CPU_ACCESS; io gets 1 word at `at`. */
export function cpuAccess(memory: TwinMemory, command: CpuAccess, io: Uint32Array, at: number): void {
  const word = command.frame * WORDS_PER_PAGE + command.word;
  io[at] = touchWord(spaceWords(memory, SYSTEM_SPACE), word, command.kind, command.operand);
}
