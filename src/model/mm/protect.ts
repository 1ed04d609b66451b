// mprotect: permissions of areas and of the entries inside them change together, devices being told first (I37).
import type { Status } from '../../base/errno.ts';
import type { Vpn } from '../../base/units.ts';
import { MMU_EVENT } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import { splitEdges } from './huge.ts';
import type { Mm, Protection } from './mm.ts';
import type { InvalidateEvent } from './notifier.ts';
import { pteReadOnly, pteWritable } from './page-table.ts';
import type { Vma } from './vma.ts';

/**
 * mm/mprotect.c·do_mprotect_pkey: area by area, split at the edges, like neighbours joined again. New write permission
 * reaches an entry on the next write fault. EINVAL: empty span; ENOMEM: a hole, areas before it are changed;
 * EINTR: injected ('mm.lock').
 */
export function* protectRange(mm: Mm, start: Vpn, end: Vpn, protection: Protection): Op<Status> {
  if (start < 0 || end <= start) return 'EINVAL';
  if (mm.world.sched.fails('mm.lock')) return 'EINTR';
  yield* mm.mmapLock.write();
  const status = yield* protectAreas(mm, start, end, protection);
  mm.mmapLock.unlockWrite();
  return status;
}

function* protectAreas(mm: Mm, start: Vpn, end: Vpn, protection: Protection): Op<Status> {
  for (let vpn = start; vpn < end;) {
    const vma = mm.areas.find(vpn);
    if (vma === null) return 'ENOMEM';
    const stop = Math.min(end, vma.endVpn);
    if (vma.read !== protection.read || vma.write !== protection.write) {
      yield* splitEdges(mm, vpn, stop);
      mm.areas.splitAt(vpn);
      mm.areas.splitAt(stop);
      yield* protectArea(mm, mm.areas.find(vpn) as Vma, protection);
      mm.areas.mergeAt(vpn);
      mm.areas.mergeAt(stop);
    }
    vpn = stop;
  }
  return 0;
}

/** One whole area. Devices hear of it only where a page was ever touched, as in the kernel. */
function* protectArea(mm: Mm, vma: Vma, protection: Protection): Op<void> {
  const { startVpn, endVpn } = vma;
  const touched = mm.table.nextLeaf(startVpn, endVpn) < endVpn;
  const event: InvalidateEvent = { startVpn, endVpn, event: MMU_EVENT.PROTECTION_VMA, blockable: true, owner: null };
  vma.read = protection.read;
  vma.write = protection.write;
  if (!touched) return;
  yield* mm.subscriptions.start(event);
  if (!protection.write) revokeWrites(mm, startVpn, endVpn);
  mm.subscriptions.end(event);
}

function revokeWrites(mm: Mm, start: Vpn, end: Vpn): void {
  mm.table.forEachInRange(start, end, (vpn, word) => {
    if (pteWritable(word)) mm.table.set(vpn, pteReadOnly(word));
  });
}
