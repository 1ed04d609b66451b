// Staging is invisible until it is committed, can be undone at every point, and frees tables only behind their fence.
import { describe, expect, test } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import type { Command } from '../../../src/engine/plan/commands.ts';
import { BLOCK_STATE } from '../../../src/model/vram/buddy-tree.ts';
import { ptViolations } from '../../../src/model/xe/pt-invariants.ts';
import { subtree } from '../../../src/model/xe/pt-node.ts';
import { PageTables } from '../../../src/model/xe/pt.ts';
import {
  B,
  bind,
  M2,
  makePtWorld,
  READ_WRITE,
  scattered,
  segments,
  stage,
  unbind,
  VRAM,
  walk,
  zap,
  type PtWorld,
} from './pt-world.ts';

/** Everything that a failed or aborted bind must leave as it was (I-P6). */
function snapshot(world: PtWorld): string {
  const tables = subtree(world.pt.top).map((node) => {
    const owned = Array.from({ length: 512 }, (_, i) => (node.isOwned(i) ? (node.childAt(i)?.frame ?? 'leaf') : ''));
    return `${node.frame} L${node.level} ${node.compact} ${node.zapped} ${node.live} ${owned.join(',')}`;
  });
  const blocks: string[] = [];
  world.vram.buddy.tree.forEachBlock((order, frame, state) => {
    blocks.push(`${order}@${frame}${state === BLOCK_STATE.free ? 'f' : 'a'}`);
  });
  return [...tables, ...blocks, world.pt.tableCount, world.vram.tablesUsed].join('\n');
}

/** Makes the (n + 1)th table allocation from now on fail. Returns how many were asked for. */
function failAfter(world: PtWorld, n: number): { asked: number; restore(): void } {
  const { vram } = world;
  const real = vram.allocTable.bind(vram);
  const state = {
    asked: 0,
    restore: () => {
      vram.allocTable = real;
    },
  };
  vram.allocTable = () => (state.asked++ < n ? real() : -1);
  return state;
}

/** [start, source, pages] of binds that need many tables. */
const WIDE: [string, number, ReturnType<typeof segments>, number][] = [
  ['2M of pages', B, scattered(0, M2, 1), M2],
  ['2M compact', B, scattered(0, M2, 16), M2],
  ['across 512G, ragged on both sides', 2 ** 27 * 3 - 700, segments([0, 1, 1400]), 1400],
  ['over a leaf and a table that are bound already', B + 100, segments([1, 3, 2 * M2]), 2 * M2],
];

describe('I-P6', () => {
  test.each(WIDE)('table memory fails at each point: %s', (_, start, source, pages) => {
    const world = makePtWorld({ vramPages: 4096 });
    bind(world, B, segments([1, M2, M2]), M2);
    bind(world, B + M2, scattered(1, M2, 1), M2);
    const before = snapshot(world);
    let asked = 0;
    for (let n = 0; n <= asked; n++) {
      const failing = failAfter(world, n);
      const staged = world.pt.stageBind(start, start + pages, source, READ_WRITE);
      failing.restore();
      ({ asked } = failing);
      if (typeof staged === 'string') {
        expect(staged).toBe('ENOMEM');
        expect(asked).toBe(n + 1);
      } else {
        expect(asked).toBe(n);
        world.pt.abortBind(staged);
        asked = n - 1;
      }
      expect(snapshot(world), `failure ${n}`).toBe(before);
    }
    expect(asked).toBeGreaterThanOrEqual(0);
  });

  test('an abort at random points of a random history restores everything', async () => {
    const rng = createRng(77);
    const world = makePtWorld({ vramPages: 4096 });
    for (let i = 0; i < 200; i++) {
      const pages = [1, 16, 512][rng.below(3)] as number;
      const start = B + rng.below(2048 / pages) * pages;
      const source = rng.below(2) === 0 ? segments([1, rng.below(4096), pages]) : scattered(0, pages, 1);
      const before = snapshot(world);
      world.pt.abortBind(stage(world, start, source, pages));
      expect(snapshot(world), `step ${i}`).toBe(before);
      const next = rng.below(4);
      if (next < 2) bind(world, start, source, pages);
      if (next === 2) unbind(world, B, 2048);
      await world.settle();
      expect(ptViolations(world.pt, world.words()), `step ${i}`).toEqual([]);
    }
  });

  test('memory of a peer is EOPNOTSUPP', () => {
    const world = makePtWorld();
    const before = snapshot(world);
    expect(world.pt.stageBind(B, B + 2, segments([0, 5, 1], [2, 6, 1]), READ_WRITE)).toBe('EOPNOTSUPP');
    expect(snapshot(world)).toBe(before);
  });
});

