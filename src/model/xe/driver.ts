// What all devices of one world share: address-space ids, the table from id to VM, and the driver-wide migration lock.
import { assert } from '../../base/assert.ts';
import { LOCK_RANK, RwLock } from '../sched/rw-lock.ts';
import type { World } from '../world.ts';
import { MAX_ASID } from './fault-record.ts';
import type { XeVm } from './vm.ts';

export class XeDriver {
  /** Serialises populates that raced: shared normally, exclusive to evict and try again (xe.md §3.2). */
  readonly migrateLock: RwLock;
  private readonly vms = new Map<number, XeVm>();
  private lastAsid = 0;

  constructor(world: World) {
    this.migrateLock = new RwLock(world.sched, 'driver migrate', LOCK_RANK.driverMigrate);
  }

  /** Next free id of 1 … 2^20 − 1, cyclic (xe.md §9). */
  allocAsid(): number {
    assert(this.vms.size < MAX_ASID, 'no address-space id is free');
    do this.lastAsid = this.lastAsid === MAX_ASID ? 1 : this.lastAsid + 1;
    while (this.vms.has(this.lastAsid));
    return this.lastAsid;
  }

  add(vm: XeVm): void {
    this.vms.set(vm.asid, vm);
  }

  remove(vm: XeVm): void {
    this.vms.delete(vm.asid);
  }

  find(asid: number): XeVm | null {
    return this.vms.get(asid) ?? null;
  }
}

const drivers = new WeakMap<World, XeDriver>();

/** The driver of a world; made at the first call. */
export function driverOf(world: World): XeDriver {
  let driver = drivers.get(world);
  if (driver === undefined) {
    driver = new XeDriver(world);
    drivers.set(world, driver);
  }
  return driver;
}
