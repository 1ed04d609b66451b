// The driver's range and note messages as events; free when nobody listens (xe.md §8.4).
import type { Errno } from '../../base/errno.ts';
import type { Ns, Vpn } from '../../base/units.ts';
import { SILENT, type Phase, type RangeOp } from '../event/event.ts';
import type { SvmRange } from '../svm/range.ts';
import type { XeVm } from './vm.ts';

/** Reports one step on a range, with the advisory placement pair of the driver's `vram=` field. */
export function logRange(vm: XeVm, op: RangeOp, range: SvmRange): void {
  const { world } = vm.device;
  if (world.events === SILENT) return;
  const inVram = range.pages.flags.hasDevmemPages;
  world.events.emit(world.sched.now, {
    kind: 'range',
    op,
    asid: vm.asid,
    startVpn: range.startVpn,
    pages: range.endVpn - range.startVpn,
    inVram,
    vramBinding: inVram && range.tilePresent !== 0,
    seq: range.pages.notifierSeq,
  });
}

/** One phase of servicing the fault at `vpn`, from `startNs` until now. */
export function logPhase(vm: XeVm, phase: Phase, vpn: Vpn, startNs: Ns): void {
  const { world } = vm.device;
  if (world.events === SILENT) return;
  const endNs = world.sched.now;
  world.events.emit(endNs, { kind: 'phase', phase, vpn, startNs, endNs });
}

/** "<what>, <what follows>, asid=…, errno=…": the driver's wording around retries (xe.md §8.4). */
export function logGiveUp(vm: XeVm, what: string, last: boolean, error: Errno): void {
  const { world } = vm.device;
  if (world.events === SILENT) return;
  const follows = last ? 'retry count exceeded' : 'falling back to retrying';
  const text = `${what} failed, ${follows}, asid=${vm.asid}, errno=${error}`;
  world.events.emit(world.sched.now, { kind: 'note', text });
}
