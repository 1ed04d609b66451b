// Gathers accesses into steps whose result does not depend on their order: no word is both loaded and stored in one.
import { PAGE_SIZE } from '../../base/units.ts';
import { ACCESS_KIND, ACCESS_RECORD_WORDS, type AccessKind } from '../../engine/plan/commands.ts';
import { accessList, type AccessList, type Step } from './workload.ts';

export type Side = 'gpu' | 'cpu';

/** Growing list of records of one side. */
class RecordBuffer {
  private words = new Uint32Array(256 * ACCESS_RECORD_WORDS);
  count = 0;

  push(lo: number, hi: number, kind: AccessKind, operand: number): void {
    const at = this.count * ACCESS_RECORD_WORDS;
    if (at === this.words.length) this.grow();
    this.words[at] = lo;
    this.words[at + 1] = hi;
    this.words[at + 2] = kind;
    this.words[at + 3] = operand;
    this.count++;
  }

  /** Hands the list out and starts a new one; null when empty. */
  take(): AccessList | null {
    if (this.count === 0) return null;
    const list = accessList(this.words.slice(0, this.count * ACCESS_RECORD_WORDS), this.count);
    this.count = 0;
    return list;
  }

  private grow(): void {
    const words = new Uint32Array(this.words.length * 2);
    words.set(this.words);
    this.words = words;
  }
}

export class StepBuilder {
  private readonly limit: number;
  private readonly gpu = new RecordBuffer();
  private readonly cpu = new RecordBuffer();
  /** Word address → true when stored, false when loaded, in the step under construction. */
  private readonly words = new Map<number, boolean>();

  /** `limit`: accesses of one side after which a step is full. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** True when the access (4-byte aligned) must wait for the next step. */
  conflicts(side: Side, lo: number, hi: number, kind: AccessKind): boolean {
    if (this[side].count >= this.limit) return true;
    const stored = this.words.get(wordAddress(lo, hi));
    return stored !== undefined && stored !== (kind !== ACCESS_KIND.read);
  }

  /** Adds an access that does not conflict. */
  push(side: Side, lo: number, hi: number, kind: AccessKind, operand: number): void {
    this.words.set(wordAddress(lo, hi), kind !== ACCESS_KIND.read);
    this[side].push(lo, hi, kind, operand);
  }

  /** The step so far, or null when nothing was added since the last one. */
  take(label: string): Step | null {
    this.words.clear();
    const gpu = this.gpu.take();
    const cpu = this.cpu.take();
    return gpu === null && cpu === null ? null : { label, gpu, cpu };
  }
}

/** Beyond 2^53 two words may share a key: that only ends a step earlier than needed. */
function wordAddress(lo: number, hi: number): number {
  return hi * 0x40000000 + (lo >>> 2);
}

/** Largest batch whose fault cookies are unique (xe.md §1.1: 16 bits). */
export const MAX_BATCH = 0x10000;

/** Byte address halves of word `word` of page `vpn`. */
export function wordLo(vpn: number, word: number): number {
  return ((vpn % 0x100000) * PAGE_SIZE + word * 4) >>> 0;
}
