// System memory as words of the host, and what commands do there: word for word what the kernels do to a device's memory.
import { fillSeededPage, hashPage, pageKey } from '../../base/mix.ts';
import { WORDS_PER_PAGE, type Frame } from '../../base/units.ts';
import {
  ACCESS_KIND,
  type Copy,
  type CpuAccess,
  type Fill,
  type FillSeeded,
  type Hash,
  type PteFill,
  type PteWrite,
  type Readback,
  type Upload,
  type Zap,
} from '../plan/commands.ts';

const TABLE_ENTRIES = 512;
const ENTRY_WORDS = 2;

/** A command that touches system memory alone. */
export type HostCommand = PteWrite | PteFill | Zap | Copy | Fill | FillSeeded | Hash | Upload | Readback | CpuAccess;

export class HostMemory {
  /** 1024 words a frame, all zero at first. */
  readonly words: Uint32Array;

  /** Throws a RangeError where the host has no room for `pages` pages. */
  constructor(pages: number) {
    this.words = new Uint32Array(pages * WORDS_PER_PAGE);
  }

  /** The live words of frames. */
  frames(frame: Frame, pages: number): Uint32Array {
    return this.words.subarray(frame * WORDS_PER_PAGE, (frame + pages) * WORDS_PER_PAGE);
  }

  /** Loads, or adds `operand` to, the word at `index`; the value before. */
  touch(index: number, kind: number, operand: number): number {
    const before = this.words[index] as number;
    if (kind !== ACCESS_KIND.read) this.words[index] = before + operand;
    return before;
  }

  /** Runs a validated command; its words of io go to `io` from `at` on. */
  run(command: HostCommand, io: Uint32Array, at: number): void {
    switch (command.op) {
      case 'pteWrite':
        return this.words.set(command.entries, entryWord(command));
      case 'pteFill':
        return this.#fillEntries(command, command.lo, command.hi);
      case 'zap':
        return this.#fillEntries(command, 0, 0);
      case 'copy':
        return this.words.set(this.frames(command.srcFrame, command.pages), command.dstFrame * WORDS_PER_PAGE);
      case 'fill':
        this.frames(command.frame, command.pages).fill(command.pattern);
        return;
      case 'fillSeeded':
        return this.#fillSeeded(command);
      case 'hash':
        return this.#hash(command, io, at);
      case 'upload':
        return this.words.set(command.words, command.frame * WORDS_PER_PAGE);
      case 'readback':
        return io.set(this.frames(command.frame, command.pages), at);
      case 'cpuAccess':
        io[at] = this.touch(command.frame * WORDS_PER_PAGE + command.word, command.kind, command.operand);
    }
  }

  #fillEntries(command: PteFill | Zap, lo: number, hi: number): void {
    const first = entryWord(command);
    for (let word = first; word < first + command.count * ENTRY_WORDS; word += ENTRY_WORDS) {
      this.words[word] = lo;
      this.words[word + 1] = hi;
    }
  }

  #fillSeeded({ frame, pages, seed, pageLo }: FillSeeded): void {
    for (let i = 0; i < pages; i++) fillSeededPage(this.frames(frame + i, 1), pageKey(seed, pageLo + i));
  }

  #hash({ frame, pages }: Hash, io: Uint32Array, at: number): void {
    for (let i = 0; i < pages; i++) hashPage(this.words, (frame + i) * WORDS_PER_PAGE, io, at + 2 * i);
  }
}

function entryWord({ table, index }: PteWrite | PteFill | Zap): number {
  return (table * TABLE_ENTRIES + index) * ENTRY_WORDS;
}

/** Frames of system memory that a command may write: first, and how many (0: none). */
export function writtenFrames(command: HostCommand): readonly [first: Frame, pages: number] {
  switch (command.op) {
    case 'pteWrite':
    case 'pteFill':
    case 'zap':
      return [command.table, 1];
    case 'copy':
      return [command.dstFrame, command.pages];
    case 'fill':
    case 'fillSeeded':
      return [command.frame, command.pages];
    case 'upload':
      return [command.frame, command.words.length / WORDS_PER_PAGE];
    case 'cpuAccess':
      return [command.frame, command.kind === ACCESS_KIND.read ? 0 : 1];
    case 'hash':
    case 'readback':
      return [command.frame, 0];
  }
}
