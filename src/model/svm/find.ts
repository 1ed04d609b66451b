// Lookups in the mirror: notifiers and ranges by address, in order, safe against removal while a loop runs.
import type { Vpn } from '../../base/units.ts';
import { SvmNotifier } from './notifier.ts';
import type { SvmRange } from './range.ts';
import type { GpuSvm } from './svm.ts';

/** First notifier overlapping [startVpn, endVpn), or null (gpusvm-and-pagemap.md §1.4). */
export function notifierFind(svm: GpuSvm, startVpn: Vpn, endVpn: Vpn): SvmNotifier | null {
  return svm.notifiers.firstOverlap(startVpn, endVpn);
}

/** First range overlapping [startVpn, endVpn), of one notifier or of the whole mirror, or null. */
export function rangeFind(where: GpuSvm | SvmNotifier, startVpn: Vpn, endVpn: Vpn): SvmRange | null {
  if (where instanceof SvmNotifier) return where.ranges.firstOverlap(startVpn, endVpn);
  for (const notifier of where.notifiers.overlapping(startVpn, endVpn)) {
    const range = notifier.ranges.firstOverlap(startVpn, endVpn);
    if (range !== null) return range;
  }
  return null;
}

/** Ranges overlapping [startVpn, endVpn) in ascending order. The loop's body may remove any of them. */
export function* rangesIn(where: GpuSvm | SvmNotifier, startVpn: Vpn, endVpn: Vpn): Generator<SvmRange, void, void> {
  if (where instanceof SvmNotifier) yield* where.ranges.overlapping(startVpn, endVpn);
  else
    for (const notifier of where.notifiers.overlapping(startVpn, endVpn))
      yield* notifier.ranges.overlapping(startVpn, endVpn);
}

/** Whether any range overlaps [startVpn, endVpn); the caller's lock keeps the answer true (`svm:has_mapping`). */
export function hasMapping(svm: GpuSvm, startVpn: Vpn, endVpn: Vpn): boolean {
  return rangeFind(svm, startVpn, endVpn) !== null;
}

/**
 * Start of the first VMA overlapping [startVpn, endVpn), which may lie below startVpn; Infinity when there is none or the
 * address space is gone (`svm:find_vma_start`). Caller holds mmapLock.
 */
export function findVmaStart(svm: GpuSvm, startVpn: Vpn, endVpn: Vpn): Vpn {
  if (svm.mm === null || svm.mm.users === 0) return Infinity;
  return svm.mm.findVmaIntersection(startVpn, endVpn)?.startVpn ?? Infinity;
}
