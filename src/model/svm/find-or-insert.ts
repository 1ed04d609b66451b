// From a faulting page to its range: found, or made in the largest chunk that fits, with the errors in the kernel's order.
import { type Errno, isErrno } from '../../base/errno.ts';
import { alignDown, type Vpn } from '../../base/units.ts';
import type { Mm } from '../mm/mm.ts';
import { IntervalNotifier } from '../mm/notifier.ts';
import type { Op } from '../sched/op.ts';
import { rangeChunkPages } from './chunk.ts';
import type { SvmCtx } from './ctx.ts';
import { notifierFind } from './find.ts';
import { SvmNotifier } from './notifier.ts';
import { SvmRange } from './range.ts';
import type { GpuSvm } from './svm.ts';

/** What one call is about. */
interface Search {
  readonly svm: GpuSvm;
  readonly mm: Mm;
  readonly vpn: Vpn;
  readonly gpuvaStart: Vpn;
  readonly gpuvaEnd: Vpn;
  readonly ctx: SvmCtx;
}

/**
 * The range that covers `vpn`, created if need be inside [gpuvaStart, gpuvaEnd). An existing one is returned as it is:
 * nothing about it is checked again. Driver lock held.
 *
 * EINVAL: outside the mirror, or no chunk fits. EFAULT: address space gone. ENOENT: no VMA. EPERM: VMA not writable,
 * unless `ctx.readOnly` (even when the range exists, V9). ENOMEM: notifier or range
 * (gpusvm-and-pagemap.md §2.1, `svm:range_find_or_insert`).
 */
export function* rangeFindOrInsert(
  svm: GpuSvm,
  vpn: Vpn,
  gpuvaStart: Vpn,
  gpuvaEnd: Vpn,
  ctx: SvmCtx,
): Op<SvmRange | Errno> {
  svm.assertDriverLocked('range_find_or_insert');
  const { mm } = svm;
  if (mm === null || vpn < svm.startVpn || vpn > svm.endVpn) return 'EINVAL';
  if (!mm.tryGetUser()) return 'EFAULT';
  const result = yield* withNotifier({ svm, mm, vpn, gpuvaStart, gpuvaEnd, ctx });
  yield* mm.putUser();
  return result;
}

/** Steps 3 to 14: a notifier made here becomes visible only with its first range, and goes again without one. */
function* withNotifier(search: Search): Op<SvmRange | Errno> {
  const { svm, mm, vpn } = search;
  const known = notifierFind(svm, vpn, vpn + 1);
  const notifier = known ?? (yield* createNotifier(svm, mm, vpn));
  if (isErrno(notifier)) return notifier;
  const { sched } = svm.world;
  if (sched.exploring) yield* sched.point('svm.find-or-insert');
  yield* mm.mmapLock.read();
  const result = yield* rangeAt(search, notifier);
  const failed = isErrno(result);
  if (known === null && !failed) svm.notifiers.insert(notifier);
  mm.mmapLock.unlockRead();
  if (known === null && failed) yield* mm.subscriptions.remove(notifier.interval);
  return result;
}

/** Step 3: registered before mmapLock is taken, since the first registration in a process takes it for writing. */
function* createNotifier(svm: GpuSvm, mm: Mm, vpn: Vpn): Op<SvmNotifier | Errno> {
  if (svm.failPoint('notifier')) return 'ENOMEM';
  const startVpn = alignDown(vpn, svm.notifierPages);
  const endVpn = startVpn + svm.notifierPages;
  const notifier = new SvmNotifier(svm, startVpn, endVpn, (self) => {
    return new IntervalNotifier(mm.subscriptions, startVpn, endVpn, (event, cur) => svm.invalidate(self, event, cur));
  });
  const status = yield* mm.subscriptions.register(notifier.interval);
  return status === 0 ? notifier : status;
}

/** Steps 5 to 12, under mmapLock. */
function* rangeAt(search: Search, notifier: SvmNotifier): Op<SvmRange | Errno> {
  const { svm, mm, vpn, ctx } = search;
  const vma = mm.findVma(vpn);
  if (vma === null) return 'ENOENT';
  if (!ctx.readOnly && !vma.write) return 'EPERM';
  const existing = notifier.ranges.firstOverlap(vpn, vpn + 1);
  if (existing !== null) return existing;
  const migrateDevmem = ctx.devmemPossible && vma.anonymous && !vma.hugetlb;
  const { gpuvaStart, gpuvaEnd } = search;
  const chunk = yield* rangeChunkPages({ svm, mm, notifier, vma, vpn, gpuvaStart, gpuvaEnd, ctx });
  if (chunk === 0) return 'EINVAL';
  if (svm.failPoint('range')) return 'ENOMEM';
  const startVpn = alignDown(vpn, chunk);
  const range = new SvmRange(notifier, startVpn, startVpn + chunk, migrateDevmem);
  yield* insertRange(svm, notifier, range);
  return range;
}

/** Step 12: reading keeps the callback out; two inserters are kept apart by the driver lock. */
function* insertRange(svm: GpuSvm, notifier: SvmNotifier, range: SvmRange): Op<void> {
  yield* svm.notifierLock.read();
  notifier.ranges.insert(range);
  range.inTree = true;
  svm.notifierLock.unlockRead();
}
