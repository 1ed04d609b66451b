// Messages between the page and the session worker. Arrays in snapshots are transferred, never shared.
import type { ExecutorInfo } from '../../engine/plan/executor.ts';
import type { FromBench, ToBench } from '../bench/bench-protocol.ts';
import type { Report } from '../measure/report.ts';
import type { Scenario } from './scenario.ts';

/** State of one page of the address space, as the picture shows it. */
export const PAGE_STATE = {
  none: 0,
  zero: 1,
  system: 2,
  vram: 3,
  toVram: 4,
  toRam: 5,
  faulting: 6,
  pinned: 7,
} as const;

/** Use of a block of VRAM. */
export const BLOCK_KIND = { free: 0, data: 1, table: 2, reserve: 3 } as const;

export interface VmaView {
  readonly name: string;
  readonly startVpn: number;
  readonly pages: number;
  /** Index of its first page in Snapshot.pageState. */
  readonly firstPage: number;
}

/** One migration that began or ended since the last snapshot. Times on the run's clock. */
export interface SpanView {
  readonly id: number;
  readonly direction: 'to-vram' | 'to-ram';
  /** Index into pageState; −1 when only physical pages are known. */
  readonly firstPage: number;
  readonly pages: number;
  readonly vramFrame: number;
  readonly startNs: number;
  readonly endNs: number;
  /** Rule and values that caused it (model/event/event.ts·Cause). */
  readonly rule: string;
  readonly values: Readonly<Record<string, number | string>>;
  readonly status: string;
}

/** Latency of one phase of fault service over the last window. */
export interface PhaseView {
  readonly phase: string;
  readonly count: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

export interface Snapshot {
  readonly index: number;
  /** Clock of the run: wall time less pauses (live). */
  readonly nowNs: number;
  /** Present in the first snapshot of a run and whenever they changed. */
  readonly vmas: readonly VmaView[] | null;
  /** One PAGE_STATE byte a page, all VMAs one after another. */
  readonly pageState: Uint8Array;
  /** Frame of each page in its space; 0xffffffff where it has none. */
  readonly pageFrame: Uint32Array;
  /** Ranges: [first page index, pages, flags (1 bound, 2 in VRAM, 4 invalidated)] triples. */
  readonly ranges: Uint32Array;
  /** Notifiers: [first page index clipped to the VMAs, pages clipped] pairs. */
  readonly notifiers: Uint32Array;
  /** VRAM in frame order: [first frame, frames, BLOCK_KIND, owner id] quadruples, covering all of it. */
  readonly vramBlocks: Uint32Array;
  /** At most 256, newest last; `spansDropped` counts the rest. */
  readonly spans: readonly SpanView[];
  readonly spansDropped: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly rates: RatesView;
  readonly phases: readonly PhaseView[];
  /** Newest lines of the run's log, as the driver would print them; at most 40 since the last snapshot. */
  readonly log: readonly string[];
  readonly jobsInFlight: number;
  readonly tasks: number;
  /** Labels of live-tuned changes since the last snapshot, for marks on the charts. */
  readonly marks: readonly string[];
}

/** Rates over the last snapshot interval. */
export interface RatesView {
  readonly seconds: number;
  readonly upBytes: number;
  readonly downBytes: number;
  readonly faults: number;
  readonly migrations: number;
  readonly evictions: number;
  readonly accesses: number;
  /** Pages of the address space that are in VRAM now. */
  readonly residentPages: number;
  readonly totalPages: number;
}

export type RunState = 'starting' | 'running' | 'paused' | 'finished' | 'cancelled' | 'failed' | 'device-lost';

/** Page → worker. */
export type ToSession =
  | {
      readonly type: 'start';
      readonly scenario: Scenario;
      readonly trace?: { readonly name: string; readonly bytes: ArrayBuffer };
    }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  /** Run one step of the workload, then pause. */
  | { readonly type: 'step' }
  /** Change a live-tunable field, by its path in the scenario. */
  | { readonly type: 'tune'; readonly path: string; readonly value: unknown }
  /** Verify, build a report of the run so far, and go on. */
  | { readonly type: 'record' }
  | { readonly type: 'stop' }
  | { readonly type: 'hidden'; readonly hidden: boolean }
  /** Explain one page: the last migrations that touched it, with their causes. */
  | { readonly type: 'inspect'; readonly page: number }
  /** Only while no run is under way. */
  | ToBench;

/** Worker → page. */
export type FromSession =
  | {
      readonly type: 'executor';
      readonly info: ExecutorInfo;
      /** Why the run is on the twin, when it is. */
      readonly fallback: string | null;
    }
  | { readonly type: 'state'; readonly state: RunState; readonly message: string | null }
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly type: 'report'; readonly report: Report }
  | { readonly type: 'inspected'; readonly page: number; readonly lines: readonly string[] }
  /** A refused input: names the field, what was given and what is allowed. */
  | { readonly type: 'refused'; readonly field: string; readonly message: string }
  | FromBench;
