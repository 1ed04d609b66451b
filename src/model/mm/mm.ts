// One process address space: its areas, CPU page table, lock and notifier subscriptions, and the calls that change them.
import { assert } from '../../base/assert.ts';
import type { Errno, Status } from '../../base/errno.ts';
import type { Ns, Pfn, Vpn } from '../../base/units.ts';
import type { EventSink } from '../event/event.ts';
import type { JobQueue } from '../sched/job-queue.ts';
import type { Op } from '../sched/op.ts';
import { LOCK_RANK, RwLock } from '../sched/rw-lock.ts';
import type { Sched } from '../sched/sched.ts';
import { cpuMadvise, type CpuAdvice } from './advise.ts';
import { createArea } from './area.ts';
import { forkMm } from './fork.ts';
import { mapRegion, type MapRequest } from './map.ts';
import { lockPages, unlockPages } from './mlock.ts';
import { Subscriptions } from './notifier.ts';
import { CpuPageTable } from './page-table.ts';
import type { PageStore } from './pages.ts';
import { pinPages, type Pins } from './pin.ts';
import { protectRange } from './protect.ts';
import { remapRange, type RemapRequest } from './remap.ts';
import { discardRange, tearDown, unmapRange } from './unmap.ts';
import { type Vma, VmaSet, type VmaAttributes } from './vma.ts';

/** What mm asks of a device whose memory holds pages. */
export interface MmDevice {
  /**
   * Bring the device page `pfn`, which the CPU touches at `vpn`, back to RAM (gpusvm-and-pagemap.md §4.4). The caller
   * holds the mmap lock, the page lock and a reference. 0 without a changed entry: nothing moved, the CPU faults again.
   */
  migrateToRam(mm: Mm, vma: Vma, vpn: Vpn, pfn: Pfn): Op<Status>;
  /** When the page's timeslice ends; a time not after now = it is not gated. */
  gateUntil?(pfn: Pfn): Ns;
}

export interface MmWorld {
  readonly sched: Sched;
  readonly jobs: JobQueue;
  readonly pages: PageStore;
  readonly events: EventSink;
  /** Processes by id; those that exited stay. */
  readonly mms: Map<number, Mm>;
  readonly devices: MmDevice[];
  /** Owner of each device's pages, compared by identity; null matches nobody. */
  readonly deviceOwners: (object | null)[];
}

/** Permissions that mprotect sets. */
export interface Protection {
  readonly read: boolean;
  readonly write: boolean;
}

/** A process with no areas, one user, registered in `world.mms`. */
export function createMm(world: MmWorld, name: string): Mm {
  const mm = new Mm(world, world.mms.size + 1, name);
  world.mms.set(mm.id, mm);
  return mm;
}

export class Mm {
  readonly world: MmWorld;
  readonly id: number;
  readonly name: string;
  /** Holders that keep the address space alive (mm_users); 0 after exit. */
  users = 1;
  readonly mmapLock: RwLock;
  readonly subscriptions: Subscriptions;
  readonly table = new CpuPageTable();
  /** Changed under the mmap lock held for writing. */
  readonly areas = new VmaSet();
  /** A 2 MiB mapping exists or existed: whoever changes parts of mappings looks for them only then. */
  hadHuge = false;
  private exited = false;

  constructor(world: MmWorld, id: number, name: string) {
    this.world = world;
    this.id = id;
    this.name = name;
    this.mmapLock = new RwLock(world.sched, `mmap ${name}`, LOCK_RANK.mmap);
    this.subscriptions = new Subscriptions(world.sched, this, name);
  }

  /** The area that contains `vpn`, or null. */
  findVma(vpn: Vpn): Vma | null {
    return this.areas.find(vpn);
  }

  /** The first area that overlaps [start, end), or null. */
  findVmaIntersection(start: Vpn, end: Vpn): Vma | null {
    return this.areas.firstOverlap(start, end);
  }

  /** Areas in ascending order. */
  vmas(): Iterable<Vma> {
    return this.areas.all();
  }

  /**
   * Maps [startVpn, startVpn + pages); nothing is present until it is touched. Takes no lock: for set-up and tests.
   * EINVAL: empty, overlapping, or the process is gone.
   */
  mmap(startVpn: Vpn, pages: number, attributes: Partial<VmaAttributes> = {}): Status {
    if (this.users === 0 || startVpn < 0 || !(pages > 0)) return 'EINVAL';
    if (this.areas.firstOverlap(startVpn, startVpn + pages) !== null) return 'EINVAL';
    this.areas.insert(createArea(this.world, startVpn, pages, attributes));
    return 0;
  }

  /** Unmaps [start, end), splitting areas at its edges (event UNMAP). EINVAL: empty span. */
  munmap(start: Vpn, end: Vpn): Op<Status> {
    return unmapRange(this, start, end);
  }

  /** Changes permissions of [start, end) (event PROTECTION_VMA). ENOMEM: a hole; what lies before it has changed. */
  mprotect(start: Vpn, end: Vpn, protection: Protection): Op<Status> {
    return protectRange(this, start, end, protection);
  }

  /** Drops the content of [start, end), keeping the areas (MADV_DONTNEED, event CLEAR). EINVAL: empty span. */
  discard(start: Vpn, end: Vpn): Op<Status> {
    return discardRange(this, start, end);
  }

  /** mmap as a process does it: finds or clears the place, populates. Returns the first page (map.ts). */
  map(request: MapRequest): Op<Vpn | Errno> {
    return mapRegion(this, request);
  }

  /** Moves or resizes a mapping (event UNMAP for the old span); returns where it is now (remap.ts). */
  mremap(request: RemapRequest): Op<Vpn | Errno> {
    return remapRange(this, request);
  }

  /** A child process with the same memory, copied when written (event PROTECTION_PAGE) (fork.ts). */
  fork(name: string): Op<Mm | Errno> {
    return forkMm(this, () => createMm(this.world, name));
  }

  /** Advice of the process on its memory (advise.ts). */
  madvise(start: Vpn, end: Vpn, advice: CpuAdvice): Op<Status> {
    return cpuMadvise(this, start, end, advice);
  }

  /** Keeps [start, end) in RAM or on a device, never swapped out (mlock.ts). */
  mlock(start: Vpn, end: Vpn): Op<Status> {
    return lockPages(this, start, end);
  }

  munlock(start: Vpn, end: Vpn): Op<Status> {
    return unlockPages(this, start, end);
  }

  /** Pins [start, end) for long: the pages stay where they are until the pins are released (pin.ts). */
  pin(start: Vpn, end: Vpn, write: boolean): Op<Pins | Errno> {
    return pinPages(this, start, end, write);
  }

  /** The process ends: drops its own use of the address space; the last user tears it down (event RELEASE). */
  *exit(): Op<void> {
    assert(!this.exited, () => `${this.name} exits twice`);
    this.exited = true;
    yield* this.putUser();
  }

  /** Keeps the address space alive; false when it is gone already (mmget_not_zero). */
  tryGetUser(): boolean {
    if (this.users === 0) return false;
    this.users++;
    return true;
  }

  /** Drops one use; the last one tears the address space down (mmput). */
  *putUser(): Op<void> {
    assert(this.users > 0, () => `users of ${this.name} underflow`);
    this.users--;
    if (this.users === 0) yield* tearDown(this);
  }
}
