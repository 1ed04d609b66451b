// VRAM: objects and tables from one buddy, limits, figures (xe.md §3.10, §7.4, §7.6).
import { describe, expect, test } from 'vitest';
import type { Op } from '../../../src/model/sched/op.ts';
import type { Bo } from '../../../src/model/vram/bo.ts';
import { vramViolations } from '../../../src/model/vram/invariants.ts';
import { fill, M2, makeWorld } from './vram-world.ts';

describe('objects', () => {
  test('power-of-two sizes are one naturally aligned block; others are contiguous (I-B6)', async () => {
    const world = makeWorld();
    for (const pages of [1, 16, 512, 3, 48, 100]) {
      const bo = (await world.alloc(pages)) as Bo;
      if (bo.blocks.length === 1) expect(bo.frame % pages).toBe(0);
      expect(vramViolations(world.vram)).toEqual([]);
    }
    expect(world.vram.dataUsed).toBe(1 + 16 + 512 + 3 + 48 + 100);
  });

  test('the last put frees; get and put are counted', async () => {
    const world = makeWorld();
    const bo = (await world.alloc(16)) as Bo;
    bo.get();
    bo.put();
    expect(bo.resident).toBe(true);
    expect(() => world.vram.freeBo(Object.assign(bo, { refcount: 2 }))).toThrow(/2 references/);
    bo.refcount = 1;
    world.vram.freeBo(bo);
    expect([bo.resident, world.vram.dataUsed, world.vram.free]).toEqual([false, 0, 4 * M2]);
    expect(() => bo.put()).toThrow(/without a reference/);
    expect(() => bo.get()).toThrow(/after the last put/);
  });

  test('sizes: EINVAL, E2BIG, ENOMEM', async () => {
    const world = makeWorld({ dataPages: 2 * M2 });
    expect(await world.alloc(0)).toBe('EINVAL');
    expect(await world.alloc(2.5)).toBe('EINVAL');
    expect(await world.alloc(2 * M2 + 1)).toBe('E2BIG');
    await world.alloc(2 * M2, { owner: null });
    expect(await world.alloc(1)).toBe('ENOMEM');
  });

  test('locked: the reservation is held for write by the allocating task', async () => {
    const world = makeWorld();
    function* allocate(): Op<boolean> {
      const bo = yield* world.vram.alloc(1, { owner: null, locked: true });
      if (typeof bo === 'string') return false;
      const held = bo.resv.isWriteHeldBy(world.sched.currentTask());
      bo.resv.unlockWrite();
      return held;
    }
    expect(await world.run(allocate())).toBe(true);
  });

  test('top-down takes the highest offset of all, the plain search the smallest block', async () => {
    const pageBehindAHole = async (topDown: boolean): Promise<number> => {
      const world = makeWorld({ topDown, pages: 6 * M2, dataPages: 6 * M2 });
      const [high] = await fill(world, 2, M2);
      await fill(world, 1, M2 / 2);
      world.vram.freeBo(high as Bo);
      return ((await world.alloc(1)) as Bo).frame;
    };
    expect(await pageBehindAHole(true)).toBe(6 * M2 - 1);
    expect(await pageBehindAHole(false)).toBe(3 * M2 + M2 / 2 - 1);
  });
});

describe('tables', () => {
  test('they come from the same buddy, keep to their limit and are not counted as data', () => {
    const { vram } = makeWorld({ tableLimitPages: 8 });
    const frames = Array.from({ length: 9 }, () => vram.allocTable());
    expect(frames).toEqual([7, 6, 5, 4, 3, 2, 1, 0, -1]);
    expect([vram.tablesUsed, vram.dataUsed, vram.free]).toEqual([8, 0, 4 * M2 - 8]);
    vram.freeTable(3);
    expect(vram.allocTable()).toBe(3);
    expect(() => vram.freeTable(100)).toThrow(/no table block/);
  });

  test('the reserve keeps room for them when data is full', async () => {
    const world = makeWorld({ pages: 4 * M2 + 16, dataPages: 4 * M2 });
    await fill(world, 4, M2, { owner: null });
    expect(await world.alloc(1, { owner: null })).toBe('ENOMEM');
    const tables = Array.from({ length: 17 }, () => world.vram.allocTable());
    expect(tables.filter((frame) => frame !== -1)).toHaveLength(16);
    expect(tables.at(-1)).toBe(-1);
    expect(world.owner.evicted).toEqual([]);
    expect(vramViolations(world.vram)).toEqual([]);
  });

  test('blocks() lists everything once, in order, by kind', async () => {
    const world = makeWorld();
    const bo = (await world.alloc(16)) as Bo;
    const table = world.vram.allocTable();
    const blocks = world.vram.blocks();
    expect(blocks.filter((block) => block.kind !== 'free')).toEqual([
      { frame: table, pages: 1, kind: 'table', bo: -1 },
      { frame: bo.frame, pages: 16, kind: 'data', bo: bo.id },
    ]);
    expect(blocks.reduce((sum, block) => sum + block.pages, 0)).toBe(4 * M2);
    expect(blocks.every((block, i) => i === 0 || block.frame > (blocks[i - 1]?.frame ?? 0))).toBe(true);
  });
});

describe('figures (xe.md §7.6)', () => {
  test('fresh, fragmented, full', async () => {
    const world = makeWorld();
    expect(world.vram.figures()).toMatchObject({ fragmentation: 0, fits2M: 4, fits64K: 128, fits4K: 2048, free: 2048 });
    const list = await fill(world, 4, M2);
    expect(world.vram.figures()).toMatchObject({ fragmentation: 0, fits2M: 0, fits4K: 0, free: 0 });
    for (const i of [0, 2]) world.vram.freeBo(list[i] as Bo);
    expect(world.vram.figures()).toMatchObject({ fragmentation: 0.5, fits2M: 2, fits64K: 64, fits4K: 1024 });
  });

  test('less than 2M in one piece counts as fragmented; the data limit bounds what fits', async () => {
    const world = makeWorld({ dataPages: 3 * M2 });
    expect(world.vram.figures()).toMatchObject({ fits2M: 3, fits4K: 3 * M2 });
    const small = await fill(world, 96, 16);
    small.filter((_, i) => i % 2 === 0).forEach((bo) => world.vram.freeBo(bo));
    expect(world.vram.figures()).toMatchObject({ fits2M: 1, fits64K: 48 });
    const full = makeWorld({ pages: M2, dataPages: M2 });
    const pages = await fill(full, 32, 16);
    pages.filter((_, i) => i % 2 === 0).forEach((bo) => full.vram.freeBo(bo));
    expect(full.vram.figures()).toMatchObject({ fragmentation: 1, fits2M: 0, fits64K: 16, fits4K: 256 });
  });

  test('I-B7: visible pages are counted for objects and tables', async () => {
    const world = makeWorld({ visiblePages: 600, tableLimitPages: 8 });
    world.vram.allocTable();
    await fill(world, 3, M2);
    expect(world.vram.visibleFree).toBe(600 - 1 - 88);
    expect(vramViolations(world.vram)).toEqual([]);
  });
});

test('invariants see what they are for', async () => {
  const world = makeWorld();
  const bo = (await world.alloc(16)) as Bo;
  world.vram.boByBlock.delete(bo.frame);
  expect(vramViolations(world.vram).join()).toMatch(/I-B6.*I-C5/);
  const other = makeWorld();
  other.vram.buddy.tree.avail -= 1;
  expect(vramViolations(other.vram).join()).toMatch(/B1/);
});
