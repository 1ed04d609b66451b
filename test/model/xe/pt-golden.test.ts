// The golden vectors of binding, zapping and unbinding (xe.md §5.10), and what the bytes say after each.
import { describe, expect, test } from 'vitest';
import { ptViolations } from '../../../src/model/xe/pt-invariants.ts';
import {
  B,
  bind,
  K64,
  leaves,
  M2,
  makePtWorld,
  READ_WRITE,
  scattered,
  segments,
  stage,
  unbind,
  updates,
  walk,
  zap,
  type PtWorld,
  type PtWorldOptions,
} from './pt-world.ts';
import type { SegmentSource } from '../../../src/model/xe/pt.ts';

/** The bytes translate every page of the interval to `source`, and the tables are sound. */
async function expectMapped(world: PtWorld, start: number, source: SegmentSource): Promise<void> {
  await world.settle();
  source.forEachSegment((offset, proto, frame, pages) => {
    for (let i = 0; i < pages; i++) {
      const hit = walk(world.words(), world.pt.root, start + offset + i);
      expect([hit.kind, hit.frame], `page ${offset + i}`).toEqual([proto === 1 ? 'vram' : 'system', frame + i]);
    }
  });
  expect(ptViolations(world.pt, world.words())).toEqual([]);
}

async function expectAbsent(world: PtWorld, start: number, pages: number): Promise<void> {
  await world.settle();
  for (let i = 0; i < pages; i++) {
    expect(walk(world.words(), world.pt.root, start + i).kind, `page ${i}`).toBe('absent');
  }
  expect(ptViolations(world.pt, world.words())).toEqual([]);
}

interface Case {
  readonly name: string;
  readonly how: {
    readonly options?: PtWorldOptions;
    readonly at: number;
    readonly pages: number;
    readonly source: SegmentSource;
  };
  readonly want: {
    readonly update: number[];
    readonly tables: number;
    readonly leaves: Record<string, number>;
    readonly zap?: number[][];
    readonly unbind?: number[];
  };
}

const TOP = [4, 0, 1];
const LONG_ZAP = [
  [1, 1, 3],
  [0, 496, 16],
];
const CASES: Case[] = [
  {
    name: '2M, contiguous, aligned, fresh',
    how: { at: B, pages: M2, source: segments([1, 2 * M2, M2]) },
    want: { update: TOP, tables: 3, leaves: { large2M: 1 }, zap: [[1, 0, 1]], unbind: TOP },
  },
  {
    name: '2M from 32 scattered 64K blocks',
    how: { at: B, pages: M2, source: scattered(0, M2, K64) },
    want: { update: TOP, tables: 4, leaves: { compact: 32 }, zap: [[1, 0, 1]], unbind: TOP },
  },
  {
    name: '2M from 32 scattered 64K blocks, no compact tables on this hardware',
    how: { options: { compact: false }, at: B, pages: M2, source: scattered(0, M2, K64) },
    want: { update: TOP, tables: 4, leaves: { ps64: 512 }, zap: [[1, 0, 1]], unbind: TOP },
  },
  {
    name: '2M as two 1M segments',
    how: { at: B, pages: M2, source: segments([1, 1024, 256], [1, 512, 256]) },
    want: { update: TOP, tables: 4, leaves: { compact: 32 } },
  },
  {
    name: '2M contiguous at a 64K offset',
    how: { at: B, pages: M2, source: segments([1, 512 + K64, M2]) },
    want: { update: TOP, tables: 4, leaves: { compact: 32 } },
  },
  {
    name: '2M contiguous at a 4K offset',
    how: { at: B, pages: M2, source: segments([0, 65, M2]) },
    want: { update: TOP, tables: 4, leaves: { plain: 512 } },
  },
  {
    name: '64K at B+64K, aligned',
    how: { at: B + K64, pages: K64, source: segments([1, 160, K64]) },
    want: { update: TOP, tables: 4, leaves: { ps64: 16 }, zap: [[0, 16, 16]], unbind: TOP },
  },
  {
    name: '64K, memory 4K off',
    how: { at: B + K64, pages: K64, source: segments([1, 161, K64]) },
    want: { update: TOP, tables: 4, leaves: { plain: 16 } },
  },
  {
    name: '32K VRAM and 32K RAM',
    how: { at: B + K64, pages: K64, source: segments([1, 160, 8], [0, 168, 8]) },
    want: { update: TOP, tables: 4, leaves: { plain: 16 } },
  },
  {
    name: '64K of 16 separate pages',
    how: { at: B + K64, pages: K64, source: scattered(0, K64, 1) },
    want: { update: TOP, tables: 4, leaves: { plain: 16 } },
  },
  {
    name: '[0x1f0000, 0x800000) contiguous',
    how: { options: { vramPages: 8192 }, at: 0x1f0, pages: 0x800 - 0x1f0, source: segments([1, 4096 + 0x1f0, 0x610]) },
    want: { update: TOP, tables: 4, leaves: { ps64: 16, large2M: 3 }, zap: LONG_ZAP, unbind: TOP },
  },
  {
    name: 'root level 3: 2M at B',
    how: { options: { rootLevel: 3 }, at: B, pages: M2, source: segments([1, M2, M2]) },
    want: { update: [3, 254, 1], tables: 2, leaves: { large2M: 1 }, zap: [[1, 0, 1]], unbind: [3, 254, 1] },
  },
];

