// Two or three actors in all interleavings of their yield points (conformance by enumeration, not by luck): invariants and
// I27 after every step, bytes at the end.
import { describe, expect, it } from 'vitest';
import type { Mm } from '../../../src/model/mm/mm.ts';
import { cpuWrite } from '../../../src/model/mm/cpu-access.ts';
import { swapOut } from '../../../src/model/mm/reclaim.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { AllOrders } from '../sched/all-orders.ts';
import { ByteMachine } from './byte-machine.ts';
import { Mirror } from './mirror.ts';

interface Scene {
  readonly m: ByteMachine;
  /** Parent of `child`; pages 0 and 1 hold 100 and 101 and are shared with it. */
  readonly parent: Mm;
  readonly child: Mm;
  readonly mirror: Mirror;
}

type Actor = (scene: Scene) => Op<unknown>;

async function setUp(orders: ReturnType<AllOrders['next']>, onDevice: boolean): Promise<Scene> {
  const m = new ByteMachine({ system: 24, device: 8, ...(orders === null ? {} : { explore: orders }) });
  const parent = m.spawn('parent');
  parent.mmap(0, 4);
  await m.fill(parent, 0, 2);
  if (onDevice) await m.run(m.device.toDevice(parent, 0, 2));
  const child = await m.fork(parent);
  const mirror = new Mirror(parent, m.device.owner, 128);
  return { m, parent, child, mirror };
}

/** Runs the actors in every order; returns how many orders there are. */
async function inAllOrders(actors: Actor[], onDevice: boolean, look: (scene: Scene) => Promise<void>): Promise<number> {
  const orders = new AllOrders();
  for (let rng = orders.next(); rng !== null; rng = orders.next()) {
    const scene = await setUp(rng, onDevice);
    const { m, mirror } = scene;
    const { sched } = m.world;
    const run = sched.run.bind(sched);
    sched.run = (now) =>
      run(now, () => {
        expect([...m.problems(), ...mirror.check()], `order ${orders.runs}`).toEqual([]);
        return true;
      });
    actors.forEach((actor, i) => m.start(`actor ${i}`, actor(scene)));
    await m.finish();
    await look(scene);
    await m.end();
  }
  return orders.runs;
}

const ACTORS: Record<string, Actor> = {
  'parent writes': ({ parent }) => cpuWrite(parent, 0, 0, 1000),
  'child writes': ({ child }) => cpuWrite(child, 0, 0, 2000),
  'device writes for the parent': ({ mirror }) => mirror.fault(0, 1, true),
  'child exits': ({ child }) => child.exit(),
  'parent unmaps': ({ parent }) => parent.munmap(0, 1),
  'parent moves': ({ parent }) => parent.mremap({ from: 0, pages: 1, to: 100 }),
  'page is swapped out': ({ parent }) => swapOut(parent, 0, 1),
  'page is evicted': ({ m, parent }) => m.device.evict([m.pfn(parent, 0)].filter((pfn) => m.world.pages.isDevice(pfn))),
  'page goes to the device': ({ m, parent }) => m.device.toDevice(parent, 0, 1),
};

const PAIRS: [string, string][] = [
  ['parent writes', 'child writes'],
  ['parent writes', 'child exits'],
  ['child writes', 'parent unmaps'],
  ['child writes', 'parent moves'],
  ['device writes for the parent', 'child writes'],
  ['device writes for the parent', 'parent unmaps'],
  ['page is swapped out', 'child writes'],
  ['page is swapped out', 'parent moves'],
  ['page is swapped out', 'child exits'],
  ['page goes to the device', 'child writes'],
  ['page goes to the device', 'child exits'],
];

/** What each process must hold at the end, its signal where the page is gone. */
async function checkBytes({ m, parent, child }: Scene, names: string[]): Promise<void> {
  const has = (name: string): boolean => names.includes(name);
  const at = has('parent moves') ? 100 : 0;
  const inParent = has('parent unmaps') ? 'SEGV' : 100 + (has('parent writes') ? 1000 : 0);
  expect(await m.read(parent, at)).toBe(inParent);
  expect(await m.read(parent, 1)).toBe(101);
  if (has('child exits')) return;
  expect(await m.reads(child, 0, 2)).toEqual([100 + (has('child writes') ? 2000 : 0), 101]);
}

describe('all orders', () => {
  it.each(PAIRS)('%s, %s; pages in RAM', async (...names) => {
    const actors = names.map((name) => ACTORS[name] as Actor);
    const runs = await inAllOrders(actors, false, (scene) => checkBytes(scene, names));
    expect(runs).toBeGreaterThan(1);
  });

  it.each([
    ['page is evicted', 'child writes'],
    ['page is evicted', 'parent moves'],
    ['page is evicted', 'child exits'],
    ['child writes', 'child exits'],
    ['child writes', 'parent unmaps'],
  ] as [string, string][])('%s, %s; pages on a device', async (...names) => {
    // A process that ends while it writes is two threads of one: only the other process's bytes are decided.
    const actors = names.map((name) => ACTORS[name] as Actor);
    const runs = await inAllOrders(actors, true, (scene) => checkBytes(scene, names));
    expect(runs).toBeGreaterThan(1);
  });

  it('control: the enumeration visits every order of two tasks of two steps once', () => {
    const orders = new AllOrders();
    const seen: string[] = [];
    for (let rng = orders.next(); rng !== null; rng = orders.next()) {
      const left = [2, 2];
      let word = '';
      while (left[0] || left[1]) {
        const ready = [0, 1].filter((i) => (left[i] ?? 0) > 0);
        const chosen = ready.length > 1 ? (ready[rng.below(ready.length)] as number) : (ready[0] as number);
        left[chosen] = (left[chosen] ?? 0) - 1;
        word += 'ab'[chosen];
      }
      seen.push(word);
    }
    expect(seen.toSorted()).toEqual(['aabb', 'abab', 'abba', 'baab', 'baba', 'bbaa']);
  });
});
