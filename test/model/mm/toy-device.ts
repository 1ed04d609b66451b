// A device driver of a few lines: moves spans to its memory and back through the core migration calls, all or nothing.
import type { Status } from '../../../src/base/errno.ts';
import type { Ns, Pfn, Vpn } from '../../../src/base/units.ts';
import type { Command } from '../../../src/engine/plan/commands.ts';
import {
  MIGRATE_SELECT,
  MigrateVectors,
  migrateDeviceFinalize,
  migrateDevicePages,
  migrateDevicePfns,
  migrateVmaFinalize,
  migrateVmaPages,
  migrateVmaSetup,
  type MigrateVma,
} from '../../../src/model/mm/migrate.ts';
import type { Mm, MmDevice, MmWorld } from '../../../src/model/mm/mm.ts';
import type { Vma } from '../../../src/model/mm/vma.ts';
import { WaitQueue } from '../../../src/model/sched/fence.ts';
import type { Op } from '../../../src/model/sched/op.ts';

export class ToyDevice implements MmDevice {
  readonly index: number;
  readonly owner = { owner: 'toy' };
  /** CPU faults before this time are refused. */
  expiry: Ns = 0;
  /** What migrateToRam answers without trying, when not null. */
  answer: Status | null = null;
  callbacks = 0;
  /** While true, copies do not end until `resume`. */
  paused = false;
  readonly free: Pfn[] = [];
  private readonly world: MmWorld;
  private readonly resumed = new WaitQueue('toy device');

  constructor(world: MmWorld, index: number, pages: number) {
    this.world = world;
    this.index = index;
    for (let frame = pages - 1; frame >= 0; frame--) this.free.push(world.pages.pfnOf(1 + index, frame));
    world.devices[index] = this;
    world.deviceOwners[index] = this.owner;
    const others = world.pages.onDeviceFree;
    world.pages.onDeviceFree = (pfn) => {
      if (world.pages.deviceOf(pfn) !== index) return others(pfn);
      world.pages.zdd[pfn] = -1;
      this.free.push(pfn);
    };
  }

  resume(): void {
    this.paused = false;
    this.resumed.wakeAll();
  }

  gateUntil(): Ns {
    return this.expiry;
  }

  /** Takes the mmap lock. EBUSY: not every page could be collected, or one got away; nothing or not all moved. */
  *toDevice(mm: Mm, startVpn: Vpn, endVpn: Vpn): Op<Status> {
    yield* mm.mmapLock.read();
    const status = yield* this.toDeviceLocked(mm, startVpn, endVpn);
    mm.mmapLock.unlockRead();
    return status;
  }

  *migrateToRam(mm: Mm, vma: Vma, vpn: Vpn, pfn: Pfn): Op<Status> {
    this.callbacks++;
    if (this.answer !== null) return this.answer;
    if (this.world.sched.now < this.expiry) return 0;
    // The window is the aligned block of eight pages around the fault, as if allocations had that size.
    const startVpn = Math.max(vma.startVpn, vpn - (vpn % 8));
    const endVpn = Math.min(vma.endVpn, startVpn + 8);
    const m = this.migration(mm, vma, startVpn, endVpn, MIGRATE_SELECT.DEVICE_PRIVATE, pfn);
    const status = yield* migrateVmaSetup(m);
    if (status !== 0) return status;
    yield* this.copyOut(m.vectors);
    yield* migrateVmaPages(m);
    const slot = m.vectors.src.indexOf(pfn);
    const failed = slot >= 0 && !m.vectors.hasDestination(slot);
    migrateVmaFinalize(m);
    return failed ? 'ENOMEM' : 0;
  }

  /** Evicts raw device frames; returns how many moved. */
  *evict(pfns: readonly Pfn[]): Op<number> {
    const v = new MigrateVectors(pfns.length);
    v.reset(pfns.length);
    v.src.set(pfns);
    yield* migrateDevicePfns(this.world, v);
    yield* this.copyOut(v);
    migrateDevicePages(this.world, v);
    let moved = 0;
    for (let i = 0; i < v.n; i++) if (v.isMigrating(i)) moved++;
    migrateDeviceFinalize(this.world, v);
    return moved;
  }

  migration(mm: Mm, vma: Vma | null, startVpn: Vpn, endVpn: Vpn, select: number, faultPfn: Pfn | -1 = -1): MigrateVma {
    const vectors = new MigrateVectors(Math.max(0, endVpn - startVpn));
    return { mm, vma, startVpn, endVpn, vectors, owner: this.owner, select, faultPfn, npages: 0, cpages: 0 };
  }

  private *toDeviceLocked(mm: Mm, startVpn: Vpn, endVpn: Vpn): Op<Status> {
    const m = this.migration(mm, mm.findVma(startVpn), startVpn, endVpn, MIGRATE_SELECT.SYSTEM);
    const status = yield* migrateVmaSetup(m);
    if (status !== 0) return status;
    const complete = m.cpages === endVpn - startVpn && this.free.length >= m.cpages;
    if (complete) yield* this.copyIn(m.vectors);
    yield* migrateVmaPages(m);
    let moved = 0;
    for (let i = 0; i < m.npages; i++) if (m.vectors.isMigrating(i)) moved++;
    migrateVmaFinalize(m);
    return complete && moved === m.npages ? 0 : 'EBUSY';
  }

  private *copyIn(v: MigrateVectors): Op<void> {
    const { pages } = this.world;
    const commands: Command[] = [];
    for (let i = 0; i < v.n; i++) {
      const pfn = this.free.pop() as Pfn;
      pages.initDevicePage(pfn, 0);
      v.setDst(i, pfn);
      const [space, frame] = [pages.spaceOf(pfn), pages.frameOf(pfn)];
      if (v.hasSource(i)) commands.push(this.copy(v.src[i] as Pfn, pfn));
      else commands.push({ op: 'fill', space, frame, pages: 1, pattern: 0 });
    }
    yield* this.finish(commands);
  }

  private *copyOut(v: MigrateVectors): Op<void> {
    const { pages } = this.world;
    const commands: Command[] = [];
    for (let i = 0; i < v.n; i++) {
      if (!v.isMigrating(i) || !v.hasSource(i)) continue;
      const pfn = pages.allocSystem();
      if (pfn < 0) continue;
      pages.tryLock(pfn);
      v.setDst(i, pfn);
      commands.push(this.copy(v.src[i] as Pfn, pfn));
    }
    yield* this.finish(commands);
  }

  private *finish(commands: Command[]): Op<void> {
    if (commands.length > 0) yield* this.world.jobs.submit(`copy${this.index}`, 'toy copy', commands).wait();
    while (this.paused) yield this.resumed;
  }

  private copy(src: Pfn, dst: Pfn): Command {
    const { pages } = this.world;
    return {
      op: 'copy',
      srcSpace: pages.spaceOf(src),
      srcFrame: pages.frameOf(src),
      dstSpace: pages.spaceOf(dst),
      dstFrame: pages.frameOf(dst),
      pages: 1,
    };
  }
}
