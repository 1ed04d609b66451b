// stub
import type { Status } from '../../base/errno.ts';
import type { Ns, Vpn } from '../../base/units.ts';
import type { Cause } from '../event/event.ts';
import type { Mm } from '../mm/mm.ts';
import type { Op } from '../sched/op.ts';
import type { DevmemAllocation } from './devmem.ts';

export interface MigrateDetails {
  readonly timesliceNs: Ns;
  /** Pages that are in this pagemap already may be moved once more, to gather a fragmented span. */
  readonly canMigrateSamePagemap: boolean;
}

// eslint-disable-next-line require-yield
export function* migrateToDevmem(_a: DevmemAllocation, _mm: Mm, _startVpn: Vpn, _endVpn: Vpn, _details: MigrateDetails, _cause: Cause): Op<Status> {
  return 'EOPNOTSUPP';
}
