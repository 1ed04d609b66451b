// One small machine for the tests of mm: a process, a toy device, recorded events, watched page table.
import { expect } from 'vitest';
import type { Rng } from '../../../src/base/rng.ts';
import type { ModelEvent } from '../../../src/model/event/event.ts';
import { checkMm, watchEntries } from '../../../src/model/mm/invariants.ts';
import { createMm, type Mm } from '../../../src/model/mm/mm.ts';
import { IntervalNotifier, type InvalidateEvent } from '../../../src/model/mm/notifier.ts';
import { cpuFault } from '../../../src/model/mm/access.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { Sched } from '../../../src/model/sched/sched.ts';
import { createWorld, type World } from '../../../src/model/world.ts';
import { drive, runOp } from '../../support/drive.ts';
import { ToyDevice } from './toy-device.ts';
import { ToyExecutor } from './toy-executor.ts';

export class Machine {
  readonly world: World;
  readonly mm: Mm;
  readonly device: ToyDevice;
  readonly executor: ToyExecutor;
  readonly events: ModelEvent[] = [];
  /** Violations of I37. */
  readonly watched: string[];

  constructor(options: { system?: number; device?: number; explore?: Rng; costNs?: number } = {}) {
    const { system = 64, device = 64, costNs = 0 } = options;
    this.world = createWorld({
      systemPages: system,
      devicePages: [device],
      sched: new Sched(options.explore ? { explore: options.explore } : {}),
      cost: () => costNs,
      events: { emit: (_now, event) => this.events.push(event) },
    });
    this.mm = createMm(this.world, 'proc');
    this.device = new ToyDevice(this.world, 0, device);
    this.executor = new ToyExecutor([system, device]);
    this.watched = watchEntries(this.mm);
  }

  /** Runs one operation alone to its end and checks the invariants. */
  async run<T>(op: Op<T>): Promise<T> {
    const result = await runOp(this.world.sched, this.world.jobs, op, this.executor);
    this.check();
    return result;
  }

  /** Starts an operation; `finish` runs all that were started. The returned box receives the result. */
  start<T>(name: string, op: Op<T>): { result?: T } {
    const box: { result?: T } = {};
    this.world.sched.spawn(name, op, (result) => {
      box.result = result;
    });
    return box;
  }

  async finish(): Promise<void> {
    await drive(this.world.sched, this.world.jobs, this.executor);
    this.check();
  }

  check(): void {
    expect([...checkMm(this.world), ...this.watched]).toEqual([]);
  }

  /** A CPU access that adds `add` (0 = a load); returns the word before, or why there is none. */
  *access(vpn: number, add = 0): Op<number | 'SEGV' | 'BUS'> {
    const pfn = yield* cpuFault(this.mm, vpn, add !== 0);
    if (typeof pfn === 'string') return pfn;
    const kind = add === 0 ? 0 : 1;
    const frame = this.world.pages.frameOf(pfn);
    const fence = this.world.jobs.submit('cpu', 'access', [{ op: 'cpuAccess', frame, word: 0, kind, operand: add }]);
    return (yield* fence.wait()).io[0] as number;
  }

  /** Reads or adds, alone. */
  touch(vpn: number, add = 0): Promise<number | 'SEGV' | 'BUS'> {
    return this.run(this.access(vpn, add));
  }

  /** Subscribes to [startVpn, endVpn); `seen` collects the events; `body` runs inside the callback. */
  subscribe(startVpn: number, endVpn: number, body?: (event: InvalidateEvent) => Op<void>): Subscriber {
    return new Subscriber(this.mm, startVpn, endVpn, body);
  }

  outcomes(): string[] {
    return this.events.flatMap((event) => (event.kind === 'cpu-fault' ? [event.outcome] : []));
  }
}

export class Subscriber {
  readonly interval: IntervalNotifier;
  readonly seen: InvalidateEvent[] = [];
  /** Answer of the callback to events that are not blockable. */
  refuses = true;

  constructor(mm: Mm, startVpn: number, endVpn: number, body?: (event: InvalidateEvent) => Op<void>) {
    const callback = function* (this: Subscriber, event: InvalidateEvent, cur: number): Op<boolean> {
      if (!event.blockable && this.refuses) return false;
      this.interval.setSeq(cur);
      this.seen.push(event);
      if (body) yield* body(event);
      return true;
    };
    this.interval = new IntervalNotifier(mm.subscriptions, startVpn, endVpn, callback.bind(this));
    expect(mm.subscriptions.insert(this.interval)).toBe(0);
  }

  get kinds(): number[] {
    return this.seen.map((event) => event.event);
  }
}
