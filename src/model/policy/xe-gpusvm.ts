// The preset `xe-gpusvm`: what the Xe driver decides under profile V70 (policies.md §C2; xe.md §1.6, §1.7, §1.10).
import type { Errno } from '../../base/errno.ts';
import { NS_PER_MS, type Ns } from '../../base/units.ts';
import type { Pagemap } from '../pagemap/pagemap.ts';
import type { DeviceCaps } from '../xe/device-caps.ts';
import type { XeOptions } from '../xe/options.ts';
import { ATOMIC_ATTR, type AtomicAttr, type MigrationPolicy, type PreferredPlace } from './policy.ts';

export class XeGpusvmPolicy implements MigrationPolicy {
  readonly name = 'xe-gpusvm';
  readonly makeRoom = 'fifo-bo';
  readonly finish = 'ack-each';
  private readonly caps: DeviceCaps;
  private readonly options: XeOptions;
  private readonly local: Pagemap | null;

  /** `options` is read at each decision, so that live changes take effect; `local` is null on integrated devices. */
  constructor(caps: DeviceCaps, options: XeOptions, local: Pagemap | null) {
    this.caps = caps;
    this.options = options;
    this.local = local;
  }

  sharesAnswer(): boolean {
    return this.options.admit.mergeSamePage;
  }

  /** xe.md §1.6: only atomics on a discrete device can need VRAM; the attribute decides. */
  needVram(atomic: boolean, attr: AtomicAttr): 0 | 1 | Errno {
    if (!this.caps.discrete || !atomic) return 0;
    if (attr === ATOMIC_ATTR.cpu) return 'EACCES';
    if (attr === ATOMIC_ATTR.device) return this.caps.atomicsOnSystem ? 0 : 1;
    return 1;
  }

  /** xe.md §1.7 R1. */
  target(deviceOnly: boolean, preferred: PreferredPlace): Pagemap | null {
    if (deviceOnly || preferred === 'local') return this.local;
    return preferred === 'system' ? null : preferred;
  }

  /** xe.md §1.10. */
  needsMigrate(pages: number, migratable: boolean, current: Pagemap | null, target: Pagemap | null): boolean {
    return migratable && target !== null && current !== target && pages >= this.options.minMigratePages;
  }

  chunkPages(): readonly number[] {
    return this.options.chunkPages;
  }

  /** 64 KiB where pages can migrate, else none (xe.md §1.7). */
  presentThresholdPages(): number {
    return this.local === null ? 0 : this.options.checkPagesThresholdPages;
  }

  initialTimeslice(deviceOnly: boolean): Ns {
    return deviceOnly ? this.options.timeslice.deviceOnlyMs * NS_PER_MS : 0;
  }

  growTimeslice(timeslice: Ns): Ns {
    return timeslice * 2;
  }

  /** The override replaces whatever the retries have made of the value (design.md §8, Timeslice). */
  effectiveTimeslice(timeslice: Ns): Ns {
    const override = this.options.timeslice.overrideMs;
    return override === null ? timeslice : override * NS_PER_MS;
  }
}
