// One process, one device, one mirrored GPU address space, real rooms throughout; optionally with bytes on the twin.
//
// After every operation the machine checks the invariants of the VM and the device, and, with the twin, that every
// valid range really translates (I-F7).
import { expect } from 'vitest';
import { present } from '../../../src/base/assert.ts';
import { isErrno, type Status } from '../../../src/base/errno.ts';
import { fillSeededPage, hashPage, mix32, pageKey } from '../../../src/base/mix.ts';
import { createRng } from '../../../src/base/rng.ts';
import { vaHi, vaLo, type Frame, type Vpn } from '../../../src/base/units.ts';
import { SYSTEM_SPACE, type Command } from '../../../src/engine/plan/commands.ts';
import { createTwinExecutor, type TwinExecutor, type TwinOptions } from '../../../src/engine/twin/twin-executor.ts';
import { newLeaf, walk, WALK_HIT } from '../../../src/engine/twin/walk.ts';
import type { ModelEvent } from '../../../src/model/event/event.ts';
import { cpuFault, populate } from '../../../src/model/mm/access.ts';
import { createMm, type Mm } from '../../../src/model/mm/mm.ts';
import { pteKind, ptePfn, PTE_KIND } from '../../../src/model/mm/page-table.ts';
import { Sched } from '../../../src/model/sched/sched.ts';
import type { JobCost } from '../../../src/model/sched/job-queue.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { PROTO } from '../../../src/model/svm/pages.ts';
import type { SvmRange } from '../../../src/model/svm/range.ts';
import { createWorld, type World } from '../../../src/model/world.ts';
import { createXeDevice, type XeDevice, type XeDeviceConfig } from '../../../src/model/xe/device.ts';
import { FaultQueue } from '../../../src/model/xe/fault-queue.ts';
import { FAULT_ACCESS } from '../../../src/model/xe/fault-record.ts';
import { serviceFault } from '../../../src/model/xe/fault-service.ts';
import { checkDevice, checkInvalidated, checkXe } from '../../../src/model/xe/invariants.ts';
import { makeXeOptions, type XeOptionsInput } from '../../../src/model/xe/options.ts';
import { tileValid } from '../../../src/model/xe/tile.ts';
import { createXeVm, type XeVm, type XeVmConfig } from '../../../src/model/xe/vm.ts';
import { runOp } from '../../support/drive.ts';

export interface MachineConfig {
  readonly systemPages?: number;
  readonly vramPages?: number;
  readonly dataPages?: number;
  readonly xe?: XeOptionsInput;
  readonly device?: Partial<XeDeviceConfig>;
  readonly vm?: Partial<XeVmConfig>;
  readonly cost?: JobCost;
  /** Bytes are moved by the twin. */
  readonly twin?: boolean | TwinOptions;
  /** Seed of the schedule; absent = first come. */
  readonly explore?: number;
}

/** Pages that the mirror mapping spans: 4 GiB. */
const SPAN = 2 ** 20;
const SEED = 7;

export class Machine {
  readonly log: ModelEvent[] = [];
  readonly world: World;
  readonly device: XeDevice;
  readonly mm: Mm;
  readonly vm: XeVm;
  readonly queue: FaultQueue;
  readonly executor: TwinExecutor | null;
  /** Findings at the moment when the CPU page table changed. */
  private readonly early: string[] = [];
  /** What every page that was written holds; the truth. */
  readonly oracle = new Map<Vpn, Uint32Array>();

  constructor(config: MachineConfig = {}) {
    const { systemPages = 8192, vramPages = 8192 } = config;
    const sched = new Sched(config.explore === undefined ? {} : { explore: createRng(mix32(config.explore)) });
    const events = { emit: (_now: number, event: ModelEvent) => void this.log.push(event) };
    const cost = config.cost ?? (() => 0);
    this.world = createWorld({ systemPages, devicePages: [vramPages], sched, events, cost });
    const dataPages = config.dataPages ?? vramPages;
    const options = makeXeOptions(config.xe);
    this.device = createXeDevice(this.world, { index: 0, vramPages, dataPages, options, ...config.device });
    this.mm = createMm(this.world, 'app');
    const vm = createXeVm(this.device, this.mm, { startVpn: 0, endVpn: SPAN, ...config.vm });
    if (isErrno(vm)) throw new Error(`no VM: ${vm}`);
    this.vm = vm;
    this.queue = new FaultQueue(this.device);
    this.mm.table.observer = (vpn, before, after) => this.watch(vpn, before, after);
    const spaces = [
      { name: 'system', pages: systemPages },
      { name: 'vram0', pages: vramPages },
    ];
    const sizes = { accessCapacity: 4096, faultCapacity: 4096, tlbLines: 256 };
    const { twin = false } = config;
    this.executor = twin === false ? null : createTwinExecutor({ spaces, ...sizes }, twin === true ? {} : twin);
  }

