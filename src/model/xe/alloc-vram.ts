// Moving one range into VRAM: not if it is there already, and once more alone if it raced (xe.md §3.2, V70).
import type { Status } from '../../base/errno.ts';
import { NS_PER_MS, PAGE_SIZE, type Ns } from '../../base/units.ts';
import { SILENT, type Cause } from '../event/event.ts';
import { populateMm } from '../pagemap/populate.ts';
import type { Pagemap } from '../pagemap/pagemap.ts';
import type { Op } from '../sched/op.ts';
import { rangeEvict } from '../svm/range-evict.ts';
import type { SvmRange } from '../svm/range.ts';
import { scanMm } from '../svm/scan-mm.ts';
import { logRange } from './range-log.ts';
import type { XeVm } from './vm.ts';

/** Why the range moves, in short: 'gpu-fault' or 'gpu-atomic', with the migration attempts left. */
export interface MoveReason {
  readonly atomic: boolean;
  readonly tries: number;
}

/**
 * Puts the pages of `range` into `target` with a residence of `timesliceNs`. 0 also when they are there already. EBUSY
 * once: the range is evicted with all other movers excluded, then tried again; a second EBUSY is returned.
 */
export function* allocVram(
  vm: XeVm,
  range: SvmRange,
  target: Pagemap,
  timesliceNs: Ns,
  reason: MoveReason,
): Op<Status> {
  logRange(vm, 'ALLOCATE VRAM', range);
  if ((yield* scanMm(range, target.owner, target)) === 'EQUAL') {
    const { stats, world } = vm.device;
    stats.addOwn('x_already_in_vram');
    world.events.emit(world.sched.now, { kind: 'note', text: 'Already migrated!' });
    return 0;
  }
  const { migrateLock } = vm.device.driver;
  const { startVpn, endVpn } = range;
  const cause = moveCause(vm, range, timesliceNs, reason);
  if (!migrateLock.tryRead()) yield* migrateLock.read();
  const status = yield* populateMm(target, startVpn, endVpn, vm.mm, timesliceNs, cause);
  migrateLock.unlockRead();
  if (status !== 'EBUSY') return status;
  yield* migrateLock.write();
  yield* rangeEvict(vm.svm, range);
  const again = yield* populateMm(target, startVpn, endVpn, vm.mm, timesliceNs, cause);
  migrateLock.unlockWrite();
  return again;
}

const UNRECORDED: Cause = { rule: 'gpu-fault', values: {} };

function moveCause(vm: XeVm, range: SvmRange, timesliceNs: Ns, reason: MoveReason): Cause {
  if (vm.device.world.events === SILENT) return UNRECORDED;
  const chunk = (range.endVpn - range.startVpn) * PAGE_SIZE;
  const values = { asid: vm.asid, chunk, triesLeft: reason.tries, timesliceMs: timesliceNs / NS_PER_MS };
  return { rule: reason.atomic ? 'gpu-atomic' : 'gpu-fault', values };
}
