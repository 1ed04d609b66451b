// Device-memory allocations as migration sees them: what a driver must supply so that pages can live in its VRAM.
import { assert } from '../../base/assert.ts';
import type { Status } from '../../base/errno.ts';
import { isPowerOfTwo, type Ns, type Pfn, type Vpn } from '../../base/units.ts';
import type { Mm } from '../mm/mm.ts';
import { type Fence, WaitQueue } from '../sched/fence.ts';
import type { Op } from '../sched/op.ts';
import type { Pagemap } from './pagemap.ts';

/**
 * Pages of one copy. Slot i pairs a device page with a page of the other side (mm/pages.ts·NO_PFN: none);
 * only slots below `n` count.
 * `devicePfn` none: the slot takes no part. `ramPfn` none: a hole, which `copyToDevmem` zero-fills (S16) and
 * `copyToRam` never sees beside a device page. When a peer device is the copier, `ramPfn` is a page in the
 * destination's VRAM. The vector belongs to the caller and is reused as soon as the copy op returns.
 */
export interface CopyVector {
  n: number;
  readonly devicePfn: Uint32Array;
  readonly ramPfn: Uint32Array;
  /** Null: every slot is one page. Otherwise slot i covers 2^order[i] pages and the slots behind it are none. */
  order: Uint8Array | null;
}

/** What the driver does for an allocation (gpusvm-and-pagemap.md §1.9). */
export interface DevmemOps {
  /** Drops the reference on the memory that the allocation holds. Called exactly once (I41). */
  devmemRelease(a: DevmemAllocation): void;
  /** Writes the allocation's page frames, in order, into `pfns` (one slot a page). */
  populateDevmemPfn(a: DevmemAllocation, pfns: Uint32Array): Status;
  /** Copies system pages into device pages; complete when it returns, except in the `pipelined` wait mode. */
  copyToDevmem(a: DevmemAllocation, v: CopyVector): Op<Status>;
  /** Copies device pages out. An error must leave the device pages as they were. */
  copyToRam(a: DevmemAllocation, v: CopyVector): Op<Status>;
}

export interface DevmemConfig {
  readonly mm: Mm;
  /** A power of two: the CPU-fault window is this size, aligned (§4.4). */
  readonly pages: number;
  readonly ops: DevmemOps;
  readonly dpagemap: Pagemap;
  /** Start of the span that the allocation is made for; events only. */
  readonly startVpn: Vpn;
  readonly preMigrateFence?: Fence | null;
}

/** One piece of VRAM with the address space that it serves. Drivers extend it or close over their buffer object. */
export class DevmemAllocation {
  readonly device: number;
  readonly mm: Mm;
  readonly pages: number;
  readonly ops: DevmemOps;
  readonly dpagemap: Pagemap;
  readonly startVpn: Vpn;
  /** A CPU fault before this time leaves the pages where they are (§4.4). */
  timesliceExpiration: Ns = 0;
  /** Must have signaled before the copy op writes; the copy op waits for it. Null once the first copy is done. */
  preMigrateFence: Fence | null;
  /** Woken when the last device page is gone. */
  readonly detached = new WaitQueue('devmem detached');
  detachedDone = false;
  /** Set by `releaseDevmem`. */
  released = false;

  constructor(config: DevmemConfig) {
    assert(isPowerOfTwo(config.pages), () => `allocation of ${config.pages} pages: not a power of two`);
    this.device = config.dpagemap.device;
    this.mm = config.mm;
    this.pages = config.pages;
    this.ops = config.ops;
    this.dpagemap = config.dpagemap;
    this.startVpn = config.startVpn;
    this.preMigrateFence = config.preMigrateFence ?? null;
  }
}

/** True when the three ops that migration cannot do without are there (`pm:migrate_to_devmem`). */
export function opsComplete(ops: Partial<DevmemOps>): boolean {
  return ops.populateDevmemPfn !== undefined && ops.copyToDevmem !== undefined && ops.copyToRam !== undefined;
}

/** Gives the allocation back to its driver; a second time is a bug (I41). */
export function releaseDevmem(a: DevmemAllocation): void {
  assert(!a.released, () => `allocation for page ${a.startVpn} released twice`);
  a.released = true;
  a.preMigrateFence = null;
  a.ops.devmemRelease(a);
}

/** Appends one slot. */
export function pushCopy(v: CopyVector, devicePfn: Pfn, ramPfn: Pfn): void {
  v.devicePfn[v.n] = devicePfn;
  v.ramPfn[v.n] = ramPfn;
  v.n++;
}