describe('one bind in a fresh address space (xe.md §5.10)', () => {
  test.each(CASES)('$name', async ({ how, want: expected }) => {
    const { options, at, pages, source } = how;
    const world = makePtWorld(options ?? {});
    const before = world.vram.tablesUsed;
    const staged = bind(world, at, source, pages);
    expect(updates(staged)).toEqual([expected.update]);
    expect(staged.newTables).toBe(expected.tables);
    expect(leaves(staged)).toEqual(expected.leaves);
    expect(world.vram.tablesUsed).toBe(before + expected.tables);
    await expectMapped(world, at, source);
    const zaps = zap(world, at, pages);
    if (expected.zap !== undefined) expect(zaps).toEqual(expected.zap);
    await expectAbsent(world, at, pages);
    expect(world.vram.tablesUsed).toBe(before + expected.tables);
    const cleared = unbind(world, at, pages);
    if (expected.unbind !== undefined) expect(cleared).toEqual([expected.unbind]);
    await expectAbsent(world, at, pages);
    // I-P5: after its sole use every private table is back.
    expect(world.vram.tablesUsed).toBe(before);
  });

  test('1G aligned: one L1G leaf under two tables', () => {
    const world = makePtWorld();
    const pages = 512 * M2;
    const staged = stage(world, B, segments([1, pages, pages]), pages);
    expect([updates(staged), staged.newTables, leaves(staged)]).toEqual([[TOP], 2, { large1G: 1 }]);
    const commands = world.pt.commitBind(staged);
    const leaf = commands.find((c) => c.op === 'pteWrite' && c.entries[0] !== undefined && (c.entries[0] & 0x80) !== 0);
    expect(leaf).toMatchObject({ entries: Uint32Array.of(0x40000000 + 0xc93, 0) });
  });
});

