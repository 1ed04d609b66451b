// stub
import type { Errno } from '../../base/errno.ts';
import type { Vpn } from '../../base/units.ts';
import type { Op } from '../sched/op.ts';
import type { SvmCtx } from './ctx.ts';
import type { SvmRange } from './range.ts';
import type { GpuSvm } from './svm.ts';

export function* rangeFindOrInsert(_svm: GpuSvm, _vpn: Vpn, _gpuvaStart: Vpn, _gpuvaEnd: Vpn, _ctx: SvmCtx): Op<SvmRange | Errno> {
  return 'EFAULT';
}
