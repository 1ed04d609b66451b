// mlock and munlock: a flag of the area that keeps its pages from being swapped out; they may still migrate (mm/mlock.c).
import type { Status } from '../../base/errno.ts';
import type { Vpn } from '../../base/units.ts';
import type { Op } from '../sched/op.ts';
import { populate } from './access.ts';
import type { Mm } from './mm.ts';

/**
 * Locks [start, end) and touches every page of it, writing where the area is private and writable, so that later writes
 * need no copy. EINVAL: empty span. ENOMEM: a hole (areas around it are locked), or an area that permits no access.
 * EAGAIN: RAM is full. EINTR: injected ('mm.lock').
 */
export function* lockPages(mm: Mm, start: Vpn, end: Vpn): Op<Status> {
  const status = yield* setLocked(mm, start, end, true);
  if (status !== 0) return status;
  for (let vpn = start; vpn < end;) {
    const vma = mm.findVma(vpn);
    if (vma === null) return 'ENOMEM';
    const stop = Math.min(end, vma.endVpn);
    const skip = vma.io || vma.special;
    const populated = skip ? 0 : yield* populate(mm, vpn, stop, vma.write && !vma.shared);
    // __mlock_posix_error_return
    if (populated === 'EFAULT') return 'ENOMEM';
    if (populated !== 0) return 'EAGAIN';
    vpn = stop;
  }
  return 0;
}

/** Unlocks [start, end). ENOMEM: a hole. */
export function unlockPages(mm: Mm, start: Vpn, end: Vpn): Op<Status> {
  return setLocked(mm, start, end, false);
}

function* setLocked(mm: Mm, start: Vpn, end: Vpn, locked: boolean): Op<Status> {
  if (start < 0 || end <= start) return 'EINVAL';
  if (mm.world.sched.fails('mm.lock')) return 'EINTR';
  yield* mm.mmapLock.write();
  const complete = mm.areas.covers(start, end);
  for (const vma of mm.areas.carve(start, end)) vma.locked = locked && !vma.io && !vma.special;
  mm.areas.mergeRange(start, end);
  mm.mmapLock.unlockWrite();
  return complete ? 0 : 'ENOMEM';
}
