// The accesses that a device could only resolve: performed on host memory in the order (command, index), each exactly once.
import { assert } from '../../base/assert.ts';
import { WORDS_PER_PAGE } from '../../base/units.ts';
import { ACCESS_RECORD_WORDS, ACCESS_RESULT_WORDS, ACCESS_STATUS, type AccessLoad } from '../plan/commands.ts';
import type { HostMemory } from './host-memory.ts';

/** Records of the list's entries [base, end); the first of them is record `first` of `records`. */
interface Loaded {
  readonly base: number;
  readonly end: number;
  readonly first: number;
  readonly records: Uint32Array;
}

/** What the access list holds as far as commands have been read; a range that was taken stays as it was. */
export class AccessRecords {
  /** Disjoint, and they cover the list. */
  #loaded: readonly Loaded[];

  /** `capacity` entries, all zero. */
  constructor(capacity: number) {
    this.#loaded = [{ base: 0, end: capacity, first: 0, records: new Uint32Array(capacity * ACCESS_RECORD_WORDS) }];
  }

  load({ base, records }: AccessLoad): void {
    const end = base + records.length / ACCESS_RECORD_WORDS;
    const others = this.#loaded.flatMap((part) => [...cut(part, 0, base), ...cut(part, end, Infinity)]);
    this.#loaded = [...others, { base, end, first: 0, records }];
  }

  /** Records of the entries [base, base + count), in ascending order. */
  over(base: number, count: number): readonly Loaded[] {
    return this.#loaded.flatMap((part) => cut(part, base, base + count)).sort((a, b) => a.base - b.base);
  }
}

/** The part of `loaded` inside [from, to), if any. */
function cut(loaded: Loaded, from: number, to: number): Loaded[] {
  const base = Math.max(loaded.base, from);
  const end = Math.min(loaded.end, to);
  if (base >= end) return [];
  return [{ base, end, first: loaded.first + base - loaded.base, records: loaded.records }];
}

/** One ACCESS: which entries it ran, and with what records. */
export interface AccessRange {
  readonly base: number;
  readonly count: number;
  readonly loaded: readonly Loaded[];
}

/** What became of a range. */
export interface Performed {
  /** Accesses that the host performed just now. */
  readonly count: number;
  /** Some access is still pending: what is chained behind does nothing. */
  readonly pending: boolean;
}

export class HostAccesses {
  readonly #memory: HostMemory;
  /** By entry: the host has performed it since it was loaded. */
  readonly #performed: Uint8Array;
  /** By entry: the word before the access, where the host performed it. */
  readonly #before: Uint32Array;

  constructor(memory: HostMemory, capacity: number) {
    this.#memory = memory;
    this.#performed = new Uint8Array(capacity);
    this.#before = new Uint32Array(capacity);
  }

  /** The entries [base, end) were loaded again. */
  forget(base: number, end: number): void {
    this.#performed.fill(0, base, end);
  }

  /** Performs what the device resolved; `results` holds the results of the range from word `at` on. */
  perform(range: AccessRange, results: Uint32Array, at: number): Performed {
    let count = 0;
    let pending = false;
    for (const loaded of range.loaded) {
      for (let entry = loaded.base; entry < loaded.end; entry++) {
        const place = at + (entry - range.base) * ACCESS_RESULT_WORDS;
        const status = results[place];
        if (status === ACCESS_STATUS.pending) pending = true;
        if (status !== ACCESS_STATUS.resolvedSystem || this.#performed[entry] === 1) continue;
        this.#perform(loaded, entry, results[place + 1] as number);
        count++;
      }
    }
    return { count, pending };
  }

  #perform({ base, first, records }: Loaded, entry: number, frame: number): void {
    const at = (first + entry - base) * ACCESS_RECORD_WORDS;
    const word = frame * WORDS_PER_PAGE + (((records[at] as number) >>> 2) & (WORDS_PER_PAGE - 1));
    this.#before[entry] = this.#memory.touch(word, records[at + 2] as number, records[at + 3] as number);
    this.#performed[entry] = 1;
  }

  /** Turns resolved results of the entries from `base` on, at words [from, to) of `io`, into those of accesses that are done. */
  overlay(base: number, io: Uint32Array, from: number, to: number): void {
    for (let at = from, entry = base; at < to; at += ACCESS_RESULT_WORDS, entry++) {
      if (io[at] !== ACCESS_STATUS.resolvedSystem) continue;
      assert(this.#performed[entry] === 1, () => `access ${entry} was resolved and never performed`);
      io[at] = ACCESS_STATUS.done;
      io[at + 1] = this.#before[entry] as number;
    }
  }
}
