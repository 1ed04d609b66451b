// What the VM does when the CPU changes memory: zap, flush, unmap, in this order and before the change (xe.md §2.1).
//
// Post-condition (I-N1, I30): no page-table entry, TLB line or mapped page of the event's interval is left.
import type { Vpn } from '../../base/units.ts';
import type { Command } from '../../engine/plan/commands.ts';
import { MMU_EVENT, SILENT } from '../event/event.ts';
import type { InvalidateEvent } from '../mm/notifier.ts';
import type { Op } from '../sched/op.ts';
import { rangesIn } from '../svm/find.ts';
import type { SvmNotifier } from '../svm/notifier.ts';
import { rangeSetUnmapped, type SvmRange } from '../svm/range.ts';
import { unmapPagesInNotifier } from '../svm/unmap.ts';
import { charge } from './charge.ts';
import { logRange } from './range-log.ts';
import { STAT } from './stats.ts';
import { tlbInval } from './tlb.ts';
import { TILE0, tileValid } from './tile.ts';
import type { XeVm } from './vm.ts';

/** Interval of the TLB window: the driver overwrites it with each range it zaps (quirk Q5). */
interface Window {
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
  const ranges = [...rangesIn(notifier, startVpn, endVpn)];
  if (ranges.length === 0) return;
  stats.addOwn('x_notifier_count');
  stats.addOwn('x_notifier_event_pages', endVpn - startVpn);
  if (!vm.closed) {
    if (vm.lastFence !== null) yield* vm.idle();
    if (yield* zapAndFlush(vm, ranges, startVpn, endVpn)) stats.addUs(STAT.svmTlbInvalUs, world.sched.now - startNs);
  }
  for (const range of ranges) finishRange(vm, range, event);
}

/** Steps 5: true when something was zapped, flushed and waited for. */
function* zapAndFlush(vm: XeVm, ranges: readonly SvmRange[], startVpn: Vpn, endVpn: Vpn): Op<boolean> {
  const { stats, serviceCost, options } = vm.device;
  const commands: Command[] = [];
  const window = { startVpn, endVpn };
  for (const range of ranges) zapRange(vm, range, startVpn, endVpn, window, commands);
  if (commands.length === 0) return false;
  const flush = tlbInval(vm.asid, window.startVpn, window.endVpn);
  commands.push(flush);
  stats.add(STAT.tlbInvalCount, vm.device.gtCount);
  logFlush(vm, flush.vpn, flush.log2Pages);
  const fence = vm.submit('invalidate', commands);
  if (options.waitMode === 'wait') yield* fence.wait();
  if (serviceCost.tlbInvalNs > 0) yield* charge(vm.device, serviceCost.tlbInvalNs);
  return true;
}

function zapRange(vm: XeVm, range: SvmRange, startVpn: Vpn, endVpn: Vpn, window: Window, commands: Command[]): void {
  logRange(vm, 'NOTIFIER', range);
  if (range.pages.flags.unmapped || range.tilePresent === 0) return;
  logRange(vm, 'NOTIFIER - EXECUTE', range);
  window.startVpn = Math.min(range.startVpn, startVpn);
  window.endVpn = Math.max(range.endVpn, endVpn);
  if (!tileValid(range)) return;
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
