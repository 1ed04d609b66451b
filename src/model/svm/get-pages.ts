// stub
import type { Status } from '../../base/errno.ts';
import type { Vpn } from '../../base/units.ts';
import type { Mm } from '../mm/mm.ts';
import type { IntervalNotifier } from '../mm/notifier.ts';
import type { Op } from '../sched/op.ts';
import type { SvmCtx } from './ctx.ts';
import type { SvmPages } from './pages.ts';
import type { SvmRange } from './range.ts';
import type { GpuSvm } from './svm.ts';

export function* getPages(_svm: GpuSvm, _pages: SvmPages, _mm: Mm, _interval: IntervalNotifier, _startVpn: Vpn, _endVpn: Vpn, _ctx: SvmCtx): Op<Status> {
  return 'EFAULT';
}
export function* rangeGetPages(_svm: GpuSvm, _range: SvmRange, _ctx: SvmCtx): Op<Status> {
  return 'EFAULT';
}
