// GpuSvm: one mirrored address space of a GPU. Guarantees that when the CPU changes a page, every range over it hears first.
//
// Read on: find-or-insert.ts makes ranges, get-pages.ts obtains their pages, unmap.ts drops them, pagemap/ moves them.
import { assert } from '../../base/assert.ts';
import { type Errno, isErrno, type Status } from '../../base/errno.ts';
import { isPowerOfTwo, type Vpn } from '../../base/units.ts';
import type { Mm, MmWorld } from '../mm/mm.ts';
import type { InvalidateEvent } from '../mm/notifier.ts';
import { pagemapsOf, type PagemapState } from '../pagemap/pagemap-state.ts';
import { SizedPool } from '../pagemap/sized-pool.ts';
import type { Op } from '../sched/op.ts';
import { LOCK_RANK, RwLock } from '../sched/rw-lock.ts';
import { HmmScratchPool } from './hmm-scratch.ts';
import { IntervalIndex } from './interval-index.ts';
import type { SvmNotifier } from './notifier.ts';
import { makeSlots, type PageSlots } from './pages.ts';
import type { SvmRange } from './range.ts';
import { rangeRemove, unregister } from './range-remove.ts';

/** Driver side (gpusvm-and-pagemap.md §4.9). */
export interface SvmOps {
  /**
   * The CPU is about to change [event.startVpn, event.endVpn). Runs with notifierLock held for writing and the new
   * sequence set. Must zap, flush, then unmap the pages of every overlapping range before it returns (I30).
   */
  invalidate(svm: GpuSvm, notifier: SvmNotifier, event: InvalidateEvent): Op<void>;
  /** The last reference on a range is gone. */
  rangeFree?(range: SvmRange): void;
}

/** Things whose allocation may fail under fault injection. */
export type SvmFailPoint = 'notifier' | 'range' | 'scratch' | 'array';

export interface GpuSvmConfig {
  readonly name: string;
  /** Null selects simple mode: pages objects with notifiers of their own, no ranges (S30). */
  readonly mm: Mm | null;
  /** Accepted faults: [startVpn, endVpn], the end included (§2.1 step 1, off by one as in the source). */
  readonly startVpn: Vpn;
  readonly endVpn: Vpn;
  /** Pages of one notifier window: a power of two. */
  readonly notifierPages: number;
  /** Candidate range sizes: powers of two, descending, the last normally 1. */
  readonly chunkPages: readonly number[];
  readonly ops: SvmOps | null;
  /** Device that the mappings are for; 0 unless given. */
  readonly device?: number;
}

export class GpuSvm {
  readonly world: MmWorld;
  readonly name: string;
  /** The mirrored address space; null in simple mode and after fini. */
  mm: Mm | null;
  readonly startVpn: Vpn;
  readonly endVpn: Vpn;
  readonly notifierPages: number;
  readonly chunkPages: readonly number[];
  readonly ops: SvmOps | null;
  readonly device: number;
  readonly pagemaps: PagemapState;
  /** The callback writes; everybody else reads. May be held across waits of the callback (§5.2). */
  readonly notifierLock: RwLock;
  /** Ascending, disjoint. */
  readonly notifiers = new IntervalIndex<SvmNotifier>();
  readonly scratch = new HmmScratchPool();
  /** Entry arrays of pages objects, by size. */
  readonly slots = new SizedPool<PageSlots>(makeSlots);
  /** Fault injection: true makes the allocation fail. */
  failPoint: (what: SvmFailPoint) => boolean = () => false;
  /** Times that get_pages had to start again, by reason (gpusvm-and-pagemap.md §6.2). */
  readonly stats = { hmmRetries: 0, seqCollisions: 0 };
  private driverLock: RwLock | null = null;

  /** Use `svmInit` where bad arguments are possible; here they are a bug. */
  constructor(world: MmWorld, config: GpuSvmConfig) {
    assert(checkConfig(config) === 0, () => `svm ${config.name}: bad mode arguments`);
    this.world = world;
    this.name = config.name;
    this.mm = config.mm;
    this.startVpn = config.startVpn;
    this.endVpn = config.endVpn;
    this.notifierPages = config.notifierPages;
    this.chunkPages = config.chunkPages;
    this.ops = config.ops;
    this.device = config.device ?? 0;
    this.pagemaps = pagemapsOf(world);
    this.notifierLock = new RwLock(world.sched, `${config.name} notifier`, LOCK_RANK.notifier);
  }

  /** Names the lock that find-or-insert and remove must be called under; only once (I12). */
  setDriverLock(lock: RwLock): void {
    assert(this.driverLock === null, () => `svm ${this.name}: the driver lock is set already`);
    this.driverLock = lock;
  }

  assertDriverLocked(what: string): void {
    const lock = this.driverLock;
    if (lock === null) return;
    assert(lock.isHeldBy(this.world.sched.currentTask()), () => `${what} without ${lock.name}`);
  }

  assertNotifierWrite(what: string): void {
    const task = this.world.sched.currentTask();
    assert(this.notifierLock.isWriteHeldBy(task), () => `${what} without ${this.notifierLock.name} (write)`);
  }

  /**
   * The interval notifier's callback: a blockable event takes notifierLock for writing, publishes the sequence, then
   * lets the driver act; a non-blockable one is refused untouched (gpusvm-and-pagemap.md §4.9, I35, I36).
   */
  *invalidate(notifier: SvmNotifier, event: InvalidateEvent, cur: number): Op<boolean> {
    if (!event.blockable) return false;
    yield* this.notifierLock.write();
    notifier.interval.setSeq(cur);
    if (this.ops !== null) yield* this.ops.invalidate(this, notifier, event);
    this.notifierLock.unlockWrite();
    return true;
  }
}

/** Creates a GpuSvm. EINVAL for arguments that fit neither mode (gpusvm-and-pagemap.md §1.2, `svm:init`). */
export function svmInit(world: MmWorld, config: GpuSvmConfig): GpuSvm | Errno {
  const status = checkConfig(config);
  return isErrno(status) ? status : new GpuSvm(world, config);
}

/**
 * Tears the mirror down: per notifier first the registration, so that no callback can run any more, then its ranges.
 * Waits for a running invalidation (RC14). Driver lock held (gpusvm-and-pagemap.md §3.6, `svm:fini`).
 */
export function* svmFini(svm: GpuSvm): Op<void> {
  svm.assertDriverLocked('fini');
  for (const notifier of svm.notifiers) {
    yield* unregister(svm, notifier);
    for (const range of notifier.ranges) yield* rangeRemove(svm, range);
  }
  svm.mm = null;
  assert(svm.notifiers.size === 0, () => `svm ${svm.name}: ${svm.notifiers.size} notifiers left after fini`);
}

function checkConfig(config: GpuSvmConfig): Status {
  if (config.mm === null) return simpleModeFits(config) ? 0 : 'EINVAL';
  if (config.ops === null || config.chunkPages.length === 0) return 'EINVAL';
  // The source does not check these and computes nonsense with other sizes; here they are a bug of the caller.
  assert(isPowerOfTwo(config.notifierPages), () => `notifier of ${config.notifierPages} pages: not a power of two`);
  assert(config.chunkPages.every(isPowerOfTwo), () => `chunks ${config.chunkPages.join()}: not powers of two`);
  return 0;
}

function simpleModeFits(config: GpuSvmConfig): boolean {
  const noRange = config.endVpn === config.startVpn && config.notifierPages === 0;
  return config.ops === null && config.chunkPages.length === 0 && noRange;
}
