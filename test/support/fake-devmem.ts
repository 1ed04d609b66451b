// A machine for tests of svm and pagemap: fake devices whose "page content" is one number a page, moved when jobs are submitted.
//
// Every step of the scheduler is followed by the invariants of both rooms; `Machine.violations` collects what they say.
import { assert, present } from '../../src/base/assert.ts';
import type { Status } from '../../src/base/errno.ts';
import type { Rng } from '../../src/base/rng.ts';
import type { Ns, Vpn } from '../../src/base/units.ts';
import type { Command } from '../../src/engine/plan/commands.ts';
import { type Cause, MMU_EVENT, type ModelEvent } from '../../src/model/event/event.ts';
import { cpuFault } from '../../src/model/mm/access.ts';
import { createMm, type Mm } from '../../src/model/mm/mm.ts';
import type { InvalidateEvent } from '../../src/model/mm/notifier.ts';
import { checkPagemap } from '../../src/model/pagemap/invariants.ts';
import type { Pagemap } from '../../src/model/pagemap/pagemap.ts';
import { pagemapsOf, type PagemapState } from '../../src/model/pagemap/pagemap-state.ts';
import type { Fence } from '../../src/model/sched/fence.ts';
import { JobQueue } from '../../src/model/sched/job-queue.ts';
import type { Op } from '../../src/model/sched/op.ts';
import { LOCK_RANK, RwLock } from '../../src/model/sched/rw-lock.ts';
import { type RunResult, Sched } from '../../src/model/sched/sched.ts';
import { rangesIn } from '../../src/model/svm/find.ts';
import { checkAfterInvalidate, checkSvm } from '../../src/model/svm/invariants.ts';
import type { SvmNotifier } from '../../src/model/svm/notifier.ts';
import { rangeSetUnmapped, type SvmRange } from '../../src/model/svm/range.ts';
import { GpuSvm } from '../../src/model/svm/svm.ts';
import { unmapPagesInNotifier } from '../../src/model/svm/unmap.ts';
import { createWorld, type World } from '../../src/model/world.ts';
import { drive, runOp } from './drive.ts';
import { FakeDevice } from './fake-device.ts';

/** Content that VRAM holds before anybody writes to it (S16). */
export const STALE = 666;
export const TEST_CAUSE: Cause = { rule: 'test', values: {} };

/** For `explore`: named points preempt, but tasks stay in first-come order: a race with a known winner. */
export const FIRST_COME: Rng = { u32: () => 0, below: () => 0, fork: () => FIRST_COME };

export interface MachineOptions {
  readonly systemPages?: number;
  readonly devicePages?: readonly number[];
  /** True: every device in a group of its own. */
  readonly separate?: boolean;
  readonly explore?: Rng;
  readonly copyNsPerPage?: Ns;
  readonly notifierPages?: number;
  readonly chunkPages?: readonly number[];
  readonly endVpn?: Vpn;
}

/** Runs `check` after every step of every task. */
class CheckedSched extends Sched {
  check: () => void = () => {};

  override run(now: Ns, keepGoing: () => boolean = () => true): RunResult {
    return super.run(now, () => {
      this.check();
      return keepGoing();
    });
  }
}

/** Moves page contents at submission; pages are frozen until the fence, so nobody can tell the difference. */
class ApplyingJobQueue extends JobQueue {
  apply: (commands: readonly Command[]) => void = () => {};

  override submit(queue: string, label: string, commands: readonly Command[], timed = false): Fence {
    this.apply(commands);
    return super.submit(queue, label, commands, timed);
  }
}

export class Machine {
  readonly sched: CheckedSched;
  readonly jobs: ApplyingJobQueue;
  readonly world: World;
  readonly state: PagemapState;
  /** Content of each page, by pfn. */
  readonly bytes: Float64Array;
  readonly events: ModelEvent[] = [];
  readonly violations: string[] = [];
  readonly devices: FakeDevice[];
  readonly mm: Mm;
  readonly svm: GpuSvm;
  readonly driverLock: RwLock;
  /** Ranges that an UNMAP flagged. */
  readonly unmapped: SvmRange[] = [];
  /** Events that reached the driver. */
  readonly invalidations: InvalidateEvent[] = [];
  /** Runs inside the callback before anything is unmapped. */
  inCallback: (() => Op<void>) | null = null;
  /** Names of invariants that a test breaks on purpose. */
  ignore: readonly string[] = [];

  constructor(options: MachineOptions = {}) {
    const perPage = options.copyNsPerPage ?? 1000;
    this.sched = new CheckedSched(options.explore === undefined ? {} : { explore: options.explore });
    this.jobs = new ApplyingJobQueue(this.sched, (commands) => perPage * pagesCopied(commands));
    const { systemPages = 4096, devicePages = [2048] } = options;
    const events = { emit: (_now: Ns, event: ModelEvent): void => void this.events.push(event) };
    this.world = createWorld({ systemPages, devicePages, sched: this.sched, jobs: this.jobs, events });
    this.bytes = new Float64Array(this.world.pages.total);
    this.bytes.fill(STALE, systemPages);
    this.jobs.apply = (commands) => this.apply(commands);
    this.state = pagemapsOf(this.world);
    const group = {};
    this.devices = devicePages.map((pages, i) => new FakeDevice(this, i, pages, options.separate ? {} : group));
    this.mm = createMm(this.world, 'p');
    this.driverLock = new RwLock(this.sched, 'driver', LOCK_RANK.vm);
    this.svm = new GpuSvm(this.world, {
      name: 'svm',
      mm: this.mm,
      startVpn: 0,
      endVpn: options.endVpn ?? 2 ** 35,
      notifierPages: options.notifierPages ?? 131072,
      chunkPages: options.chunkPages ?? [512, 16, 1],
      ops: { invalidate: (svm, notifier, event) => this.invalidate(svm, notifier, event) },
    });
    this.svm.setDriverLock(this.driverLock);
    this.sched.check = () => this.check();
  }

