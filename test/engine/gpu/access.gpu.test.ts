// GPU programs: addresses are walked through every kind of leaf, and each access happens exactly once (xe.md §5.8).
import { describe, expect } from 'vitest';
import { NO_FRAME, type Command } from '../../../src/engine/plan/commands.ts';
import { gpuTest } from '../../support/dawn.ts';
import {
  ALL,
  ATOMIC,
  CAPACITY,
  PROGRAM_CONFIG,
  READ,
  SYSTEM,
  VRAM,
  WRITE,
  fill,
  load,
  newTables,
  results,
  step,
  touch,
  type Touch,
} from '../../support/gpu-program.ts';
import { BIT, type LeafKind } from '../../support/page-tables.ts';

describe('an access', () => {
  gpuTest('reads, writes and adds through a 4 KiB leaf', PROGRAM_CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(5, '4K', 9, ALL | BIT.deviceMemory);
    await bench.run(...tables.take(), fill(VRAM, 9, 100));
    const done = await touch(bench, tables.root, [
      [5, 0, READ, 1],
      [5, 1, WRITE, 2],
      [5, 1023, ATOMIC, 0xffffffff],
    ]);
    expect([done.status, done.dropped, done.faults.length]).toEqual(['ok', 0, 0]);
    expect(results(done)).toEqual([
      [1, 100],
      [1, 100],
      [1, 100],
    ]);
    const { io } = await bench.run({ op: 'readback', space: VRAM, frame: 9, pages: 1 });
    expect([io[0], io[1], io[2], io[1022], io[1023]]).toEqual([100, 102, 100, 100, 99]);
  });

  gpuTest('acts on the aligned word around its address', PROGRAM_CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(1, '4K', 2, ALL);
    const records = Uint32Array.of(0x1007, 0, WRITE, 5);
    await bench.run(...tables.take(), { op: 'accessLoad', base: 0, records }, step(tables.root, 1));
    const { io } = await bench.run({ op: 'readback', space: SYSTEM, frame: 2, pages: 1 });
    expect([io[0], io[1], io[2]]).toEqual([0, 5, 0]);
  });

  gpuTest(
    'that is only translated tells its frame, touches nothing and leaves no fault',
    PROGRAM_CONFIG,
    async (bench) => {
      const tables = newTables();
      tables.map(5, '4K', 9, ALL | BIT.deviceMemory);
      tables.map(6, '4K', 3, BIT.present);
      tables.map(512, 'compact64K', 16, ALL);
      tables.map(64, '4K', 0, ALL | BIT.null);
      await bench.run(...tables.take(), fill(VRAM, 9, 100));
      const pages = [5, 6, 6, 515, 64, 7];
      const kinds = [WRITE, READ, WRITE, ATOMIC, READ, READ];
      const touches = pages.map((vpn, i): Touch => [vpn, i, kinds[i] as number, 1]);
      const only = { ...step(tables.root, touches.length), translateOnly: true };
      const done = await bench.run(load(touches), only, { op: 'accessResult', base: 0, count: touches.length });
      expect([done.status, done.faults.length, done.dropped]).toEqual(['ok', 0, 0]);
      expect(results(done)).toEqual([9, 3, NO_FRAME, 19, NO_FRAME, NO_FRAME].map((frame) => [4, frame]));
      const { io } = await bench.run({ op: 'readback', space: VRAM, frame: 9, pages: 1 });
      expect(new Set(io)).toEqual(new Set([100]));
    },
  );

  const kinds: LeafKind[] = ['4K', 'ps64', 'compact64K', '2M', '1G'];
  for (const level of [3, 4])
    for (const kind of kinds)
      gpuTest(`finds the page inside a ${kind} leaf under a level-${level} root`, PROGRAM_CONFIG, async (bench) => {
        const tables = newTables(level);
        const vpn = 2 ** 35 + 2 ** 18;
        tables.map(vpn, kind, kind === '4K' ? 11 : 0, ALL | BIT.deviceMemory);
        const page = kind === '4K' ? 0 : 11;
        await bench.run(...tables.take(), fill(VRAM, 11, 42));
        expect(results(await touch(bench, tables.root, [[vpn + page, 3, READ]]))).toEqual([[1, 42]]);
      });

  gpuTest('reaches system memory where the device bit is clear', PROGRAM_CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(0, '4K', 9, ALL);
    tables.map(1, '4K', 9, ALL | BIT.deviceMemory);
    await bench.run(...tables.take(), fill(SYSTEM, 9, 1), fill(VRAM, 9, 2));
    const touches: Touch[] = [
      [0, 0, READ],
      [1, 0, READ],
    ];
    expect(results(await touch(bench, tables.root, touches)).map(([, value]) => value)).toEqual([1, 2]);
  });

  gpuTest('walks tables in system memory', PROGRAM_CONFIG, async (bench) => {
    const tables = newTables(4, SYSTEM);
    tables.map(0, '4K', 3, ALL);
    await bench.run(...tables.take(), fill(SYSTEM, 3, 8));
    expect(results(await touch(bench, tables.root, [[0, 0, READ]]))).toEqual([[1, 8]]);
  });

  gpuTest('of many lanes to one word adds every operand', PROGRAM_CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(0, '4K', 1, ALL);
    const touches = Array.from({ length: CAPACITY }, (_, i): Touch => [0, 0, i % 2 === 0 ? WRITE : ATOMIC, i]);
    await bench.run(...tables.take(), load(touches), step(tables.root, CAPACITY));
    const { io } = await bench.run({ op: 'readback', space: SYSTEM, frame: 1, pages: 1 });
    expect(io[0]).toBe((CAPACITY * (CAPACITY - 1)) / 2);
  });

  gpuTest('to a NULL leaf reads zero and drops what it writes', PROGRAM_CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(0, '4K', 0, ALL | BIT.null);
    await bench.run(...tables.take(), fill(SYSTEM, 0, 7));
    const done = await touch(bench, tables.root, [
      [0, 0, READ],
      [0, 0, WRITE, 5],
      [0, 0, ATOMIC, 5],
    ]);
    expect(results(done)).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
    ]);
    expect((await bench.run({ op: 'readback', space: SYSTEM, frame: 0, pages: 1 })).io[0]).toBe(7);
  });

  gpuTest('happens once: a finished access is not repeated', PROGRAM_CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(0, '4K', 1, ALL);
    await bench.run(...tables.take(), load([[0, 0, WRITE, 5]]), step(tables.root, 1), step(tables.root, 1));
    expect((await bench.run({ op: 'readback', space: SYSTEM, frame: 1, pages: 1 })).io[0]).toBe(5);
  });

  gpuTest('outside the step stays pending', PROGRAM_CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(0, '4K', 1, ALL);
    const touches: Touch[] = [0, 1, 2, 3].map((word) => [0, word, WRITE, 1]);
    const result: Command = { op: 'accessResult', base: 0, count: 4 };
    const done = await bench.run(...tables.take(), load(touches), step(tables.root, 2, 1), result);
    expect(results(done).map(([status]) => status)).toEqual([0, 1, 1, 0]);
  });
});