  /** Runs an operation to its end, and everything that it set going. */
  async run<T>(op: Op<T>): Promise<T> {
    const result = await runOp(this.world.sched, this.world.jobs, op, this.executor);
    expect(this.findings()).toEqual([]);
    return result;
  }

  findings(): string[] {
    return [...this.early, ...checkXe(this.vm), ...checkDevice(this.device), ...this.translations()];
  }

  /** Serves one fault without a queue. */
  fault(vpn: Vpn, access: keyof typeof FAULT_ACCESS = 'write'): Promise<Status> {
    return this.run(serviceFault(this.vm, { vpn, access: FAULT_ACCESS[access], faultType: 0, level: 0 }));
  }

  touch(vpn: Vpn, write = true): Promise<number | 'SEGV' | 'BUS'> {
    return this.run(cpuFault(this.mm, vpn, write));
  }

  /** Maps [start, end) and lets the CPU write every page. */
  async mapped(start: Vpn, end: Vpn): Promise<void> {
    expect(this.mm.mmap(start, end - start, { write: true })).toBe(0);
    expect(await this.run(populate(this.mm, start, end, true))).toBe(0);
  }

  /** As `mapped`, with seeded bytes in every page that the oracle knows. */
  async seeded(start: Vpn, end: Vpn): Promise<void> {
    await this.mapped(start, end);
    await this.run(this.seed(start, end));
  }

  range(vpn: Vpn): SvmRange {
    const notifier = present(this.vm.svm.notifiers.firstOverlap(vpn, vpn + 1), 'notifier');
    return present(notifier.ranges.firstOverlap(vpn, vpn + 1), 'range');
  }

  hasRange(vpn: Vpn): boolean {
    const notifier = this.vm.svm.notifiers.firstOverlap(vpn, vpn + 1);
    return notifier !== null && notifier.ranges.firstOverlap(vpn, vpn + 1) !== null;
  }

  stat(name: string): number {
    return present(this.device.stats.get(name), name);
  }

  inVram(vpn: Vpn): boolean {
    return pteKind(this.mm.table.get(vpn)) === PTE_KIND.devPrivate;
  }

  /** Range messages, invalidations and migrations in order, in short. */
  story(): string[] {
    return this.log.flatMap((event) => {
      if (event.kind === 'range') return [`${event.op} [${hex(event.startVpn)} +${event.pages}] seq ${event.seq}`];
      if (event.kind === 'invalidate') return [`INVALIDATE seq ${event.seq} event ${event.event}`];
      if (event.kind === 'migrate') return [`migrate ${event.direction} ${event.moved}/${event.pages} ${event.status}`];
      return [];
    });
  }

  /** Runs accesses as one GPU program: faults are served and the program replayed until nothing is pending. */
  *program(accesses: readonly GpuAccess[], rounds = 100): Op<Uint32Array> {
    const { jobs } = this.world;
    const records = new Uint32Array(accesses.length * 4);
    accesses.forEach((a, i) => {
      const lo = vaLo(a.vpn) + a.word * 4;
      records.set([lo, vaHi(a.vpn), a.kind, a.operand], i * 4);
    });
    jobs.submit('compute', 'load', [{ op: 'accessLoad', base: 0, records }]);
    const { asid } = this.vm;
    const { root } = this.vm.pt;
    const step: Command = { op: 'access', asid, root, base: 0, count: accesses.length, tlb: true, chained: false };
    for (let round = 0; ; round++) {
      const { faults, dropped } = yield* jobs.submit('compute', 'program', [step]).wait();
      if (faults.length === 0 && dropped === 0) break;
      expect(round, 'the program does not come to an end').toBeLessThan(rounds);
      yield* this.queue.serve(faults);
      const mine = this.queue.takeFailures().filter((f) => accesses.some((a) => a.vpn === f.vpn));
      expect(mine).toEqual([]);
    }
    const count = accesses.length;
    const result = yield* jobs.submit('compute', 'results', [{ op: 'accessResult', base: 0, count }]).wait();
    this.applyToOracle(accesses, result.io);
    return result.io;
  }

  /** A CPU store as the oracle knows it: bring the page home, then add. */
  *store(vpn: Vpn, word: number, operand: number): Op<void> {
    const frame = this.frameOf(yield* cpuFault(this.mm, vpn, true));
    this.world.jobs.submit('cpu', 'store', [{ op: 'cpuAccess', frame, word, kind: 1, operand }]);
    const page = present(this.oracle.get(vpn), 'oracle page');
    page[word] = (page[word] ?? 0) + operand;
  }

