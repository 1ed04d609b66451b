// A GPU address space that mirrors a process: its mappings, its ranges, its page tables and the locks around them.
import { assert, present } from '../../base/assert.ts';
import { type Errno, isErrno } from '../../base/errno.ts';
import type { Vpn } from '../../base/units.ts';
import type { Command } from '../../engine/plan/commands.ts';
import type { Mm } from '../mm/mm.ts';
import type { Fence } from '../sched/fence.ts';
import type { Op } from '../sched/op.ts';
import { LOCK_RANK, RwLock } from '../sched/rw-lock.ts';
import { svmCtx } from '../svm/ctx.ts';
import type { SvmRange } from '../svm/range.ts';
import { GpuSvm, svmFini } from '../svm/svm.ts';
import type { XeDevice } from './device.ts';
import { collectInBackground } from './garbage-collector.ts';
import { invalidateRanges } from './invalidate.ts';
import { LivelockDetector } from './livelock.ts';
import { PageTables } from './pt.ts';
import { RangeFault } from './range-fault.ts';
import { ServiceOutcome } from './service-outcome.ts';
import { STAT } from './stats.ts';
import { mirrorVma, type XeVma } from './vma.ts';

export interface XeVmConfig {
  /** Span of the one mirror mapping. */
  readonly startVpn: Vpn;
  readonly endVpn: Vpn;
  readonly name?: string;
  /** Attributes of the mirror mapping that differ from the defaults. */
  readonly attributes?: Partial<XeVma>;
}

export class XeVm {
  readonly device: XeDevice;
  readonly mm: Mm;
  readonly asid: number;
  readonly svm: GpuSvm;
  readonly pt: PageTables;
  /** Serialises faults, collection and close of this VM. */
  readonly lock: RwLock;
  /** Reservation of the VM: serialises page-table updates; its fences are `lastFence`. */
  readonly resv: RwLock;
  /** Mappings in ascending order, disjoint. Replace entries, never change them. */
  vmas: XeVma[];
  /** Unmapped ranges, first in first out (xe.md §2.1 step 6). */
  readonly gcList: SvmRange[] = [];
  /** A background collection is on its way. */
  gcScheduled = false;
  /** size == 0 in the driver. */
  closed = false;
  /** Killed after an error that left its page tables or mappings unknown. */
  banned = false;
  lastFaultVma: XeVma | null = null;
  /** Youngest page-table job. The queue is in order: once it is done, so are all before it. */
  lastFence: Fence | null = null;
  /** What the last service came to. */
  readonly outcome = new ServiceOutcome();
  readonly livelocks = new LivelockDetector();
  readonly rangeFault = new RangeFault(svmCtx());
  /** The ladder that the svm holds; changed in place when the options change. */
  private readonly chunks: number[];
  private chunkSource: readonly number[];
  /** Called after each collected range; EAGAIN: the mapping was replaced (xe.md §2.4). The default knows no autoreset. */
  resetAttributes: (vm: XeVm, startVpn: Vpn, endVpn: Vpn) => 0 | 'EAGAIN' | 'EINVAL' = keepAttributes;

  constructor(device: XeDevice, mm: Mm, config: XeVmConfig, asid: number, pt: PageTables) {
    const { world, driver, options } = device;
    this.device = device;
    this.mm = mm;
    this.asid = asid;
    this.pt = pt;
    this.chunkSource = options.chunkPages;
    this.chunks = [...options.chunkPages];
    const name = config.name ?? `vm${this.asid}`;
    this.lock = new RwLock(world.sched, `${name} lock`, LOCK_RANK.vm);
    this.resv = new RwLock(world.sched, `${name} resv`, LOCK_RANK.resv);
    this.vmas = [mirrorVma(config.startVpn, config.endVpn, config.attributes)];
    this.svm = new GpuSvm(world, {
      name,
      mm,
      startVpn: config.startVpn,
      endVpn: config.endVpn,
      notifierPages: options.notifierPages,
      chunkPages: this.chunks,
      ops: { invalidate: (_svm, notifier, event) => invalidateRanges(this, notifier, event) },
      device: device.index,
    });
    this.svm.setDriverLock(this.lock);
    this.lastFence = pt.setupFence;
    driver.add(this);
  }

