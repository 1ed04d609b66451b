// A pagemap: the device pages of one device, who may reach them, and the driver's way to fill them with a span of memory.
import { assert } from '../../base/assert.ts';
import type { Status } from '../../base/errno.ts';
import type { Frame, Ns, Pfn, Vpn } from '../../base/units.ts';
import type { Cause } from '../event/event.ts';
import type { Mm } from '../mm/mm.ts';
import type { Op } from '../sched/op.ts';
import type { PagemapState } from './pagemap-state.ts';
import { createMmDevice } from './to-ram.ts';

/** Where a device can reach a page: protocol (svm/pages.ts·PROTO) and frame of the memory that the protocol names. */
export interface DeviceAddr {
  proto: number;
  frame: Frame;
}

/** Driver side of a pagemap (gpusvm-and-pagemap.md §1.8). */
export interface PagemapOps {
  /**
   * Fills [startVpn, endVpn) with this device's memory, best effort. Called with mmapLock held for reading and the mm
   * pinned. ENODEV once the device is gone.
   */
  populateMm(pagemap: Pagemap, startVpn: Vpn, endVpn: Vpn, mm: Mm, timesliceNs: Ns, cause: Cause): Op<Status>;
  /**
   * Makes 2^order pages from `pfn` on reachable from device `forDevice`; null when there is no path. The result is
   * copied at once, so that an implementation may return the same object every time and allocate nothing per page.
   */
  deviceMap(pagemap: Pagemap, forDevice: number, pfn: Pfn, order: number): DeviceAddr | null;
  /** Undoes `deviceMap` for one entry. Drivers act on peer entries only. */
  deviceUnmap?(pagemap: Pagemap, forDevice: number, proto: number, frame: Frame, order: number): void;
  /** The last reference is gone. `atomicOrReclaim`: the caller may not wait, so teardown must be deferred. */
  destroy?(pagemap: Pagemap, atomicOrReclaim: boolean): void;
}

export interface PagemapConfig {
  /** Device index; its pages are those with `PageStore.deviceOf(pfn)` equal to it. */
  readonly device: number;
  /** Interconnect group: devices with the same owner reach each other's pages directly (§4.11). */
  readonly owner: object;
  readonly ops: PagemapOps;
}

export class Pagemap {
  readonly state: PagemapState;
  readonly device: number;
  readonly owner: object;
  readonly ops: PagemapOps;
  /** Long-term holders + zdds + pages objects that map it (I55). The creator holds the first. */
  ref = 1;

  /** Registers itself with the world as the home of the device's pages; one pagemap a device. */
  constructor(state: PagemapState, config: PagemapConfig) {
    this.state = state;
    this.device = config.device;
    this.owner = config.owner;
    this.ops = config.ops;
    state.register(this);
    state.world.devices[config.device] = createMmDevice(state, config.device);
  }

  get(): this {
    assert(this.ref > 0, () => `pagemap ${this.device}: get after the last put`);
    this.ref++;
    return this;
  }

  /** Drops one reference; the last one tears the pagemap down (§4.10 without a cache: directly). */
  put(): void {
    assert(this.ref > 0, () => `pagemap ${this.device}: more puts than gets`);
    if (--this.ref > 0) return;
    this.state.unregister(this);
    this.ops.destroy?.(this, true);
  }
}
