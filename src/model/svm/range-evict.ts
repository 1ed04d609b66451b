// stub
import type { Status } from '../../base/errno.ts';
import type { Op } from '../sched/op.ts';
import type { SvmRange } from './range.ts';
import type { GpuSvm } from './svm.ts';

export function* rangeEvict(_svm: GpuSvm, _range: SvmRange): Op<Status> {
  return 'EFAULT';
}