  /** Mapping that contains `vpn`; null also once the VM is banned (xe.md §1.3 step 5). */
  findVma(vpn: Vpn): XeVma | null {
    if (this.banned) return null;
    return this.vmas.find((vma) => vma.startVpn <= vpn && vpn < vma.endVpn) ?? null;
  }

  /** As `findVma`, trying the mapping of the last fault first, if it still exists (quirk Q6 without its dead pointer). */
  faultVma(vpn: Vpn): XeVma | null {
    const last = this.lastFaultVma;
    const hit = last !== null && last.startVpn <= vpn && vpn < last.endVpn && !this.banned;
    return hit && this.vmas.includes(last) ? last : this.findVma(vpn);
  }

  /** Ranges made from now on come from `ladder`; those that exist keep their size. */
  syncChunks(ladder: readonly number[]): void {
    if (this.chunkSource === ladder) return;
    this.chunkSource = ladder;
    this.chunks.splice(0, this.chunks.length, ...ladder);
  }

  /** The collector has something to do or something to refuse. */
  get needsCollection(): boolean {
    return this.gcList.length > 0 || this.closed || this.banned;
  }

  /** Queues page-table commands and remembers their fence. */
  submit(label: string, commands: readonly Command[]): Fence {
    this.lastFence = this.pt.submit(label, commands);
    return this.lastFence;
  }

  /** A page-table job must be waited for; never in the `pipelined` mode, where queue order suffices. */
  get busy(): boolean {
    const fence = this.lastFence;
    return fence !== null && !fence.signaled && this.device.options.waitMode === 'wait';
  }

  /** Waits for all page-table jobs so far. Ask `busy` first where it matters that nothing is waited for. */
  *idle(): Op<void> {
    if (this.busy) yield* present(this.lastFence, 'fence').wait();
  }

  /** Queues the collector behind whoever holds the lock. */
  scheduleCollection(): void {
    if (this.gcScheduled) return;
    this.gcScheduled = true;
    this.device.world.sched.spawn(`gc asid=${this.asid}`, collectInBackground(this));
  }

  /** Kills the VM: lookups return nothing from now on (I-G4). */
  ban(why: string): void {
    this.banned = true;
    const { sched, events } = this.device.world;
    events.emit(sched.now, { kind: 'note', text: `asid=${this.asid} banned: ${why}` });
  }
}

/** A VM over `mm` with one mirror mapping. ENOMEM: no VRAM for its root table. */
export function createXeVm(device: XeDevice, mm: Mm, config: XeVmConfig): XeVm | Errno {
  assert(config.startVpn < config.endVpn, 'the mirror mapping is empty');
  const { vram, space, caps, queue, world, driver } = device;
  const asid = driver.allocAsid();
  const { rootLevel, need64K } = caps;
  const pt = PageTables.create({ vram, jobs: world.jobs, queue, space, rootLevel, asid, need64k: need64K });
  return isErrno(pt) ? pt : new XeVm(device, mm, config, asid, pt);
}

/**
 * Closes the VM (xe.md §2.6): no fault is served any more, the root table is zeroed, all of its TLB lines go, and all
 * ranges and notifiers are dropped. Notifiers that still run meanwhile only unmap pages.
 */
export function* closeXeVm(vm: XeVm): Op<void> {
  yield* vm.lock.write();
  // Held until the tables are gone: a callback that sees the VM closed leaves them alone.
  yield* vm.svm.notifierLock.read();
  vm.closed = true;
  yield* vm.idle();
  const fence = vm.submit('close', vm.pt.close());
  vm.device.stats.add(STAT.tlbInvalCount, vm.device.gtCount);
  yield* fence.wait();
  vm.svm.notifierLock.unlockRead();
  vm.gcList.length = 0;
  yield* svmFini(vm.svm);
  vm.device.driver.remove(vm);
  vm.lock.unlockWrite();
}

function keepAttributes(vm: XeVm, startVpn: Vpn): 0 | 'EINVAL' {
  return vm.findVma(startVpn) === null ? 'EINVAL' : 0;
}
