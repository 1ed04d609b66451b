// Twin of shaders/lib/fault-ring.wgsl: fault records in the hardware's four words (xe.md §1.1), with counted overflow.
import { FAULT_RECORD_WORDS } from '../plan/job.ts';

export const FAULT_NOT_PRESENT = 0;
export const FAULT_WRITE_VIOLATION = 1;
export const FAULT_ATOMIC_VIOLATION = 2;
/** Fits no record: the access may run. */
export const FAULT_NONE = 3;

/** Records of the job that runs now, in the order of command and access. */
export interface FaultRing {
  readonly records: Uint32Array;
  readonly capacity: number;
  count: number;
  /** Faults that found no room. */
  dropped: number;
  /** Accesses of the chain under way faulted: what is chained behind them does nothing. */
  chainStopped: boolean;
}

export function createFaultRing(capacity: number): FaultRing {
  return {
    records: new Uint32Array(capacity * FAULT_RECORD_WORDS),
    capacity,
    count: 0,
    dropped: 0,
    chainStopped: false,
  };
}

/** Begins a job: empty ring, nothing dropped. */
export function resetFaultRing(ring: FaultRing): void {
  ring.count = 0;
  ring.dropped = 0;
  ring.chainStopped = false;
}

/** Appends one record. `cookie` (PDATA, 16 bits) is split between the first two words; (lo, hi) is the address. */
export function appendFault(
  ring: FaultRing,
  level: number,
  cookie: number,
  asid: number,
  kind: number,
  fault: number,
  lo: number,
  hi: number,
): void {
  if (ring.count === ring.capacity) {
    ring.dropped++;
    return;
  }
  const at = ring.count * FAULT_RECORD_WORDS;
  ring.count++;
  ring.records[at] = level | ((cookie & 0xf) << 28);
  ring.records[at + 1] = ((cookie >>> 4) & 0xfff) | (asid << 12);
  ring.records[at + 2] = kind | (fault << 2) | (lo & 0xfffff000);
  ring.records[at + 3] = hi;
}
