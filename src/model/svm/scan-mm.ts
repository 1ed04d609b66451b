// stub
import type { Pagemap } from '../pagemap/pagemap.ts';
import type { Op } from '../sched/op.ts';
import type { SvmRange } from './range.ts';

/** In the kernel's order of enumeration. */
export type ScanState = 'UNPOPULATED' | 'EQUAL' | 'OTHER' | 'SYSTEM' | 'MIXED_DEVICE' | 'MIXED';
export function* scanMm(_range: SvmRange, _owner: object | null, _pagemap: Pagemap): Op<ScanState> {
  return 'UNPOPULATED';
}