  /** Compares every page that the oracle knows by hash (I49); returns those that differ. */
  *compare(): Op<Vpn[]> {
    const { pages, jobs } = this.world;
    const vpns = [...this.oracle.keys()];
    if (vpns.length === 0) return [];
    const commands = vpns.map((vpn): Command => {
      const pfn = ptePfn(this.mm.table.get(vpn));
      return { op: 'hash', space: pages.spaceOf(pfn), frame: pages.frameOf(pfn), pages: 1 };
    });
    const { io } = yield* jobs.submit('compute', 'hash', commands).wait();
    const expected = new Uint32Array(2);
    return vpns.filter((vpn, i) => {
      hashPage(present(this.oracle.get(vpn), 'oracle page'), 0, expected, 0);
      return io[i * 2] !== expected[0] || io[i * 2 + 1] !== expected[1];
    });
  }

  /** I37, I-N1: before an entry stops naming its page, the device has let go of it. */
  private watch(vpn: Vpn, before: number, after: number): void {
    const holds = [PTE_KIND.present, PTE_KIND.zero, PTE_KIND.devPrivate].includes(pteKind(before) as 1);
    const same = pteKind(before) === pteKind(after) && ptePfn(before) === ptePfn(after);
    // A closed VM takes its callbacks down before its ranges: its tables are gone, nothing can reach the page.
    if (holds && !same && !this.vm.closed) this.early.push(...checkInvalidated(this.vm, vpn, vpn + 1));
  }

  private frameOf(result: number | 'SEGV' | 'BUS'): Frame {
    if (typeof result === 'string') throw new Error(`CPU access: ${result}`);
    return this.world.pages.frameOf(result);
  }

  private *seed(start: Vpn, end: Vpn): Op<void> {
    const commands: Command[] = [];
    for (let vpn = start; vpn < end; vpn++) {
      const frame = this.frameOf(yield* cpuFault(this.mm, vpn, true));
      commands.push({ op: 'fillSeeded', space: SYSTEM_SPACE, frame, pages: 1, seed: SEED, pageLo: vpn });
      const page = new Uint32Array(1024);
      fillSeededPage(page, pageKey(SEED, vpn));
      this.oracle.set(vpn, page);
    }
    this.world.jobs.submit('cpu', 'seed', commands);
  }

  private applyToOracle(accesses: readonly GpuAccess[], io: Uint32Array): void {
    accesses.forEach((a, i) => {
      const page = present(this.oracle.get(a.vpn), 'oracle page');
      expect(io[i * 2], `access ${i} is done`).toBe(1);
      if (a.kind === 0) expect(io[i * 2 + 1], `load ${i} of page ${hex(a.vpn)}`).toBe(page[a.word]);
      else page[a.word] = (page[a.word] ?? 0) + a.operand;
    });
  }

  /** I-F7 on real tables: a valid range translates, page by page, to what it says; anything else does not translate. */
  private translations(): string[] {
    const { executor, vm } = this;
    if (executor === null || this.world.jobs.inFlight > 0) return [];
    const words = executor.peek(this.device.space);
    const found: string[] = [];
    const leaf = newLeaf();
    const visit = (range: SvmRange, vpn: Vpn, frame: number): void => {
      walk(words, vm.pt.root.frame, vm.pt.root.level, vaLo(vpn), vaHi(vpn), leaf);
      const hit = leaf.outcome === WALK_HIT;
      if (hit !== (tileValid(range) && !vm.closed))
        found.push(`I-F7 page ${hex(vpn)}: translates ${hit}, valid ${tileValid(range)}`);
      else if (hit && leaf.frame !== frame) found.push(`I-F7 page ${hex(vpn)}: frame ${leaf.frame}, not ${frame}`);
    };
    for (const notifier of vm.svm.notifiers) for (const range of notifier.ranges) eachPage(range, visit);
    return found;
  }
}

export interface GpuAccess {
  readonly vpn: Vpn;
  /** Word in the page. */
  readonly word: number;
  /** 0 load, 1 store (adds), 2 atomic add. */
  readonly kind: 0 | 1 | 2;
  readonly operand: number;
}

function eachPage(range: SvmRange, visit: (range: SvmRange, vpn: Vpn, frame: number) => void): void {
  if (!tileValid(range)) {
    for (let vpn = range.startVpn; vpn < range.endVpn; vpn++) visit(range, vpn, -1);
    return;
  }
  range.pages.forEachSegment((offset, proto, frame, pages) => {
    expect([PROTO.SYSTEM, PROTO.VRAM]).toContain(proto);
    for (let i = 0; i < pages; i++) visit(range, range.startVpn + offset + i, frame + i);
  });
}

function hex(vpn: Vpn): string {
  return vpn.toString(16);
}
