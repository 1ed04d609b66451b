// One of a device's fault rings: records in the order they came, with what answering them needs (xe.md §1.2).
import { present } from '../../base/assert.ts';
import type { Status } from '../../base/errno.ts';
import type { Ns } from '../../base/units.ts';
import { FAULT_RECORD_WORDS } from '../../engine/plan/job.ts';
import { decodeFault, type FaultRecord } from './fault-record.ts';

/** The records of one push. */
export interface Batch {
  readonly id: number;
  /** Records not answered yet. */
  left: number;
}

/** "No further duplicate". */
const NONE = -1;

/**
 * A circular buffer that grows up to `limit` records, a power of two. Positions are running numbers: record n sits in
 * slot n mod capacity while head ≤ n < tail.
 */
export class FaultRing {
  readonly limit: number;
  head = 0;
  tail = 0;
  /** A worker is draining the ring. */
  working = false;
  private capacity = 64;
  private words = new Uint32Array(this.capacity * FAULT_RECORD_WORDS);
  private arrivals = new Float64Array(this.capacity);
  private batches: (Batch | null)[] = Array.from({ length: this.capacity }, () => null);
  private duplicates = new Float64Array(this.capacity);
  /** Answer that a duplicate takes over from the record it repeats; null = serve it. */
  private answers: (Status | null)[] = Array.from({ length: this.capacity }, () => null);

  constructor(limit: number) {
    this.limit = limit;
  }

  get count(): number {
    return this.tail - this.head;
  }

  /** Appends the record at `words[offset]`; its position, or −1 when the ring is full. */
  push(words: Uint32Array, offset: number, arrival: Ns, batch: Batch): number {
    if (this.count === this.limit) return NONE;
    if (this.count === this.capacity) this.grow();
    const slot = this.slot(this.tail);
    for (let i = 0; i < FAULT_RECORD_WORDS; i++) this.words[slot * FAULT_RECORD_WORDS + i] = words[offset + i] ?? 0;
    this.arrivals[slot] = arrival;
    this.batches[slot] = batch;
    this.duplicates[slot] = NONE;
    this.answers[slot] = null;
    return this.tail++;
  }

  /** The record at `later` will get the answer of the one at `earlier`. */
  linkDuplicate(earlier: number, later: number): void {
    this.duplicates[this.slot(earlier)] = later;
  }

  /** Decodes the oldest record. */
  readHead(into: FaultRecord): void {
    decodeFault(this.words, this.slot(this.head) * FAULT_RECORD_WORDS, FAULT_RECORD_WORDS, into);
  }

  get headArrival(): Ns {
    return this.arrivals[this.slot(this.head)] ?? 0;
  }

  get headBatch(): Batch {
    return present(this.batches[this.slot(this.head)], 'batch of a queued record');
  }

  /** Answer inherited from an earlier record of the batch, or null. */
  get headAnswer(): Status | null {
    return this.answers[this.slot(this.head)] ?? null;
  }

  /** Removes the oldest record and hands its answer on to its next duplicate. */
  pop(answer: Status): void {
    const slot = this.slot(this.head);
    const duplicate = this.duplicates[slot] ?? NONE;
    this.batches[slot] = null;
    if (duplicate !== NONE) this.answers[this.slot(duplicate)] = answer;
    this.head++;
  }

  private slot(position: number): number {
    return position & (this.capacity - 1);
  }

  private grow(): void {
    const old = { capacity: this.capacity, words: this.words, arrivals: this.arrivals, batches: this.batches };
    const { duplicates, answers } = this;
    this.capacity *= 2;
    this.words = new Uint32Array(this.capacity * FAULT_RECORD_WORDS);
    this.arrivals = new Float64Array(this.capacity);
    this.batches = Array.from({ length: this.capacity }, () => null);
    this.duplicates = new Float64Array(this.capacity);
    this.answers = Array.from({ length: this.capacity }, () => null);
    for (let position = this.head; position < this.tail; position++) {
      const from = position & (old.capacity - 1);
      const to = this.slot(position);
      const first = from * FAULT_RECORD_WORDS;
      this.words.set(old.words.subarray(first, first + FAULT_RECORD_WORDS), to * FAULT_RECORD_WORDS);
      this.arrivals[to] = old.arrivals[from] ?? 0;
      this.batches[to] = old.batches[from] ?? null;
      this.duplicates[to] = duplicates[from] ?? NONE;
      this.answers[to] = answers[from] ?? null;
    }
  }
}
