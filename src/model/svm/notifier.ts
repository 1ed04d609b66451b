// SvmNotifier: one aligned window of the address space that is watched for CPU changes, and the ranges inside it.
import type { Vpn } from '../../base/units.ts';
import type { IntervalNotifier } from '../mm/notifier.ts';
import { IntervalIndex } from './interval-index.ts';
import type { SvmRange } from './range.ts';
import type { GpuSvm } from './svm.ts';

/** gpusvm-and-pagemap.md §1.3. Lives as long as it has a range (I7). */
export class SvmNotifier {
  readonly svm: GpuSvm;
  readonly startVpn: Vpn;
  readonly endVpn: Vpn;
  /** Ascending by start, disjoint (I3, I4). */
  readonly ranges = new IntervalIndex<SvmRange>();
  /** The registration with the address space; its sequence number serves every range inside (§3.3, point 4). */
  readonly interval: IntervalNotifier;
  /** The interval is unregistered, or about to be: removing the last range must not do it again (fini). */
  removed = false;

  constructor(svm: GpuSvm, startVpn: Vpn, endVpn: Vpn, makeInterval: (self: SvmNotifier) => IntervalNotifier) {
    this.svm = svm;
    this.startVpn = startVpn;
    this.endVpn = endVpn;
    this.interval = makeInterval(this);
  }
}
