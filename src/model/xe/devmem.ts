// Device memory of one Xe device: buffer objects behind migrations, their copies, and their eviction (xe.md §3.3–§3.9).
import { type Errno, isErrno, type Status } from '../../base/errno.ts';
import { PAGE_SIZE, type Ns, type Pfn, type Vpn } from '../../base/units.ts';
import type { Completion } from '../../engine/plan/job.ts';
import { SILENT, type Cause } from '../event/event.ts';
import type { Mm } from '../mm/mm.ts';
import { type CopyVector, DevmemAllocation, type DevmemConfig, type DevmemOps } from '../pagemap/devmem.ts';
import { evictToRam } from '../pagemap/evict.ts';
import type { DeviceAddr, Pagemap, PagemapOps } from '../pagemap/pagemap.ts';
import { migrateToDevmem } from '../pagemap/to-devmem.ts';
import type { Op } from '../sched/op.ts';
import { PROTO } from '../svm/pages.ts';
import type { Bo, BoOwner } from '../vram/bo.ts';
import { charge } from './charge.ts';
import type { XeDevice } from './device.ts';
import type { CopyDirection } from './migrate-engine.ts';
import { buildRuns } from './migrate-runs.ts';
import { type GtStats, STAT } from './stats.ts';

const KIB_PER_PAGE = PAGE_SIZE / 1024;

/** A devmem allocation together with its buffer object; it is also who empties the object under memory pressure. */
class SvmBo extends DevmemAllocation implements BoOwner {
  bo: Bo | null = null;
  private readonly stats: GtStats;

  constructor(config: DevmemConfig, stats: GtStats) {
    super(config);
    this.stats = stats;
  }

  /** FIFO eviction by another allocation: moves the pages to RAM by physical frame (xe.md §3.9). */
  *evict(bo: Bo): Op<Status> {
    const values = { bo: bo.id, startVpn: this.startVpn, bytes: bo.pages * PAGE_SIZE };
    const status = yield* evictToRam(this, { rule: 'evict-lru', values });
    if (status === 0) {
      this.stats.addOwn('x_evict_count');
      this.stats.addOwn('x_evict_kb', bo.pages * KIB_PER_PAGE);
    }
    return status;
  }
}

export class XePagemapOps implements PagemapOps {
  private readonly device: XeDevice;
  private readonly ops: DevmemOps;
  /** Reused for every answer: callers copy it at once. */
  private readonly address: DeviceAddr = { proto: 0, frame: 0 };

  constructor(device: XeDevice) {
    this.device = device;
    this.ops = new XeDevmemOps(device);
  }

  /**
   * Moves [startVpn, endVpn) into one new buffer object (xe.md §3.3). ENODEV device gone · ENOMEM no VRAM even alone ·
   * otherwise what `migrateToDevmem` says. The reference of the allocation is consumed in every case.
   */
  *populateMm(pagemap: Pagemap, startVpn: Vpn, endVpn: Vpn, mm: Mm, timesliceNs: Ns, cause: Cause): Op<Status> {
    if (this.device.unplugged) return 'ENODEV';
    const config = { mm, pages: endVpn - startVpn, ops: this.ops, dpagemap: pagemap, startVpn };
    const allocation = new SvmBo(config, this.device.stats);
    const bo = yield* allocBo(this.device, allocation, cause);
    if (isErrno(bo)) return bo;
    allocation.bo = bo;
    bo.get(); // the migration's own reference: a CPU fault or an unmap may end the creation's at any time
    const details = { timesliceNs, canMigrateSamePagemap: false };
    const status = yield* migrateToDevmem(allocation, mm, startVpn, endVpn, details, cause);
    bo.resv.unlockWrite();
    bo.put();
    return status;
  }

  /** Own device: its VRAM frame. Another one: the same frame through the peer protocol (xe.md §3.5). */
  deviceMap(pagemap: Pagemap, forDevice: number, pfn: Pfn): DeviceAddr | null {
    this.address.proto = forDevice === pagemap.device ? PROTO.VRAM : PROTO.P2P;
    this.address.frame = this.device.world.pages.frameOf(pfn);
    return this.address;
  }
}