describe('order of commands', () => {
  test('contents of new tables come first, whole and each word once; the shared entry last', () => {
    const world = makePtWorld();
    const commands = world.pt.commitBind(stage(world, B, scattered(0, M2, 1), M2));
    const last = commands.at(-1) as Command & { op: 'pteWrite' };
    expect([last.op, last.table, last.index]).toEqual(['pteWrite', world.pt.root.frame, 0]);
    const written = new Map<number, Uint8Array>();
    for (const command of commands.slice(0, -1)) {
      if (command.op !== 'pteWrite' && command.op !== 'pteFill') throw new Error(command.op);
      const count = command.op === 'pteWrite' ? command.entries.length / 2 : command.count;
      const counts = written.get(command.table) ?? new Uint8Array(512);
      for (let i = command.index; i < command.index + count; i++) counts[i] = (counts[i] as number) + 1;
      written.set(command.table, counts);
    }
    expect(written.size).toBe(4);
    expect([...written.values()].every((counts) => counts.every((count) => count === 1))).toBe(true);
    const sizes = commands.flatMap((c) => (c.op === 'pteWrite' && c.entries.length > 2 ? [c.entries.length / 2] : []));
    expect(sizes).toEqual([510, 2]);
  });

  test('a bind is invisible until its job ran, and a zap before it does not reach into it', async () => {
    const world = makePtWorld();
    const staged = stage(world, B, segments([1, M2, M2]), M2);
    expect(zap(world, B, M2)).toEqual([]);
    await world.settle();
    expect(walk(world.words(), world.pt.root, B).kind).toBe('absent');
    world.pt.submit('bind', world.pt.commitBind(staged));
    await world.settle();
    expect(walk(world.words(), world.pt.root, B).kind).toBe('vram');
  });
});

describe('freeing tables', () => {
  test('detached tables stay allocated until the job that detached them is done', async () => {
    const world = makePtWorld();
    const used = world.vram.tablesUsed;
    bind(world, B, scattered(0, M2, 1), M2);
    await world.settle();
    unbind(world, B, M2);
    expect(world.pt.tableCount).toBe(1);
    expect(world.vram.tablesUsed).toBe(used + 4);
    world.sched.run(world.sched.now);
    expect(world.vram.tablesUsed).toBe(used + 4);
    await world.settle();
    expect(world.vram.tablesUsed).toBe(used);
  });

  test('a replaced child is freed with the bind that replaced it', async () => {
    const world = makePtWorld();
    bind(world, B, scattered(0, M2, 1), M2);
    await world.settle();
    const used = world.vram.tablesUsed;
    bind(world, B, segments([1, M2, M2]), M2);
    expect(world.vram.tablesUsed).toBe(used);
    await world.settle();
    expect(world.vram.tablesUsed).toBe(used - 1);
  });

  test('close zeroes the root, flushes, and returns every page of it', async () => {
    for (const scratch of [false, true]) {
      const world = makePtWorld({ scratch });
      bind(world, B, scattered(0, M2, 1), M2);
      bind(world, B + M2, segments([1, M2, M2]), M2);
      await world.settle();
      const commands = world.pt.close();
      expect(commands.map((c) => c.op)).toEqual(['zap', 'tlbInval']);
      expect(world.pt.zap(B, B + M2)).toEqual([]);
      expect(unbind(world, B, M2)).toEqual([]);
      world.pt.submit('close', commands);
      await world.settle();
      expect(world.vram.tablesUsed).toBe(0);
      expect(walk(world.words(), world.pt.root, B).kind).toBe('absent');
    }
  });

  test('create answers ENOMEM and takes nothing when there is no room for the root', () => {
    const world = makePtWorld({ vramPages: 2 });
    const config = { vram: world.vram, jobs: world.jobs, queue: 'copy0', space: VRAM, rootLevel: 4, asid: 2 };
    expect(PageTables.create({ ...config, scratch: true })).toBe('ENOMEM');
    expect(world.vram.tablesUsed).toBe(1);
    expect(PageTables.create(config)).toBeInstanceOf(PageTables);
  });
});

describe('changing what is bound', () => {
  test('a part of a zapped 2M that comes back gets a fresh table; the rest stays absent', async () => {
    const world = makePtWorld();
    bind(world, B, scattered(0, M2, 1), M2);
    zap(world, B, M2);
    bind(world, B + 16, segments([1, 160, 16]), 16);
    await world.settle();
    const kinds = [B, B + 15, B + 16, B + 31, B + 32].map((vpn) => walk(world.words(), world.pt.root, vpn).kind);
    expect(kinds).toEqual(['absent', 'absent', 'vram', 'vram', 'absent']);
    expect(ptViolations(world.pt, world.words())).toEqual([]);
  });

  test('zap and unbind refuse to split a leaf', () => {
    const world = makePtWorld();
    bind(world, B, segments([1, M2, M2]), M2);
    expect(() => world.pt.zap(B, B + 16)).toThrow(/splits the leaf/);
    expect(() => world.pt.stageUnbind(B + 16, B + M2)).toThrow(/splits the leaf/);
  });

  test('a bind whose path was zapped away under it is a bug of the caller', () => {
    const world = makePtWorld();
    bind(world, B, segments([1, 160, 16]), 16);
    const staged = stage(world, B + 16, segments([1, 320, 16]), 16);
    world.pt.zap(B, B + M2);
    expect(() => world.pt.commitBind(staged)).toThrow(/zapped away/);
  });

  test('NULL leaves need no memory behind them', async () => {
    const world = makePtWorld();
    bind(world, B, null, M2 + 1);
    await world.settle();
    expect(walk(world.words(), world.pt.root, B + M2)).toMatchObject({ kind: 'null', level: 0 });
    expect(walk(world.words(), world.pt.root, B)).toMatchObject({ kind: 'null', level: 1 });
  });
});
