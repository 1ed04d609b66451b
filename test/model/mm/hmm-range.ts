// Calls of the HMM walker for tests.
import type { Status } from '../../../src/base/errno.ts';
import { hmmRangeFault, type HmmRange } from '../../../src/model/mm/hmm.ts';
import type { IntervalNotifier } from '../../../src/model/mm/notifier.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import type { Machine } from './machine.ts';

/** What a call wants beyond its span; no notifier and no owner by default. */
export interface Asked {
  readonly request: HmmRange['request'];
  readonly owner?: object | null;
  readonly notifier?: IntervalNotifier;
  readonly seq?: number;
}

/** A range whose output is rubbish before the call. */
export function rangeOf(machine: Machine, startVpn: number, endVpn: number, asked: Asked): HmmRange {
  const pages = endVpn - startVpn;
  return {
    mm: machine.mm,
    notifier: asked.notifier ?? null,
    seq: asked.seq ?? 0,
    startVpn,
    endVpn,
    request: asked.request,
    owner: asked.owner ?? null,
    pfns: new Uint32Array(pages).fill(12345),
    flags: new Uint8Array(pages).fill(0xff),
  };
}

/** The walk as its callers do it, under the mmap lock. */
export function* locked(machine: Machine, range: HmmRange): Op<Status> {
  yield* machine.mm.mmapLock.read();
  const status = yield* hmmRangeFault(range);
  machine.mm.mmapLock.unlockRead();
  return status;
}
