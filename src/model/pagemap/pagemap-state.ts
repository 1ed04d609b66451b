// What all pagemaps of one machine share: the zdd table, scratch vectors, options and the page-free callback.
import { assert } from '../../base/assert.ts';
import type { Ns, Pfn } from '../../base/units.ts';
import type { Cause } from '../event/event.ts';
import { MigrateVectors } from '../mm/migrate.ts';
import type { MmWorld } from '../mm/mm.ts';
import type { PageStore } from '../mm/pages.ts';
import type { Task } from '../sched/task.ts';
import type { CopyVector, DevmemAllocation } from './devmem.ts';
import type { Pagemap } from './pagemap.ts';
import { SizedPool } from './sized-pool.ts';
import { NO_ZDD, ZddTable } from './zdd.ts';

/** Things whose allocation may fail under fault injection. 'dma-map' is the mapping of copy sources or targets. */
export type FailPoint = 'vectors' | 'zdd' | 'ram-page' | 'dma-map';

export interface PagemapOptions {
  /**
   * Migration to a device also collects device-private pages (own ones and those of peers). xe.md §3.7 has it in V70,
   * gpusvm-and-pagemap.md §4.2 calls it `opt.d2d`; with a single device only the answer for spans that are in VRAM
   * already differs (0 instead of EBUSY).
   */
  deviceToDevice: boolean;
}

/** Counts that reports show (gpusvm-and-pagemap.md §6.2, model additions). */
export interface PagemapStats {
  timesliceRefusals: number;
  evictAttempts: number;
  /** CPU-fault migrations that failed: each is a SIGBUS. */
  sigbus: number;
  zeroFilledPages: number;
}

export class PagemapState {
  readonly world: MmWorld;
  readonly zdds = new ZddTable();
  /** By device index. */
  readonly pagemaps: (Pagemap | null)[] = [];
  readonly options: PagemapOptions = { deviceToDevice: true };
  readonly stats: PagemapStats = { timesliceRefusals: 0, evictAttempts: 0, sigbus: 0, zeroFilledPages: 0 };
  /** Fault injection: true makes the allocation fail. */
  failPoint: (what: FailPoint) => boolean = () => false;
  /** Why a task faults pages on the CPU's behalf, so that the migration home names its real reason. */
  readonly causes = new Map<Task, Cause>();
  /** Migrations between set-up and finalize; while 0 no page is frozen (I43). */
  active = 0;
  /** Live DMA mappings of copies; 0 whenever no copy runs (B7). */
  dmaMapped = 0;
  private readonly vectorPool = new SizedPool((capacity) => new MigrateVectors(capacity));
  private readonly copyPool = new SizedPool(createCopyVector);

  constructor(world: MmWorld) {
    this.world = world;
    world.pages.onDeviceFree = (pfn) => this.deviceFreed(pfn);
  }

  register(pagemap: Pagemap): void {
    assert(!this.pagemaps[pagemap.device], () => `device ${pagemap.device} has a pagemap already`);
    this.pagemaps[pagemap.device] = pagemap;
    this.world.deviceOwners[pagemap.device] = pagemap.owner;
  }

  unregister(pagemap: Pagemap): void {
    this.pagemaps[pagemap.device] = null;
    this.world.deviceOwners[pagemap.device] = null;
  }

  /** Pagemap that provides a device page; null when the page belongs to no live zdd. */
  pagemapOf(pfn: Pfn): Pagemap | null {
    const zdd = this.zddOf(pfn);
    return zdd === NO_ZDD ? null : this.zdds.allocation(zdd).dpagemap;
  }

  zddOf(pfn: Pfn): number {
    return this.world.pages.zdd[pfn] ?? NO_ZDD;
  }

  /** Allocation that a device page in use belongs to. */
  allocationOf(pfn: Pfn): DevmemAllocation {
    return this.zdds.allocation(this.zddOf(pfn));
  }

  /** Time before which a CPU touch of the device page is refused (S2); 0 = never. */
  gateUntil(pfn: Pfn): Ns {
    const zdd = this.zddOf(pfn);
    return zdd === NO_ZDD ? 0 : this.zdds.allocation(zdd).timesliceExpiration;
  }

  /** Vectors for `size` slots with every slot empty; null when injection says so. */
  takeVectors(size: number): MigrateVectors | null {
    if (this.failPoint('vectors')) return null;
    const vectors = this.vectorPool.take(size);
    vectors.reset(size);
    return vectors;
  }

  giveVectors(size: number, vectors: MigrateVectors): void {
    this.vectorPool.give(size, vectors);
  }

  takeCopy(size: number): CopyVector {
    const copy = this.copyPool.take(size);
    copy.n = 0;
    return copy;
  }

  giveCopy(size: number, copy: CopyVector): void {
    this.copyPool.give(size, copy);
  }

  private deviceFreed(pfn: Pfn): void {
    const zdd = this.zddOf(pfn);
    assert(zdd !== NO_ZDD, () => `device page ${pfn} freed without a zdd`);
    this.world.pages.zdd[pfn] = NO_ZDD;
    this.zdds.put(zdd);
  }
}

const states = new WeakMap<PageStore, PagemapState>();

/** The one PagemapState of a world, made on first use. It lives beside the PageStore, whose zdd ids it owns. */
export function pagemapsOf(world: MmWorld): PagemapState {
  const state = states.get(world.pages) ?? new PagemapState(world);
  states.set(world.pages, state);
  return state;
}

function createCopyVector(capacity: number): CopyVector {
  return { n: 0, devicePfn: new Uint32Array(capacity), ramPfn: new Uint32Array(capacity), order: null };
}
