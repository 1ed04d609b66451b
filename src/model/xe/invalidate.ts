// What the VM does when the CPU changes memory: zap, flush, unmap, in this order and before the change (xe.md §2.1).
//
// Post-condition (I-N1, I30): no page-table entry, TLB line or mapped page of the event's interval is left.
import type { Vpn } from '../../base/units.ts';
import type { Command } from '../../engine/plan/commands.ts';
import { MMU_EVENT, SILENT } from '../event/event.ts';
import type { InvalidateEvent } from '../mm/notifier.ts';
import type { Op } from '../sched/op.ts';
import type { SvmNotifier } from '../svm/notifier.ts';
import { rangeSetUnmapped, type SvmRange } from '../svm/range.ts';
import { unmapPagesInNotifier } from '../svm/unmap.ts';
import { charge } from './charge.ts';
import { logRange } from './range-log.ts';
import { STAT } from './stats.ts';
import { tlbInval } from './tlb.ts';
import { TILE0, tileValid } from './tile.ts';
import type { XeVm } from './vm.ts';

/** Zaps gathered over the ranges of one callback. */
interface Zaps {
  readonly commands: Command[];
  /** Interval of the TLB window: the driver overwrites it with each range it executes (quirk Q5). */
  startVpn: Vpn;
  endVpn: Vpn;
}

/** The callback. notifierLock is held for writing and the notifier's sequence is already stored. */
export function* invalidateRanges(vm: XeVm, notifier: SvmNotifier, event: InvalidateEvent): Op<void> {
  const { world, stats } = vm.device;
  const startNs = world.sched.now;
  logInvalidate(vm, notifier, event);
  const startVpn = Math.max(event.startVpn, notifier.startVpn);
  const endVpn = Math.min(event.endVpn, notifier.endVpn);
  const first = notifier.ranges.firstOverlap(startVpn, endVpn);
  if (first === null) return;
  stats.addOwn('x_notifier_count');
  stats.addOwn('x_notifier_event_pages', endVpn - startVpn);
  if (!vm.closed) {
    if (vm.busy) yield* vm.idle();
    const zaps = zapRanges(vm, notifier, first, startVpn, endVpn);
    if (zaps !== null) {
      yield* flush(vm, zaps);
      stats.addUs(STAT.svmTlbInvalUs, world.sched.now - startNs);
    }
  }
  for (let range: SvmRange | null = first; range !== null; range = nextRange(notifier, range, endVpn)) {
    finishRange(vm, range, event);
  }
}

/** The range behind `range`, if it begins before `endVpn`. Only the collector removes ranges, and it waits for us. */
function nextRange(notifier: SvmNotifier, range: SvmRange, endVpn: Vpn): SvmRange | null {
  const next = notifier.ranges.after(range.startVpn);
  return next !== null && next.startVpn < endVpn ? next : null;
}

/** Step 5, its first half; null when no range had entries to zap. */
function zapRanges(vm: XeVm, notifier: SvmNotifier, first: SvmRange, startVpn: Vpn, endVpn: Vpn): Zaps | null {
  let zaps: Zaps | null = null;
  for (let range: SvmRange | null = first; range !== null; range = nextRange(notifier, range, endVpn)) {
    logRange(vm, 'NOTIFIER', range);
    if (range.pages.flags.unmapped || range.tilePresent === 0) continue;
    logRange(vm, 'NOTIFIER - EXECUTE', range);
    zaps ??= { commands: [], startVpn, endVpn };
    zaps.startVpn = Math.min(range.startVpn, startVpn);
    zaps.endVpn = Math.max(range.endVpn, endVpn);
    if (tileValid(range)) zapRange(vm, range, zaps.commands);
  }
  return zaps !== null && zaps.commands.length > 0 ? zaps : null;
}

/** Step 5, its second half: one job zaps and flushes; the CPU's change waits for it. */
function* flush(vm: XeVm, zaps: Zaps): Op<void> {
  const { stats, serviceCost, options, gtCount } = vm.device;
  const command = tlbInval(vm.asid, zaps.startVpn, zaps.endVpn);
  zaps.commands.push(command);
  stats.add(STAT.tlbInvalCount, gtCount);
  logFlush(vm, command.vpn, command.log2Pages);
  const fence = vm.submit('invalidate', zaps.commands);
  if (options.waitMode === 'wait') yield* fence.wait();
  if (serviceCost.tlbInvalNs > 0) yield* charge(vm.device, serviceCost.tlbInvalNs);
}

function zapRange(vm: XeVm, range: SvmRange, commands: Command[]): void {
  const zapped = vm.pt.zap(range.startVpn, range.endVpn);
  if (zapped.length === 0) return;
  for (const command of zapped) commands.push(command);
  range.tileInvalidated |= TILE0;
  const { world, stats, gtCount } = vm.device;
  stats.add(STAT.svmTlbInvalCount, gtCount); // quirk Q12: ranges × GTs, not requests
  if (world.events === SILENT) return;
  const pages = range.endVpn - range.startVpn;
  world.events.emit(world.sched.now, { kind: 'zap', asid: vm.asid, startVpn: range.startVpn, pages });
}

/** Step 6: drop the pages; an unmap also sends the range to the collector. */
function finishRange(vm: XeVm, range: SvmRange, event: InvalidateEvent): void {
  unmapPagesInNotifier(vm.svm, range.pages);
  if (event.event !== MMU_EVENT.UNMAP || vm.closed) return;
  logRange(vm, 'GARBAGE COLLECTOR ADD', range);
  rangeSetUnmapped(range, event);
  if (!range.gcLinked) {
    range.gcLinked = true;
    vm.gcList.push(range);
  }
  vm.scheduleCollection();
}

function logInvalidate(vm: XeVm, notifier: SvmNotifier, event: InvalidateEvent): void {
  const { world } = vm.device;
  if (world.events === SILENT) return;
  const { startVpn, endVpn } = event;
  const { seq } = notifier.interval;
  world.events.emit(world.sched.now, { kind: 'invalidate', asid: vm.asid, seq, startVpn, endVpn, event: event.event });
}

function logFlush(vm: XeVm, vpn: Vpn, log2Pages: number): void {
  const { world, stats } = vm.device;
  stats.addOwn('x_tlb_window_pages', 2 ** log2Pages);
  if (world.events === SILENT) return;
  world.events.emit(world.sched.now, { kind: 'tlb-inval', asid: vm.asid, vpn, log2Pages });
}
