// Random operations in random interleavings: invariants after every step of every task, content at the end.
import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../../src/base/rng.ts';
import { checkMm } from '../../../src/model/mm/invariants.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { Machine } from './machine.ts';
import { Mirror } from './mirror.ts';

/** Pages whose content is checked; nothing unmaps them. */
const KEPT = 24;
/** Pages behind them, mapped, unmapped and discarded at will. */
const WILD = 16;

class Chaos {
  readonly machine: Machine;
  readonly mirror: Mirror;
  readonly truth = Array.from({ length: KEPT }, () => 0);
  readonly counts: Record<string, number> = {};
  private readonly rng: Rng;

  constructor(seed: number, system: number) {
    this.rng = createRng(seed).fork('operations');
    this.machine = new Machine({ system, device: 40, explore: createRng(seed).fork('order'), costNs: 700 });
    this.machine.mm.mmap(0, KEPT);
    this.machine.mm.mmap(KEPT, WILD, { name: 'wild' });
    this.mirror = new Mirror(this.machine.mm, this.machine.device.owner, KEPT + WILD);
  }

  /** A thread: `steps` random operations one after the other. */
  *thread(steps: number): Op<void> {
    for (let i = 0; i < steps; i++) {
      const what = yield* this.operation();
      this.counts[what] = (this.counts[what] ?? 0) + 1;
    }
  }

  private *operation(): Op<string> {
    const { machine, rng } = this;
    const { mm, device, world } = machine;
    const start = rng.below(KEPT + WILD - 8);
    const end = start + 1 + rng.below(8);
    const wild = KEPT + rng.below(WILD - 4);
    switch (rng.below(12)) {
      case 0:
      case 1:
      case 2:
        return yield* this.add(rng.below(KEPT));
      case 3:
        return `wild ${typeof (yield* machine.access(wild, rng.below(2)))}`;
      case 4:
      case 5:
        return `toDevice ${yield* device.toDevice(mm, start, end)}`;
      case 6: {
        const pfns = [...this.mirror.entries.values()]
          .map((entry) => entry.pfn)
          .filter((pfn) => world.pages.isDevice(pfn));
        const chosen = pfns.slice(0, 1 + rng.below(4));
        return `evict ${chosen.length > 0 && (yield* device.evict(chosen)) > 0}`;
      }
      case 7:
      case 8:
        return `mirror ${yield* this.mirror.fault(start, end, rng.below(2) === 0)}`;
      case 9:
        yield* mm.mprotect(start, end, { read: true, write: rng.below(3) > 0 });
        return 'mprotect';
      case 10:
        if (rng.below(2) === 0) yield* mm.munmap(wild, wild + 4);
        else yield* mm.discard(wild, wild + 4);
        return 'unmap';
      default:
        mm.mmap(wild, 4, { name: 'wild' });
        device.expiry = world.sched.now + rng.below(5000);
        return 'map';
    }
  }

  private *add(vpn: number): Op<string> {
    const value = 1 + this.rng.below(1000);
    const before = yield* this.machine.access(vpn, value);
    if (typeof before === 'string') return `add ${before}`;
    this.truth[vpn] = (this.truth[vpn] as number) + value;
    return 'add';
  }

  check(): string[] {
    return [...checkMm(this.machine.world), ...this.machine.watched, ...this.mirror.check()];
  }
}

/** Checks after every step of every task, whoever drives. */
function checkEveryStep(chaos: Chaos, label: string): void {
  const { sched } = chaos.machine.world;
  const run = sched.run.bind(sched);
  sched.run = (now) =>
    run(now, () => {
      const problems = chaos.check();
      if (problems.length > 0) throw new Error(`${label}: ${problems.join('; ')}`);
      return true;
    });
}

async function runChaos(seed: number, threads: number, steps: number, system: number): Promise<Chaos> {
  const label = `seed ${seed} (npx vitest run test/model/mm/random.test.ts -t "seed ${seed} ")`;
  const chaos = new Chaos(seed, system);
  const { machine } = chaos;
  checkEveryStep(chaos, label);
  for (let i = 0; i < threads; i++) machine.start(`thread ${i}`, chaos.thread(steps));
  await machine.finish();
  await machine.run(machine.mm.mprotect(0, KEPT, { read: true, write: true }));
  const words = [];
  await machine.run(machine.mm.munmap(KEPT, KEPT + WILD));
  for (let vpn = 0; vpn < KEPT; vpn++) words.push(await machine.touch(vpn));
  // Short of memory, what is on the device cannot come home: BUS, the content stays there.
  const wrong = words.filter((word, vpn) => word !== chaos.truth[vpn] && word !== 'BUS');
  expect([wrong, system > KEPT ? words : chaos.truth], label).toEqual([[], chaos.truth]);
  await machine.run(machine.mm.exit());
  expect([machine.device.free.length, machine.world.pages.freeSystem], `${label}: leaks`).toEqual([40, system - 1]);
  return chaos;
}

describe('random operations', () => {
  it.each(Array.from({ length: 30 }, (_, i) => i + 1))('one thread, seed %i ', async (seed) => {
    await runChaos(seed, 1, 120, 128);
  });

  it.each(Array.from({ length: 60 }, (_, i) => i + 101))('six threads, seed %i ', async (seed) => {
    await runChaos(seed, 6, 40, 128);
  });

  it.each(Array.from({ length: 20 }, (_, i) => i + 201))('short of memory, seed %i ', async (seed) => {
    await runChaos(seed, 4, 40, 20);
  });

  it('control: the operations do what they are for', async () => {
    const counts: Record<string, number> = {};
    for (let seed = 101; seed < 121; seed++) {
      const chaos = await runChaos(seed, 6, 40, seed < 111 ? 128 : 20);
      for (const [what, count] of Object.entries(chaos.counts)) counts[what] = (counts[what] ?? 0) + count;
    }
    for (const what of [
      'add',
      'add SEGV',
      'add BUS',
      'wild number',
      'toDevice 0',
      'toDevice EBUSY',
      'toDevice EINVAL',
      'evict true',
      'mirror mapped',
      'mirror EPERM',
      'mirror EFAULT',
    ]) {
      expect(counts[what] ?? 0, what).toBeGreaterThan(0);
    }
  });

  it('one seed, one run', async () => {
    const events = [];
    for (let i = 0; i < 2; i++) events.push((await runChaos(77, 4, 60, 128)).machine.events);
    expect(events[0]).toEqual(events[1]);
    expect(events[0]?.length).toBeGreaterThan(10);
  });
});
