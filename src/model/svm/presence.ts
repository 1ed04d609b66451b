// The presence test of the chunk ladder: is every page of a span there already, for this owner, without faulting any in?
import type { Status } from '../../base/errno.ts';
import type { Ns, Vpn } from '../../base/units.ts';
import { hmmRangeFault } from '../mm/hmm.ts';
import type { Mm } from '../mm/mm.ts';
import type { Op } from '../sched/op.ts';
import { HMM_TIMEOUT_NS, type HmmScratch, isValid, mapOrder } from './hmm-scratch.ts';
import type { SvmNotifier } from './notifier.ts';
import { compressedOrder } from './order.ts';
import type { GpuSvm } from './svm.ts';

/**
 * True when a walk succeeds within a second and finds every page of [startVpn, endVpn) valid. Pages in the owner's
 * device memory count; foreign and swapped ones do not. Any failure is false: the chunk just shrinks. mmapLock held
 * (gpusvm-and-pagemap.md §2.3, `svm:check_pages`).
 */
export function* checkPages(
  svm: GpuSvm,
  mm: Mm,
  notifier: SvmNotifier,
  startVpn: Vpn,
  endVpn: Vpn,
  owner: object | null,
): Op<boolean> {
  if (svm.failPoint('scratch')) return false;
  const { interval } = notifier;
  const scratch = svm.scratch.take({ mm, interval, startVpn, endVpn, request: 'none', owner });
  scratch.seq = yield* interval.readBegin();
  const status = yield* snapshot(svm, scratch, svm.world.sched.now + HMM_TIMEOUT_NS);
  const present = status === 0 && allValid(svm, scratch);
  svm.scratch.give(scratch);
  return present;
}

function* snapshot(svm: GpuSvm, scratch: HmmScratch, deadline: Ns): Op<Status> {
  for (;;) {
    const status = yield* hmmRangeFault(scratch);
    if (status !== 'EBUSY' || scratch.notifier === null || svm.world.sched.now > deadline) return status;
    svm.stats.hmmRetries++;
    scratch.seq = yield* scratch.notifier.readBegin();
  }
}

function allValid(svm: GpuSvm, scratch: HmmScratch): boolean {
  const npages = scratch.endVpn - scratch.startVpn;
  for (let i = 0; i < npages;) {
    const flags = scratch.flags[i] ?? 0;
    if (!isValid(flags)) return false;
    i += 1 << compressedOrder(svm.world.pages.frameOf(scratch.pfns[i] ?? 0), mapOrder(flags), i, npages);
  }
  return true;
}