  /** The first device. */
  get device(): FakeDevice {
    return present(this.devices[0], 'device 0');
  }

  get pagemap(): Pagemap {
    return this.device.pagemap;
  }

  /** Runs one operation to its end; throws when an invariant broke on the way. */
  async run<T>(op: Op<T>): Promise<T> {
    const result = await runOp(this.sched, this.jobs, op);
    this.assertClean();
    return result;
  }

  /** Runs operations side by side. */
  async runAll<T extends unknown[]>(...ops: { [K in keyof T]: Op<T[K]> }): Promise<T> {
    const results: unknown[] = [];
    ops.forEach((op, i) => this.sched.spawn(`op ${i}`, op, (value) => (results[i] = value)));
    await drive(this.sched, this.jobs);
    this.assertClean();
    return results as T;
  }

  /** `op` under the driver's lock. */
  *locked<T>(op: Op<T>): Op<T> {
    yield* this.driverLock.write();
    const result = yield* op;
    this.driverLock.unlockWrite();
    return result;
  }

  /** A CPU store of a whole page's content. */
  *write(vpn: Vpn, value: number): Op<Status | 'SEGV' | 'BUS'> {
    const pfn = yield* cpuFault(this.mm, vpn, true);
    if (typeof pfn === 'string') return pfn;
    this.bytes[pfn] = value;
    return 0;
  }

  /** A CPU load of a page's content. */
  *read(vpn: Vpn): Op<number | 'SEGV' | 'BUS'> {
    const pfn = yield* cpuFault(this.mm, vpn, false);
    return typeof pfn === 'string' ? pfn : (this.bytes[pfn] ?? NaN);
  }

  /** Writes 1000 + page to each page of the span. */
  *fill(startVpn: Vpn, endVpn: Vpn): Op<void> {
    for (let vpn = startVpn; vpn < endVpn; vpn++) yield* this.write(vpn, 1000 + vpn);
  }

  /** Content of each page as its entry says, without touching anything: NaN where no page is. */
  contents(startVpn: Vpn, endVpn: Vpn): number[] {
    return this.words(startVpn, endVpn).map((word) => (word === 0 ? NaN : (this.bytes[word >>> 5] ?? NaN)));
  }

  /** The CPU's entries of the span: equal before and after = nothing moved (I44). */
  words(startVpn: Vpn, endVpn: Vpn): number[] {
    return Array.from({ length: endVpn - startVpn }, (_, i) => this.mm.table.get(startVpn + i));
  }

  /** Pages of the span that are in device memory. */
  onDevice(startVpn: Vpn, endVpn: Vpn): number {
    const { table } = this.mm;
    return this.words(startVpn, endVpn).filter((w) => table.kind(w) === 3).length;
  }

  /** `migrateToDevmem` into a fresh allocation of the first device, as a driver calls it. */
  *migrate(startVpn: Vpn, endVpn: Vpn, timesliceNs: Ns = 0, device = this.device): Op<Status> {
    return yield* device.populate(startVpn, endVpn, this.mm, timesliceNs, TEST_CAUSE, true);
  }

  migrations(): Extract<ModelEvent, { kind: 'migrate' }>[] {
    return this.events.filter((event) => event.kind === 'migrate');
  }

  assertClean(): void {
    assert(this.violations.length === 0, () => `invariants:\n${this.violations.slice(0, 10).join('\n')}`);
  }

  private check(): void {
    const found = [...checkSvm(this.svm), ...checkPagemap(this.state, [this.svm])];
    for (const line of found) if (!this.ignore.some((id) => line.startsWith(`${id} `))) this.violations.push(line);
  }

  private *invalidate(_svm: GpuSvm, notifier: SvmNotifier, event: InvalidateEvent): Op<void> {
    this.invalidations.push(event);
    if (this.inCallback !== null) yield* this.inCallback();
    for (const range of rangesIn(notifier, event.startVpn, event.endVpn)) {
      unmapPagesInNotifier(this.svm, range.pages);
      if (event.event !== MMU_EVENT.UNMAP) continue;
      rangeSetUnmapped(range, event);
      if (!this.unmapped.includes(range)) this.unmapped.push(range);
    }
    this.violations.push(...checkAfterInvalidate(notifier, event));
  }

  private apply(commands: readonly Command[]): void {
    const { pages } = this.world;
    for (const c of commands) {
      if (c.op === 'fill') {
        const first = pages.pfnOf(c.space, c.frame);
        this.bytes.fill(c.pattern, first, first + c.pages);
      } else if (c.op === 'copy') {
        const from = pages.pfnOf(c.srcSpace, c.srcFrame);
        const to = pages.pfnOf(c.dstSpace, c.dstFrame);
        this.bytes.copyWithin(to, from, from + c.pages);
      }
    }
  }
}

function pagesCopied(commands: readonly Command[]): number {
  return commands.reduce((sum, c) => sum + (c.op === 'copy' ? c.pages : 0), 0);
}