describe('sequences (xe.md §5.10)', () => {
  test('the same 2M slot again after a zap, now 512 scattered pages: a rebind of one entry', async () => {
    const world = makePtWorld();
    bind(world, B, segments([1, M2, M2]), M2);
    expect(zap(world, B, M2)).toEqual([[1, 0, 1]]);
    const source = scattered(0, M2, 1);
    const again = bind(world, B, source, M2);
    expect([updates(again), again.newTables, leaves(again)]).toEqual([[[1, 0, 1]], 1, { plain: 512 }]);
    await expectMapped(world, B, source);
    expect(zap(world, B, M2)).toEqual([[1, 0, 1]]);
    expect(unbind(world, B, M2)).toEqual([[4, 0, 1]]);
    await expectAbsent(world, B, M2);
  });

  test('64K neighbours and a 4K share one table; the last one alive takes it away', async () => {
    const world = makePtWorld();
    const used = world.vram.tablesUsed;
    bind(world, B + 16, segments([1, 160, 16]), 16);
    const second = bind(world, B + 32, segments([1, 320, 16]), 16);
    expect([updates(second), second.newTables, leaves(second)]).toEqual([[[0, 32, 16]], 0, { ps64: 16 }]);
    const third = bind(world, B + 48, segments([0, 99, 1]), 1);
    expect([updates(third), third.newTables, leaves(third)]).toEqual([[[0, 48, 1]], 0, { plain: 1 }]);
    await expectMapped(world, B + 16, segments([1, 160, 16], [1, 320, 16], [0, 99, 1]));
    expect(zap(world, B + 16, 16)).toEqual([[0, 16, 16]]);
    expect(unbind(world, B + 16, 16)).toEqual([[0, 16, 16]]);
    expect(unbind(world, B + 32, 16)).toEqual([[0, 32, 16]]);
    await expectMapped(world, B + 48, segments([0, 99, 1]));
    expect(unbind(world, B + 48, 1)).toEqual([[4, 0, 1]]);
    await expectAbsent(world, B, 64);
    expect(world.vram.tablesUsed).toBe(used);
  });

  test('a second 2M beside the first: one entry, and the first goes alone', async () => {
    const world = makePtWorld();
    bind(world, B, segments([1, M2, M2]), M2);
    const second = bind(world, B + M2, segments([1, 2 * M2, M2]), M2);
    expect([updates(second), second.newTables, leaves(second)]).toEqual([[[1, 1, 1]], 0, { large2M: 1 }]);
    expect(unbind(world, B, M2)).toEqual([[1, 0, 1]]);
    await expectMapped(world, B + M2, segments([1, 2 * M2, M2]));
    expect(unbind(world, B + M2, M2)).toEqual([[4, 0, 1]]);
    await expectAbsent(world, B, 2 * M2);
  });

  test('need64k: VRAM without 64K granularity is EINVAL and leaves nothing behind; RAM is fine (I-P7)', () => {
    const world = makePtWorld({ need64k: true });
    const used = world.vram.tablesUsed;
    const refused = [segments([1, 161, 16]), segments([1, 160, 8], [0, 168, 8])];
    for (const source of refused) {
      expect(world.pt.stageBind(B + 16, B + 32, source, READ_WRITE)).toBe('EINVAL');
      expect(world.vram.tablesUsed).toBe(used);
    }
    expect(leaves(bind(world, B + 16, segments([0, 161, 16]), 16))).toEqual({ plain: 16 });
    expect(leaves(bind(world, B + 32, segments([1, 160, 16]), 16))).toEqual({ ps64: 16 });
  });

  test('flush rule (xe.md §5.6)', () => {
    const world = makePtWorld();
    bind(world, B, segments([1, M2, M2]), M2);
    bind(world, B + M2, segments([1, 2 * M2, M2]), M2);
    bind(world, B + 2 * M2, segments([1, 160, 16]), 16);
    bind(world, B + 2 * M2 + 16, segments([1, 320, 16]), 16);
    const flush = (start: number, pages: number, valid: boolean): boolean =>
      world.pt.needsFlushOnUnbind(world.pt.stageUnbind(start, start + pages), valid);
    expect(flush(B, M2, true)).toBe(true);
    expect(flush(B, M2, false)).toBe(false);
    expect(flush(B + 2 * M2, 16, false)).toBe(false);
    unbind(world, B + 2 * M2, 16);
    // Now the 64K below takes its table with it: a level-1 entry for less than 2M.
    expect(flush(B + 2 * M2 + 16, 16, false)).toBe(true);
    expect(flush(B + 5 * M2, M2, false)).toBe(true);
    const scratch = makePtWorld({ scratch: true });
    bind(scratch, B, segments([1, M2, M2]), M2);
    bind(scratch, B + M2, segments([1, M2, M2]), M2);
    expect(scratch.pt.needsFlushOnUnbind(scratch.pt.stageUnbind(B, B + M2), false)).toBe(true);
  });

  test('scratch: unbound reads NULL at every level, zapped faults (I-P8)', async () => {
    const world = makePtWorld({ scratch: true });
    const kind = (vpn: number): string => walk(world.words(), world.pt.root, vpn).kind;
    bind(world, B + 16, segments([1, 160, 16]), 16);
    await world.settle();
    for (const vpn of [0, B - 2 ** 30, B - 1, B, B + 32, B + M2, B + 2 ** 20]) expect(kind(vpn)).toBe('null');
    expect(kind(B + 16)).toBe('vram');
    zap(world, B + 16, 16);
    await world.settle();
    expect(kind(B + 16)).toBe('absent');
    expect(kind(B + 15)).toBe('null');
    unbind(world, B + 16, 16);
    await world.settle();
    expect(kind(B + 16)).toBe('null');
    expect(ptViolations(world.pt, world.words())).toEqual([]);
  });
});
