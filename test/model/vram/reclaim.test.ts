// Eviction by memory pressure: order, skip rules, errors, waiting, and the accounts under concurrency (xe.md §3.9).
import { describe, expect, test } from 'vitest';
import type { Errno } from '../../../src/base/errno.ts';
import { createRng } from '../../../src/base/rng.ts';
import { JobQueue } from '../../../src/model/sched/job-queue.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import type { Bo } from '../../../src/model/vram/bo.ts';
import { vramViolations } from '../../../src/model/vram/invariants.ts';
import { drive } from '../../support/drive.ts';
import { fill, M2, makeWorld } from './vram-world.ts';

describe('eviction (xe.md §3.9)', () => {
  test('oldest first, one at a time, as many as are needed (I-E1)', async () => {
    const world = makeWorld();
    const list = await fill(world, 4, M2);
    const bo = (await world.alloc(M2)) as Bo;
    expect(world.owner.evicted).toEqual([1]);
    expect(bo.frame).toBe(list[0]?.frame);
    await world.alloc(2 * M2);
    // 4M need the natural pair [0, 4M): what 2 and 3 leave behind lies across it.
    expect(world.owner.evicted).toEqual([1, 2, 3, 4]);
    expect(world.events.evictions).toEqual(['1:0:512', '2:0:512', '3:0:512', '4:0:512']);
    expect(vramViolations(world.vram)).toEqual([]);
  });

  test('the control: while there is room nobody is evicted', async () => {
    const world = makeWorld();
    await fill(world, 4, M2);
    expect(world.owner.evicted).toEqual([]);
  });

  test('eviction goes on until a contiguous block exists', async () => {
    const world = makeWorld();
    await fill(world, 8, 256);
    expect(await world.alloc(M2)).toMatchObject({ pages: M2 });
    expect(world.owner.evicted).toEqual([1, 2]);
  });

  test('lower priorities go first', async () => {
    const world = makeWorld();
    await fill(world, 2, M2);
    await fill(world, 2, M2, { priority: 0 });
    await world.alloc(M2);
    await world.alloc(M2);
    await world.alloc(M2);
    expect(world.owner.evicted).toEqual([3, 4, 1]);
  });

  test('pinned, ownerless and locked objects are skipped; EBUSY and EALREADY too (I-E4)', async () => {
    const world = makeWorld({ pages: 8 * M2, dataPages: 8 * M2 });
    const list = await fill(world, 8, M2);
    (list[0] as Bo).pinned = true;
    (list[1] as Bo).owner = null;
    world.owner.answer = (bo) => (bo.id === 3 ? 'EBUSY' : bo.id === 4 ? 'EALREADY' : 0);
    await world.alloc(M2);
    expect(world.owner.evicted).toEqual([3, 4, 5]);
    expect(world.events.evictions).toEqual(['3:EBUSY:512', '4:EALREADY:512', '5:0:512']);
    expect([...world.vram.bos()].map((bo) => bo.id)).toEqual([1, 2, 3, 4, 6, 7, 8, 9]);
  });

  test('any other error ends the allocation with it', async () => {
    const world = makeWorld();
    await fill(world, 4, M2);
    world.owner.answer = () => 'EFAULT';
    expect(await world.alloc(M2)).toBe('EFAULT');
    expect(world.owner.evicted).toEqual([1]);
    expect(vramViolations(world.vram)).toEqual([]);
  });

  test('nothing evictable is ENOMEM: every victim is tried again while waiting, not for ever', async () => {
    const world = makeWorld();
    await fill(world, 4, M2);
    world.owner.answer = () => 'EBUSY';
    expect(await world.alloc(M2)).toBe('ENOMEM');
    expect(world.owner.evicted).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
  });

  test('success frees the VRAM whatever references the object still has, and only once', async () => {
    for (const drop of [false, true]) {
      const world = makeWorld();
      const list = await fill(world, 4, M2);
      world.owner.drop = drop;
      await world.alloc(M2);
      const victim = list[0] as Bo;
      expect([victim.resident, victim.refcount]).toEqual([false, drop ? 0 : 1]);
      if (!drop) victim.put();
      expect(vramViolations(world.vram)).toEqual([]);
      expect(world.vram.dataUsed).toBe(4 * M2);
    }
  });

  test('a locked victim is passed over first, and waited for when nothing else helps', async () => {
    const world = makeWorld({ pages: M2, dataPages: M2 });
    const [bo] = await fill(world, 1, M2);
    function* hold(): Op<void> {
      yield* (bo as Bo).resv.write();
      yield* world.sched.sleepUntil(100);
      (bo as Bo).resv.unlockWrite();
    }
    world.sched.spawn('holder', hold());
    world.sched.run(0);
    const next = await world.alloc(M2);
    expect(next).toMatchObject({ pages: M2 });
    expect(world.sched.now).toBe(100);
    expect(world.owner.evicted).toEqual([1]);
  });

  test('an object that the allocating task itself holds is never its victim', async () => {
    const world = makeWorld({ pages: M2, dataPages: M2 });
    function* both(): Op<unknown> {
      const bo = yield* world.vram.alloc(M2, { owner: world.owner, locked: true });
      const second = yield* world.vram.alloc(1, { owner: world.owner });
      if (typeof bo !== 'string') bo.resv.unlockWrite();
      return second;
    }
    expect(await world.run(both())).toBe('ENOMEM');
    expect(world.owner.evicted).toEqual([]);
  });

  test('evictOne makes room for tables', async () => {
    const world = makeWorld();
    await fill(world, 4, M2);
    expect(world.vram.allocTable()).toBe(-1);
    expect(await world.run(world.vram.evictOne())).toBe(0);
    expect(world.vram.allocTable()).not.toBe(-1);
    const empty = makeWorld();
    expect(await empty.run(empty.vram.evictOne())).toBe('ENOMEM');
  });

  test('I-E3: with nothing pinned, a request within the limit always succeeds', async () => {
    const rng = createRng(11);
    const world = makeWorld();
    world.owner.drop = true;
    for (let i = 0; i < 500; i++) {
      const pages = [1, 16, 512, 1024, 2048][rng.below(5)] as number;
      expect(await world.alloc(pages), `step ${i}`).toMatchObject({ pages });
    }
    expect(vramViolations(world.vram)).toEqual([]);
    const order = world.owner.evicted;
    expect(order.every((id, i) => i === 0 || id > (order[i - 1] as number))).toBe(true);
  });
});

test('concurrent allocations with slow evictions, in any order of tasks, keep the accounts', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const rng = createRng(seed);
    const world = makeWorld({}, { explore: rng.fork('sched') });
    world.owner.delayNs = 10;
    world.owner.drop = true;
    world.owner.answer = () => (rng.below(4) === 0 ? 'EBUSY' : 0);
    const results: (Bo | Errno)[] = [];
    for (let i = 0; i < 30; i++) {
      const pages = [1, 16, 512, 1024][rng.below(4)] as number;
      world.sched.spawn(`alloc ${i}`, world.vram.alloc(pages, { owner: world.owner }), (bo) => results.push(bo));
    }
    await drive(world.sched, new JobQueue(world.sched, () => 1));
    expect(results, `seed ${seed}`).toHaveLength(30);
    expect(vramViolations(world.vram), `seed ${seed}`).toEqual([]);
    for (const bo of results) if (typeof bo === 'string') expect(bo, `seed ${seed}`).toBe('ENOMEM');
  }
});
