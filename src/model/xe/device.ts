// One Xe device with one tile and one GT: its VRAM, copy engine, pagemap, policy, options and counters.
import { VRAM_SPACE, type SpaceId } from '../../engine/plan/commands.ts';
import { LOCK_RANK, RwLock } from '../sched/rw-lock.ts';
import { NO_SERVICE_COST, type ServiceCost } from '../cost/job-cost.ts';
import { Pagemap } from '../pagemap/pagemap.ts';
import { pagemapsOf } from '../pagemap/pagemap-state.ts';
import { createMmDevice } from '../pagemap/to-ram.ts';
import type { MigrationPolicy } from '../policy/policy.ts';
import { XeGpusvmPolicy } from '../policy/xe-gpusvm.ts';
import { VramManager } from '../vram/vram.ts';
import type { World } from '../world.ts';
import { BMG, type DeviceCaps } from './device-caps.ts';
import { XePagemapOps } from './devmem.ts';
import { driverOf, type XeDriver } from './driver.ts';
import { MigrateEngine } from './migrate-engine.ts';
import { makeXeOptions, type XeOptions } from './options.ts';
import { GtStats } from './stats.ts';

export interface XeDeviceConfig {
  /** 0, 1, …: its VRAM is memory space `VRAM_SPACE + index` of the executor. */
  readonly index: number;
  /** All of its VRAM in pages, page tables and the migrate VM included. */
  readonly vramPages: number;
  /** Most pages that buffer objects may take; the rest is the reserve for tables. Default: all. */
  readonly dataPages?: number;
  /** Page tables lie below this frame of VRAM (an executor with several buffers walks the first). Default: anywhere. */
  readonly tableLimitPages?: number;
  /** Default BMG. */
  readonly caps?: DeviceCaps;
  /** Kept, not copied: the holder of the object tunes the running device. Default: `makeXeOptions()`. */
  readonly options?: XeOptions;
  /** What the handler's own work costs on the model clock. Default: nothing. */
  readonly serviceCost?: ServiceCost;
  /** Interconnect group: devices and VMs with the same object reach each other's VRAM. Default: a group of its own. */
  readonly owner?: object;
}

export class XeDevice {
  readonly index: number;
  readonly space: SpaceId;
  readonly world: World;
  readonly driver: XeDriver;
  readonly caps: DeviceCaps;
  readonly options: XeOptions;
  readonly policy: MigrationPolicy;
  readonly serviceCost: ServiceCost;
  readonly owner: object;
  readonly vram: VramManager;
  readonly migrate: MigrateEngine;
  readonly pagemap: Pagemap;
  readonly stats = new GtStats();
  /** Validation lock: an allocation that failed runs once more with nobody else allocating (xe.md §3.6). */
  readonly validation: RwLock;
  /** Set by an unplug: nothing can be moved to this device any more. */
  unplugged = false;

  constructor(world: World, config: XeDeviceConfig) {
    const { index, tableLimitPages = config.vramPages } = config;
    this.index = index;
    this.space = VRAM_SPACE + index;
    this.world = world;
    this.driver = driverOf(world);
    this.caps = config.caps ?? BMG;
    this.options = config.options ?? makeXeOptions();
    this.serviceCost = config.serviceCost ?? NO_SERVICE_COST;
    this.owner = config.owner ?? {};
    this.validation = new RwLock(world.sched, `validation ${index}`, LOCK_RANK.validation);
    this.vram = new VramManager(world, {
      device: index,
      pages: config.vramPages,
      dataPages: config.dataPages ?? config.vramPages,
      // Data keeps away from where tables must be, as it does from the visible part of a small BAR.
      topDown: tableLimitPages < config.vramPages,
      tableLimitPages,
    });
    const { jobs, pages } = world;
    this.migrate = new MigrateEngine({
      vram: this.vram,
      jobs,
      pages,
      space: this.space,
      mode: this.options.copyMode,
      need64k: this.caps.need64K,
    });
    const state = pagemapsOf(world);
    this.pagemap = new Pagemap(state, { device: index, owner: this.owner, ops: new XePagemapOps(this) });
    world.devices[index] = createMmDevice(state, index);
    this.policy = new XeGpusvmPolicy(this.caps, this.options, this.localPagemap);
  }

  /** Device memory of the faulting tile; null on integrated devices. */
  get localPagemap(): Pagemap | null {
    return this.caps.discrete ? this.pagemap : null;
  }

  /** Name of the one in-order queue for copies and page-table writes. */
  get queue(): string {
    return this.migrate.queue;
  }

  /** GTs that a TLB invalidation goes to: the primary one, and the media one where there is one. */
  get gtCount(): number {
    return this.caps.mediaGt ? 2 : 1;
  }
}

/** A device with its VRAM empty, registered with the world as the home of its device pages. */
export function createXeDevice(world: World, config: XeDeviceConfig): XeDevice {
  return new XeDevice(world, config);
}
