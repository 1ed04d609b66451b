// Scratch arrays of one HMM walk, pooled by size, and the two ways svm walks: look at pages, or fault them in.
import type { Status } from '../../base/errno.ts';
import { NS_PER_MS, type Ns, type Vpn } from '../../base/units.ts';
import { HMM_FLAG, type HmmRange, hmmRangeFault } from '../mm/hmm.ts';
import type { Mm } from '../mm/mm.ts';
import type { IntervalNotifier } from '../mm/notifier.ts';
import { SizedPool } from '../pagemap/sized-pool.ts';
import type { Op } from '../sched/op.ts';
import type { GpuSvm } from './svm.ts';

/** Time that presence tests, get_pages, eviction and scans may spend on retries (`hmm.h·HMM_RANGE_DEFAULT_TIMEOUT`). */
export const HMM_TIMEOUT_NS: Ns = 1000 * NS_PER_MS;

/** A walk's input and output; `pfns` and `flags` may be longer than the span. */
export interface HmmScratch extends HmmRange {
  mm: Mm;
  notifier: IntervalNotifier | null;
  seq: number;
  startVpn: Vpn;
  endVpn: Vpn;
  request: 'none' | 'fault' | 'write';
  owner: object | null;
}

/** What one walk is about. */
export interface HmmAsk {
  readonly mm: Mm;
  readonly interval: IntervalNotifier;
  readonly startVpn: Vpn;
  readonly endVpn: Vpn;
  readonly request: 'none' | 'fault' | 'write';
  readonly owner: object | null;
}

interface ScratchArrays {
  readonly pfns: Uint32Array;
  readonly flags: Uint8Array;
}

export class HmmScratchPool {
  private readonly arrays = new SizedPool<ScratchArrays>((capacity) => ({
    pfns: new Uint32Array(capacity),
    flags: new Uint8Array(capacity),
  }));

  /** Scratch for `ask`, zeroed: bits that survive a walk must not come from an older one (B5). */
  take(ask: HmmAsk): HmmScratch {
    const size = ask.endVpn - ask.startVpn;
    const { pfns, flags } = this.arrays.take(size);
    pfns.fill(0, 0, size);
    flags.fill(0, 0, size);
    const { mm, interval, startVpn, endVpn, request, owner } = ask;
    return { mm, notifier: interval, seq: 0, startVpn, endVpn, request, owner, pfns, flags };
  }

  give(scratch: HmmScratch): void {
    this.arrays.give(scratch.endVpn - scratch.startVpn, { pfns: scratch.pfns, flags: scratch.flags });
  }
}

/** One walk under mmapLock with the sequence that is in `scratch.seq`. */
export function* walkOnce(scratch: HmmScratch): Op<Status> {
  yield* scratch.mm.mmapLock.read();
  const status = yield* hmmRangeFault(scratch);
  scratch.mm.mmapLock.unlockRead();
  return status;
}

/**
 * Walks until the sequence held still or `deadline` is past, refreshing `scratch.seq` in between. EBUSY only past the
 * deadline; the walk itself is not bounded by it (S3).
 */
export function* walkUntil(svm: GpuSvm, scratch: HmmScratch, deadline: Ns): Op<Status> {
  for (;;) {
    const status = yield* walkOnce(scratch);
    if (status !== 'EBUSY' || svm.world.sched.now > deadline) return status;
    svm.stats.hmmRetries++;
    if (scratch.notifier !== null) scratch.seq = yield* scratch.notifier.readBegin();
  }
}

/** Map order that the walk reported for a page (bits 3..7 of its flags). */
export function mapOrder(flags: number): number {
  return flags >> 3;
}

export function isValid(flags: number): boolean {
  return (flags & HMM_FLAG.VALID) !== 0;
}
