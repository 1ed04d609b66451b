// What the model reports about itself: typed records of plain numbers that recorders fold into counters, charts, logs.
import type { Ns, Pfn, Vpn } from '../../base/units.ts';
import type { Errno, Status } from '../../base/errno.ts';

/** Kernel numbers of MMU-notifier events (mmu_notifier.h·enum mmu_notifier_event). */
export const MMU_EVENT = {
  UNMAP: 0,
  CLEAR: 1,
  PROTECTION_VMA: 2,
  PROTECTION_PAGE: 3,
  SOFT_DIRTY: 4,
  RELEASE: 5,
  MIGRATE: 6,
  EXCLUSIVE: 7,
} as const;
export type MmuEvent = (typeof MMU_EVENT)[keyof typeof MMU_EVENT];

/** Range operations that the driver logs (xe.md §8.4·OP). */
export type RangeOp =
  | 'NOTIFIER'
  | 'NOTIFIER - EXECUTE'
  | 'GARBAGE COLLECTOR ADD'
  | 'GARBAGE COLLECTOR'
  | 'PAGE FAULT - VALID'
  | 'PAGE FAULT'
  | 'ALLOCATE VRAM'
  | 'GET PAGES'
  | 'PAGE FAULT - RETRY PAGES'
  | 'PAGE FAULT - FAIL PAGE COLLECT'
  | 'PAGE FAULT - BIND'
  | 'PAGE FAULT - RETRY BIND'
  | 'PAGE FAULT - EVICT PAGES'
  | 'BIND PREPARE - RETRY'
  | 'BIND PREPARE - MIXED'
  | 'PRE-COMMIT'
  | 'PRE-COMMIT - RETRY'
  | 'PREFETCH - RANGE IS VALID'
  | 'PREFETCH - RANGE CREATED'
  | 'PREFETCH - RANGE MIGRATED TO VRAM'
  | 'PREFETCH - RANGE GET PAGES DONE';

/** Why pages moved: the rule that decided, with its values, so that every migration can be explained. */
export interface Cause {
  /** 'gpu-fault', 'gpu-atomic', 'cpu-fault', 'evict-lru', 'evict-range', 'prefetch'. */
  readonly rule: string;
  /** Values that the rule looked at, e.g. {chunk: 2097152, try: 0, timesliceMs: 5}. */
  readonly values: Readonly<Record<string, number | string>>;
}

/** Phases of servicing one GPU fault (design.md §2). */
export type Phase = 'queue' | 'service' | 'copy' | 'get-pages' | 'bind';

export type ModelEvent =
  | {
      readonly kind: 'range';
      readonly op: RangeOp;
      readonly asid: number;
      readonly startVpn: Vpn;
      readonly pages: number;
      readonly inVram: boolean;
      readonly vramBinding: boolean;
      /** Notifier sequence at which pages were last obtained; −1 = never (printed as LONG_MAX). */
      readonly seq: number;
    }
  | {
      readonly kind: 'invalidate';
      readonly asid: number;
      readonly seq: number;
      readonly startVpn: Vpn;
      readonly endVpn: Vpn;
      readonly event: MmuEvent;
    }
  | {
      readonly kind: 'fault';
      readonly asid: number;
      readonly vpn: Vpn;
      readonly access: 0 | 1 | 2;
      readonly faultType: 0 | 1 | 2;
      readonly level: number;
    }
  | {
      readonly kind: 'fault-done';
      readonly asid: number;
      readonly vpn: Vpn;
      readonly status: Status;
      readonly startNs: Ns;
    }
  | {
      readonly kind: 'migrate';
      readonly direction: 'to-vram' | 'to-ram';
      /** Device index. */
      readonly device: number;
      /**
       * Start of the span in the owner's address space; −1 when the mover knows only physical pages. Eviction names the span
       * that the memory was allocated for, which a remap may have moved since.
       */
      readonly startVpn: Vpn;
      readonly pages: number;
      /** Pages that really moved; holes are zero-filled and counted apart. */
      readonly moved: number;
      readonly zeroFilled: number;
      readonly startNs: Ns;
      readonly status: Status;
      readonly cause: Cause;
    }
  | {
      readonly kind: 'copy';
      readonly direction: 'to-vram' | 'to-ram';
      readonly device: number;
      readonly vramFrame: number;
      readonly systemPfn: Pfn;
      readonly pages: number;
    }
  | {
      readonly kind: 'evict';
      readonly device: number;
      readonly bytes: number;
      readonly status: Status;
      readonly cause: Cause;
    }
  | {
      readonly kind: 'cpu-fault';
      readonly pid: number;
      readonly vpn: Vpn;
      readonly write: boolean;
      readonly outcome: 'minor' | 'migrated' | 'gated' | 'busy' | 'SEGV' | 'BUS';
    }
  | { readonly kind: 'timeslice-refusal'; readonly vpn: Vpn; readonly untilNs: Ns }
  | { readonly kind: 'tlb-inval'; readonly asid: number; readonly vpn: Vpn; readonly log2Pages: number }
  | {
      readonly kind: 'bind';
      readonly asid: number;
      readonly startVpn: Vpn;
      readonly pages: number;
      readonly updates: number;
      readonly leaves: number;
    }
  | { readonly kind: 'unbind'; readonly asid: number; readonly startVpn: Vpn; readonly pages: number }
  | { readonly kind: 'zap'; readonly asid: number; readonly startVpn: Vpn; readonly pages: number }
  | { readonly kind: 'phase'; readonly phase: Phase; readonly vpn: Vpn; readonly startNs: Ns; readonly endNs: Ns }
  | {
      readonly kind: 'livelock';
      readonly asid: number;
      readonly vpn: Vpn;
      readonly repeats: number;
      readonly error: Errno | null;
    }
  | { readonly kind: 'note'; readonly text: string };

/** Receives events as they happen, with the clock of the run. */
export interface EventSink {
  emit(now: Ns, event: ModelEvent): void;
}

/** For runs that record nothing. */
export const SILENT: EventSink = { emit: () => {} };
