// Obtaining the pages of a span: fault them in, then map them in one critical section that no invalidation can split.
import type { Status } from '../../base/errno.ts';
import type { Ns, Vpn } from '../../base/units.ts';
import type { Mm } from '../mm/mm.ts';
import type { IntervalNotifier } from '../mm/notifier.ts';
import type { Op } from '../sched/op.ts';
import type { SvmCtx } from './ctx.ts';
import { faultFor } from './fault-cause.ts';
import { HMM_TIMEOUT_NS, type HmmScratch, walkUntil } from './hmm-scratch.ts';
import { mapPages } from './map-pages.ts';
import { pagesValid, type SvmPages } from './pages.ts';
import type { SvmRange } from './range.ts';
import type { GpuSvm } from './svm.ts';
import { freeSlots } from './unmap.ts';

/**
 * Makes `pages` describe where [startVpn, endVpn) of `mm` is, faulting in what is absent. What is mapped and still valid
 * is only re-stamped: neither location nor permission is looked at again (S29). Must not be called with mmapLock or
 * notifierLock held. On an error nothing is mapped (I29).
 *
 * EFAULT: address space gone, span unmapped, no or bad VMA, no path to a device page, or `devmemOnly` met RAM. EPERM:
 * write wanted, VMA read-only. EOPNOTSUPP: mixed placement. EBUSY: 1 s of invalidations. ENOMEM: scratch
 * (gpusvm-and-pagemap.md §3.3, `svm:get_pages`).
 */
export function* getPages(
  svm: GpuSvm,
  pages: SvmPages,
  mm: Mm,
  interval: IntervalNotifier,
  startVpn: Vpn,
  endVpn: Vpn,
  ctx: SvmCtx,
): Op<Status> {
  const { sched } = svm.world;
  const deadline = sched.now + HMM_TIMEOUT_NS;
  while (sched.now <= deadline) {
    const seq = yield* interval.readBegin();
    if (yield* stillValid(svm, pages)) {
      pages.notifierSeq = seq;
      return 0;
    }
    if (svm.failPoint('scratch')) return 'ENOMEM';
    const request = ctx.readOnly ? 'fault' : 'write';
    const owner = ctx.devicePrivatePageOwner;
    const scratch = svm.scratch.take({ mm, interval, startVpn, endVpn, request, owner });
    scratch.seq = seq;
    const status = yield* faultAndMap(svm, pages, scratch, ctx, deadline);
    svm.scratch.give(scratch);
    if (status !== 'EAGAIN') return status;
  }
  return 'EBUSY';
}

/** `getPages` for a range and its notifier (xe.md §1.11). */
export function* rangeGetPages(svm: GpuSvm, range: SvmRange, ctx: SvmCtx): Op<Status> {
  if (svm.mm === null) return 'EFAULT';
  return yield* getPages(svm, range.pages, svm.mm, range.notifier.interval, range.startVpn, range.endVpn, ctx);
}

/** Whether the object is mapped already; a stale one gives its arrays back first. */
function* stillValid(svm: GpuSvm, pages: SvmPages): Op<boolean> {
  if (pages.frames === null) return false;
  yield* svm.notifierLock.read();
  const valid = pagesValid(pages);
  if (!valid) freeSlots(svm, pages);
  svm.notifierLock.unlockRead();
  return valid;
}

/** One attempt. EAGAIN: something changed in between, start over. */
function* faultAndMap(svm: GpuSvm, pages: SvmPages, scratch: HmmScratch, ctx: SvmCtx, deadline: Ns): Op<Status> {
  const { mm, startVpn, endVpn } = scratch;
  const { sched } = svm.world;
  if (!mm.tryGetUser()) return 'EFAULT';
  const cause = { rule: 'get-pages', values: { startVpn, pages: endVpn - startVpn } };
  const status = yield* faultFor(svm, cause, walkUntil(svm, scratch, deadline));
  yield* mm.putUser();
  if (status !== 0) return status;
  if (sched.exploring) yield* sched.point('svm.get-pages.map');
  return yield* mapFaulted(svm, pages, scratch, ctx);
}

/** The mapping section. Arrays are allocated outside the lock, hence the checks run again behind it. */
function* mapFaulted(svm: GpuSvm, pages: SvmPages, scratch: HmmScratch, ctx: SvmCtx): Op<Status> {
  for (;;) {
    yield* svm.notifierLock.read();
    const status = mayMap(svm, pages, scratch);
    if (status !== 0 || pages.frames !== null) {
      const mapped = status === 0 ? mapPages(svm, pages, scratch, ctx) : status;
      if (mapped === 0) pages.notifierSeq = scratch.seq;
      svm.notifierLock.unlockRead();
      return mapped;
    }
    svm.notifierLock.unlockRead();
    if (!allocateSlots(svm, pages)) return 'ENOMEM';
  }
}

/** `unmapped` is looked at before the sequence: an unmap is an answer, any other change a reason to retry (RC4). */
function mayMap(svm: GpuSvm, pages: SvmPages, scratch: HmmScratch): Status {
  if (pages.flags.unmapped) return 'EFAULT';
  if (scratch.notifier?.readRetry(scratch.seq) !== true) return 0;
  svm.stats.seqCollisions++;
  return 'EAGAIN';
}

function allocateSlots(svm: GpuSvm, pages: SvmPages): boolean {
  if (svm.failPoint('array')) return false;
  const { frames, meta } = svm.slots.take(pages.npages);
  pages.frames = frames;
  pages.meta = meta;
  pages.count = 0;
  return true;
}
