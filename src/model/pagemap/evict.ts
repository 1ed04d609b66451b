// stub
import type { Status } from '../../base/errno.ts';
import type { Cause } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import type { DevmemAllocation } from './devmem.ts';

export function* evictToRam(_a: DevmemAllocation, _cause: Cause): Op<Status> {
  return 'EBUSY';
}
