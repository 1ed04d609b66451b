// Pulling a range's pages to RAM through their virtual addresses: every device page is treated as foreign and faulted home.
import type { Status } from '../../base/errno.ts';
import type { IntervalNotifier } from '../mm/notifier.ts';
import type { Op } from '../sched/op.ts';
import { faultFor } from './fault-cause.ts';
import { HMM_TIMEOUT_NS, type HmmScratch, walkOnce } from './hmm-scratch.ts';
import type { SvmRange } from './range.ts';
import type { GpuSvm } from './svm.ts';

/**
 * Faults the whole range in with no owner. Its own pages object goes stale through the invalidations that the migrations
 * fire. Waits out the timeslice of what it meets, which the deadline does not bound (S3).
 *
 * EFAULT: address space gone or no VMA. ENOMEM: scratch. EBUSY: a second of invalidations; ETIME: the second ended while
 * waiting for one of them. Other errors are the walk's (gpusvm-and-pagemap.md §3.8, `svm:range_evict`).
 */
export function* rangeEvict(svm: GpuSvm, range: SvmRange): Op<Status> {
  const { mm } = svm;
  if (mm === null || !mm.tryGetUser()) return 'EFAULT';
  const status = svm.failPoint('scratch') ? 'ENOMEM' : yield* faultHome(svm, range, mm);
  yield* mm.putUser();
  return status;
}

function* faultHome(svm: GpuSvm, range: SvmRange, mm: HmmScratch['mm']): Op<Status> {
  const { startVpn, endVpn } = range;
  const { interval } = range.notifier;
  const scratch = svm.scratch.take({ mm, interval, startVpn, endVpn, request: 'fault', owner: null });
  const cause = { rule: 'evict-range', values: { startVpn, pages: endVpn - startVpn } };
  const status = yield* faultFor(svm, cause, walkWithinTimeout(svm, interval, scratch));
  svm.scratch.give(scratch);
  return status;
}

function* walkWithinTimeout(svm: GpuSvm, interval: IntervalNotifier, scratch: HmmScratch): Op<Status> {
  const { sched } = svm.world;
  const deadline = sched.now + HMM_TIMEOUT_NS;
  while (sched.now <= deadline) {
    scratch.seq = yield* interval.readBegin();
    if (sched.now > deadline) return 'ETIME';
    const status = yield* walkOnce(scratch);
    if (status !== 'EBUSY') return status;
    svm.stats.hmmRetries++;
  }
  return 'EBUSY';
}
