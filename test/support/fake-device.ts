// A device for tests of svm and pagemap: a first-fit allocator, copy ops that submit jobs, and knobs that make things fail.
import { present } from '../../src/base/assert.ts';
import { type Errno, isErrno, type Status } from '../../src/base/errno.ts';
import type { Frame, Ns, Pfn, Vpn } from '../../src/base/units.ts';
import { type Command, VRAM_SPACE } from '../../src/engine/plan/commands.ts';
import type { Cause } from '../../src/model/event/event.ts';
import type { Mm } from '../../src/model/mm/mm.ts';
import { NO_PFN } from '../../src/model/mm/pages.ts';
import { type CopyVector, DevmemAllocation, type DevmemOps } from '../../src/model/pagemap/devmem.ts';
import { checkCopy } from '../../src/model/pagemap/invariants.ts';
import { type DeviceAddr, Pagemap, type PagemapOps } from '../../src/model/pagemap/pagemap.ts';
import { migrateToDevmem } from '../../src/model/pagemap/to-devmem.ts';
import type { Op } from '../../src/model/sched/op.ts';
import { PROTO } from '../../src/model/svm/pages.ts';
import type { Machine } from './fake-devmem.ts';

export class FakeDevice implements PagemapOps, DevmemOps {
  readonly machine: Machine;
  readonly index: number;
  readonly pagemap: Pagemap;
  readonly used: Uint8Array;
  readonly frames = new Map<DevmemAllocation, Frame>();
  readonly allocations: DevmemAllocation[] = [];
  /** One line a copy: direction, slots, holes. */
  readonly copies: string[] = [];
  releases = 0;
  /** Status of the next copies and populates; 0 = they work. */
  failToDevmem: Status = 0;
  failToRam: Status = 0;
  failPopulatePfn: Status = 0;
  failMap = false;
  /** Leaves holes as they are: the defect of S16. */
  skipClear = false;
  /** Runs inside a copy op before the copy. */
  beforeCopy: (() => Op<void>) | null = null;

  constructor(machine: Machine, index: number, pages: number, owner: object) {
    this.machine = machine;
    this.index = index;
    this.used = new Uint8Array(pages);
    this.pagemap = new Pagemap(machine.state, { device: index, owner, ops: this });
  }

  get freePages(): number {
    return this.used.reduce((sum, used) => sum + (used === 0 ? 1 : 0), 0);
  }

  /** A new allocation; ENOMEM when no aligned block is free. */
  allocate(mm: Mm, startVpn: Vpn, pages: number, ops: DevmemOps = this): DevmemAllocation | Errno {
    for (let frame = 0; frame + pages <= this.used.length; frame += pages) {
      if (this.used.subarray(frame, frame + pages).some((used) => used !== 0)) continue;
      this.used.fill(1, frame, frame + pages);
      const allocation = new DevmemAllocation({ mm, pages, ops, dpagemap: this.pagemap, startVpn });
      this.frames.set(allocation, frame);
      this.allocations.push(allocation);
      return allocation;
    }
    return 'ENOMEM';
  }

  *populate(startVpn: Vpn, endVpn: Vpn, mm: Mm, timesliceNs: Ns, cause: Cause, lock: boolean): Op<Status> {
    const allocation = this.allocate(mm, startVpn, endVpn - startVpn);
    if (isErrno(allocation)) return allocation;
    if (lock) yield* mm.mmapLock.read();
    const details = { timesliceNs, canMigrateSamePagemap: false };
    const status = yield* migrateToDevmem(allocation, mm, startVpn, endVpn, details, cause);
    if (lock) mm.mmapLock.unlockRead();
    return status;
  }

  *populateMm(_map: Pagemap, startVpn: Vpn, endVpn: Vpn, mm: Mm, timesliceNs: Ns, cause: Cause): Op<Status> {
    return yield* this.populate(startVpn, endVpn, mm, timesliceNs, cause, false);
  }

  deviceMap(_map: Pagemap, forDevice: number, pfn: Pfn): DeviceAddr | null {
    if (this.failMap) return null;
    const proto = forDevice === this.index ? PROTO.VRAM : PROTO.P2P;
    return { proto, frame: this.machine.world.pages.frameOf(pfn) };
  }

  devmemRelease(a: DevmemAllocation): void {
    const frame = present(this.frames.get(a), 'allocation');
    this.used.fill(0, frame, frame + a.pages);
    this.frames.delete(a);
    this.releases++;
  }

  populateDevmemPfn(a: DevmemAllocation, pfns: Uint32Array): Status {
    const first = this.machine.world.pages.pfnOf(VRAM_SPACE + this.index, present(this.frames.get(a), 'allocation'));
    for (let i = 0; i < a.pages; i++) pfns[i] = first + i;
    return this.failPopulatePfn;
  }

  *copyToDevmem(_a: DevmemAllocation, v: CopyVector): Op<Status> {
    return yield* this.copy('to-vram', v, this.failToDevmem);
  }

  *copyToRam(_a: DevmemAllocation, v: CopyVector): Op<Status> {
    return yield* this.copy('to-ram', v, this.failToRam);
  }

  private *copy(direction: 'to-vram' | 'to-ram', v: CopyVector, fail: Status): Op<Status> {
    const { machine } = this;
    machine.violations.push(...checkCopy(machine.state, v));
    if (this.beforeCopy !== null) yield* this.beforeCopy();
    if (fail !== 0) return fail;
    const commands: Command[] = [];
    let holes = 0;
    for (let i = 0; i < v.n; i++) {
      const device = v.devicePfn[i] ?? NO_PFN;
      const ram = v.ramPfn[i] ?? NO_PFN;
      if (device === NO_PFN) continue;
      if (ram !== NO_PFN) commands.push(direction === 'to-vram' ? this.move(ram, device) : this.move(device, ram));
      else if (!this.skipClear) commands.push(this.clear(device));
      if (ram === NO_PFN) holes++;
    }
    this.copies.push(`${direction} ${v.n} holes ${holes}`);
    if (commands.length > 0) yield* machine.jobs.submit(`copy${this.index}`, direction, commands).wait();
    return 0;
  }

  private move(from: Pfn, to: Pfn): Command {
    const { pages } = this.machine.world;
    const [srcSpace, srcFrame] = [pages.spaceOf(from), pages.frameOf(from)];
    return { op: 'copy', srcSpace, srcFrame, dstSpace: pages.spaceOf(to), dstFrame: pages.frameOf(to), pages: 1 };
  }

  private clear(pfn: Pfn): Command {
    const { pages } = this.machine.world;
    return { op: 'fill', space: pages.spaceOf(pfn), frame: pages.frameOf(pfn), pages: 1, pattern: 0 };
  }
}
