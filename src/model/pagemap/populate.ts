// Filling a span of an address space with a device's memory: the generic part around the driver's own.
import type { Status } from '../../base/errno.ts';
import type { Ns, Vpn } from '../../base/units.ts';
import type { Cause } from '../event/event.ts';
import type { Mm } from '../mm/mm.ts';
import type { Op } from '../sched/op.ts';
import type { Pagemap } from './pagemap.ts';

/**
 * Asks `pagemap` to take over [startVpn, endVpn), which need not coincide with any range. EFAULT when the address space
 * is gone, else the driver's answer (gpusvm-and-pagemap.md §4.3, `pm:populate_mm`).
 */
export function* populateMm(
  pagemap: Pagemap,
  startVpn: Vpn,
  endVpn: Vpn,
  mm: Mm,
  timesliceNs: Ns,
  cause: Cause,
): Op<Status> {
  if (!mm.tryGetUser()) return 'EFAULT';
  yield* mm.mmapLock.read();
  const status = yield* pagemap.ops.populateMm(pagemap, startVpn, endVpn, mm, timesliceNs, cause);
  mm.mmapLock.unlockRead();
  yield* mm.putUser();
  return status;
}