/** A locked buffer object; after ENOMEM once more with nobody else allocating on the device (xe.md §3.6). */
function* allocBo(device: XeDevice, owner: SvmBo, cause: Cause): Op<Bo | Errno> {
  const { validation, vram } = device;
  const request = { owner, label: 'svm', locked: true, cause };
  if (!validation.tryRead()) yield* validation.read();
  let bo = yield* vram.alloc(owner.pages, request);
  validation.unlockRead();
  if (bo === 'ENOMEM') {
    yield* validation.write();
    bo = yield* vram.alloc(owner.pages, request);
    validation.unlockWrite();
  }
  return bo;
}

class XeDevmemOps implements DevmemOps {
  private readonly device: XeDevice;

  constructor(device: XeDevice) {
    this.device = device;
  }

  devmemRelease(a: DevmemAllocation): void {
    boOf(a).put();
  }

  populateDevmemPfn(a: DevmemAllocation, pfns: Uint32Array): Status {
    const first = this.device.world.pages.pfnOf(this.device.space, boOf(a).frame);
    for (let i = 0; i < a.pages; i++) pfns[i] = first + i;
    return 0;
  }

  copyToDevmem(a: DevmemAllocation, v: CopyVector): Op<Status> {
    return this.copy(a, v, 'to-vram');
  }

  copyToRam(a: DevmemAllocation, v: CopyVector): Op<Status> {
    return this.copy(a, v, 'to-ram');
  }

  /** In `wait` mode 0 means that the bytes are there; in `pipelined` that they will be before anything queued later. */
  private *copy(a: DevmemAllocation, v: CopyVector, direction: CopyDirection): Op<Status> {
    const { world, migrate, options, serviceCost } = this.device;
    if (serviceCost.pageNs > 0) yield* charge(this.device, serviceCost.pageNs * v.n);
    const startNs = world.sched.now;
    if (a.preMigrateFence !== null) yield* a.preMigrateFence.wait();
    const before = migrate.copied;
    const zeroBefore = migrate.zeroFilled;
    const fence = migrate.copy(v, direction);
    if (fence === null) return 0;
    const copied = migrate.copied - before;
    const zeroFilled = migrate.zeroFilled - zeroBefore;
    this.logRuns(v, direction);
    const status = options.waitMode === 'wait' ? copyStatus(yield* fence.wait()) : 0;
    this.count(v.n, direction, copied, zeroFilled, startNs);
    this.logCopied(a, startNs);
    return status;
  }

  private count(n: number, direction: CopyDirection, copied: number, zeroFilled: number, startNs: Ns): void {
    const { stats, world } = this.device;
    const up = direction === 'to-vram';
    const duration = world.sched.now - startNs;
    stats.add(up ? STAT.deviceCopyKb : STAT.cpuCopyKb, copied * KIB_PER_PAGE);
    stats.addUs(up ? STAT.deviceCopyUs : STAT.cpuCopyUs, duration);
    stats.addSizedUs(up ? STAT.deviceCopyUs4K : STAT.cpuCopyUs4K, n, duration);
    stats.addOwn('x_zero_filled_pages', zeroFilled);
    stats.addOwn('x_copy_jobs');
  }

  private logCopied(a: DevmemAllocation, startNs: Ns): void {
    const { world } = this.device;
    if (world.events === SILENT) return;
    const endNs = world.sched.now;
    world.events.emit(endNs, { kind: 'phase', phase: 'copy', vpn: a.startVpn, startNs, endNs });
  }

  private logRuns(v: CopyVector, direction: CopyDirection): void {
    const { world, index } = this.device;
    if (world.events === SILENT) return;
    for (const run of buildRuns(v)) {
      const vramFrame = world.pages.frameOf(v.devicePfn[run.pos] ?? 0);
      const systemPfn = v.ramPfn[run.pos] ?? 0;
      const { pages } = run;
      world.events.emit(world.sched.now, { kind: 'copy', direction, device: index, vramFrame, systemPfn, pages });
    }
  }
}

function copyStatus(completion: Completion): Status {
  return completion.status === 'ok' ? 0 : 'EIO';
}

function boOf(a: DevmemAllocation): Bo {
  const { bo } = a as SvmBo;
  if (bo === null) throw new TypeError('devmem allocation without its buffer object');
  return bo;
}
