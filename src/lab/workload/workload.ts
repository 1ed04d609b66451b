// What a workload is: the address space it needs and a sequence of steps of GPU and CPU accesses.
import type { Vpn } from '../../base/units.ts';
import { ACCESS_RECORD_WORDS } from '../../engine/plan/commands.ts';

export interface VmaSpec {
  readonly name: string;
  readonly startVpn: Vpn;
  readonly pages: number;
  readonly write: boolean;
}

/**
 * Accesses as the engine takes them: ACCESS_RECORD_WORDS words each (address lo, address hi, kind, operand), every
 * address 4-byte aligned and every access inside one page.
 */
export interface AccessList {
  readonly count: number;
  readonly records: Uint32Array;
}

/**
 * Accesses that may run at the same time, in any order, from both sides: no word is both loaded and stored in one
 * step, so the result does not depend on the order (design.md §3 Accesses).
 */
export interface Step {
  readonly label: string;
  readonly gpu: AccessList | null;
  readonly cpu: AccessList | null;
}

export interface Workload {
  readonly name: string;
  readonly vmas: readonly VmaSpec[];
  /** Pages that the workload can touch; VRAM percentages refer to the pages of all VMAs. */
  readonly touchedPages: number;
  /** Steps in order. Endless workloads never end; each call starts afresh. */
  steps(): Iterator<Step>;
  /** Null when endless. */
  readonly totalAccesses: number | null;
  /** What a reader of the report must know, e.g. how VMAs were derived from a trace. */
  readonly notes: readonly string[];
}

export const EMPTY_LIST: AccessList = { count: 0, records: new Uint32Array(0) };

/** The first `count` records of a buffer as a list (a view, not a copy). */
export function accessList(records: Uint32Array, count: number): AccessList {
  return { count, records: records.subarray(0, count * ACCESS_RECORD_WORDS) };
}
