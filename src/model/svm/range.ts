// SvmRange: the unit that faults, migrates and is bound. Never split, never grown; a partial unmap destroys it whole.
import { assert } from '../../base/assert.ts';
import type { Vpn } from '../../base/units.ts';
import type { SvmNotifier } from './notifier.ts';
import { publishUnmapped, SvmPages } from './pages.ts';
import type { GpuSvm } from './svm.ts';

/** gpusvm-and-pagemap.md §1.5, with the driver's fields beside (xe.md §1.12). */
export class SvmRange {
  readonly svm: GpuSvm;
  readonly notifier: SvmNotifier;
  readonly startVpn: Vpn;
  readonly endVpn: Vpn;
  readonly pages: SvmPages;
  /** May move to device memory; decided once, at creation (§2.1 step 9). */
  readonly migrateDevmem: boolean;
  /** 1 at creation, owned by the tree. A range may outlive its place in the tree. */
  refcount = 1;
  inTree = false;
  /** Tiles that have page-table entries for the range. */
  tilePresent = 0;
  /** Tiles whose entries were zapped since. */
  tileInvalidated = 0;
  /** On the garbage collector's list. */
  gcLinked = false;

  constructor(notifier: SvmNotifier, startVpn: Vpn, endVpn: Vpn, migrateDevmem: boolean) {
    this.svm = notifier.svm;
    this.notifier = notifier;
    this.startVpn = startVpn;
    this.endVpn = endVpn;
    this.pages = new SvmPages(endVpn - startVpn);
    this.migrateDevmem = migrateDevmem;
  }
}

export function rangeGet(range: SvmRange): SvmRange {
  assert(range.refcount > 0, () => `range ${range.startVpn}: get after free`);
  range.refcount++;
  return range;
}

/** Drops one reference; the last one hands the range to `ops.rangeFree`. */
export function rangePut(range: SvmRange): void {
  assert(range.refcount > 0, () => `range ${range.startVpn}: more puts than gets`);
  if (--range.refcount > 0) return;
  assert(!range.inTree, () => `range ${range.startVpn}: freed while in the tree`);
  range.svm.ops?.rangeFree?.(range);
}

/**
 * Marks that the CPU unmapped [event.startVpn, event.endVpn), wholly or partly over the range. Both flags accumulate and
 * stay. Needs notifierLock for writing (gpusvm-and-pagemap.md §3.7, `svm:range_set_unmapped`).
 */
export function rangeSetUnmapped(range: SvmRange, event: { readonly startVpn: Vpn; readonly endVpn: Vpn }): void {
  range.svm.assertNotifierWrite('set_unmapped');
  publishUnmapped(range.pages, range.startVpn < event.startVpn || range.endVpn > event.endVpn);
}
