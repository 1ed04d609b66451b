// The two vectors of a migration, source and destination page of each slot, as reusable typed arrays
// (gpusvm-and-pagemap.md §1.12). A slot whose source flags are 0 does not take part.
import { assert } from '../../base/assert.ts';
import { NO_PFN } from './pages.ts';

/** VALID: the slot names a page. MIGRATE: it takes part; without VALID it is a hole that may be populated. */
export const MIGRATE_FLAG = { VALID: 1, MIGRATE: 2, WRITE: 8, COMPOUND: 16 } as const;

/** Which pages `migrateVmaSetup` collects. */
export const MIGRATE_SELECT = { SYSTEM: 1, DEVICE_PRIVATE: 2, COHERENT: 4 } as const;

export class MigrateVectors {
  readonly capacity: number;
  /** Slots in use. */
  n = 0;
  /** Page of each slot; NO_PFN where the flags lack VALID. */
  readonly src: Uint32Array;
  readonly dst: Uint32Array;
  readonly srcFlags: Uint8Array;
  readonly dstFlags: Uint8Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.src = new Uint32Array(capacity);
    this.dst = new Uint32Array(capacity);
    this.srcFlags = new Uint8Array(capacity);
    this.dstFlags = new Uint8Array(capacity);
  }

  /** Empties the first `n` slots and makes them the ones in use. */
  reset(n: number): void {
    assert(n <= this.capacity, () => `${n} pages in migration vectors of ${this.capacity}`);
    this.n = n;
    this.src.fill(NO_PFN, 0, n);
    this.dst.fill(NO_PFN, 0, n);
    this.srcFlags.fill(0, 0, n);
    this.dstFlags.fill(0, 0, n);
  }

  /** Names the destination of a slot; the page is locked and its one reference now belongs to the migration. */
  setDst(slot: number, pfn: number): void {
    this.dst[slot] = pfn;
    this.dstFlags[slot] = MIGRATE_FLAG.VALID;
  }

  clearSrc(slot: number): void {
    this.src[slot] = NO_PFN;
    this.srcFlags[slot] = 0;
  }

  clearDst(slot: number): void {
    this.dst[slot] = NO_PFN;
    this.dstFlags[slot] = 0;
  }

  /** The slot takes part: a page that may move, or a hole that may be populated. */
  isMigrating(slot: number): boolean {
    return ((this.srcFlags[slot] as number) & MIGRATE_FLAG.MIGRATE) !== 0;
  }

  /** The slot has a source page (NO_PFN otherwise). */
  hasSource(slot: number): boolean {
    return ((this.srcFlags[slot] as number) & MIGRATE_FLAG.VALID) !== 0;
  }

  hasDestination(slot: number): boolean {
    return ((this.dstFlags[slot] as number) & MIGRATE_FLAG.VALID) !== 0;
  }
}
