// Misses and denials leave the hardware's fault record and nothing else; corrupt tables fault too; a full ring counts what it
// drops, and a replay finishes what is pending (xe.md §1.1, §5.8; I-P8).
import { describe, expect } from 'vitest';
import type { Command } from '../../../src/engine/plan/commands.ts';
import { gpuTest, type TestBench } from '../../support/dawn.ts';
import {
  ALL,
  ASID,
  ATOMIC,
  CAPACITY,
  PROGRAM_CONFIG,
  READ,
  RING,
  SYSTEM,
  VRAM,
  WRITE,
  fill,
  load,
  newTables,
  record,
  results,
  step,
  touch,
  type Touch,
} from '../../support/gpu-program.ts';
import { BIT, entry } from '../../support/page-tables.ts';

describe('a fault record', () => {
  gpuTest('is the hardware’s four words', PROGRAM_CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(2 ** 44, '4K', 1, BIT.rw);
    await bench.run(...tables.take());
    const done = await touch(bench, tables.root, [[2 ** 44 + 1, 5, WRITE, 9]]);
    const vaHi = 2 ** 44 / 2 ** 20;
    expect([...done.faults]).toEqual([0, ASID * 4096, 1 + 0x1000, vaHi]);
    expect(results(done)).toEqual([[0, 0]]);
  });

  const levels: [string, number, number][] = [
    ['4: nothing below the root', 2 ** 44, 4],
    ['3: no level-3 entry', 2 ** 27, 3],
    ['2: no level-2 entry', 2 ** 18, 2],
    ['1: no level-1 entry', 512, 1],
    ['0: no entry', 1, 0],
  ];
  for (const [name, vpn, level] of levels)
    gpuTest(`tells level ${name}`, PROGRAM_CONFIG, async (bench) => {
      const tables = newTables();
      tables.map(0, '4K', 1, ALL);
      await bench.run(...tables.take());
      const done = await touch(bench, tables.root, [[vpn, 0, READ]]);
      expect([...done.faults]).toEqual(record(level, 0, READ, 0, vpn));
    });

  gpuTest('tells the type: 0 not present, 1 no write, 2 no atomic', PROGRAM_CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(0, '4K', 1, 0);
    tables.map(1, '4K', 1, BIT.rw);
    tables.map(512, '2M', 0, BIT.atomic);
    await bench.run(...tables.take());
    const done = await touch(bench, tables.root, [
      [0, 0, READ],
      [0, 0, WRITE],
      [0, 0, ATOMIC],
      [1, 0, WRITE],
      [1, 0, ATOMIC],
      [2, 0, ATOMIC],
      [512, 0, ATOMIC],
    ]);
    expect([...done.faults]).toEqual([
      ...record(0, 1, WRITE, 1, 0),
      ...record(0, 2, ATOMIC, 1, 0),
      ...record(0, 4, ATOMIC, 2, 1),
      ...record(0, 5, ATOMIC, 0, 2),
      ...record(1, 6, ATOMIC, 1, 512),
    ]);
    expect(results(done).map(([status]) => status)).toEqual([1, 0, 0, 1, 0, 0, 0]);
  });

  gpuTest('comes for a write to a read-only NULL leaf: permission before NULL', PROGRAM_CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(0, '4K', 0, BIT.null);
    await bench.run(...tables.take());
    const done = await touch(bench, tables.root, [
      [0, 0, READ],
      [0, 0, WRITE],
    ]);
    expect([...done.faults]).toEqual(record(0, 1, WRITE, 1, 0));
  });

  gpuTest('carries its index in the command as cookie, and records are sorted by it', PROGRAM_CONFIG, async (bench) => {
    const tables = newTables();
    const touches = Array.from({ length: 500 }, (_, i): Touch => [i * 3, 0, READ]);
    const done = await bench.run(load(touches, 100), step(tables.root, 500, 100));
    const expected = touches.map(([vpn], i) => record(4, i, READ, 0, vpn)).flat();
    expect([...done.faults]).toEqual(expected);
  });

  gpuTest('of a later command comes after those of an earlier one', PROGRAM_CONFIG, async (bench) => {
    const tables = newTables();
    const touches: Touch[] = [
      [1, 0, READ],
      [2, 0, READ],
      [3, 0, READ],
    ];
    const done = await bench.run(load(touches), step(tables.root, 1, 2), step(tables.root, 2, 0));
    const expected = [record(4, 0, READ, 0, 3), record(4, 0, READ, 0, 1), record(4, 1, READ, 0, 2)];
    expect([...done.faults]).toEqual(expected.flat());
  });

  gpuTest('belongs to its job when several share a submission', PROGRAM_CONFIG, async (bench) => {
    const tables = newTables();
    const touches: Touch[] = [0, 1, 2].map((vpn) => [vpn, 0, READ]);
    bench.submit([load(touches), step(tables.root, 1, 0)]);
    bench.submit([step(tables.root, 2, 1)]);
    bench.submit([{ op: 'accessResult', base: 0, count: 3 }]);
    const [first, second, third] = await bench.drain(3);
    expect([...(first?.faults ?? [])]).toEqual(record(4, 0, READ, 0, 0));
    expect([...(second?.faults ?? [])]).toEqual([...record(4, 0, READ, 0, 1), ...record(4, 1, READ, 0, 2)]);
    expect([third?.faults.length, ...(third?.io ?? [])]).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });
});

describe('a corrupt table', () => {
  /** Maps page 0, then points one of its entries elsewhere. */
  async function faultAfter(bench: TestBench, level: number, words: [number, number], kind = READ): Promise<number[]> {
    const tables = newTables();
    tables.map(0, '4K', 1, ALL | BIT.deviceMemory);
    const at = tables.find(0, level) ?? { table: 0, index: 0 };
    const entries = Uint32Array.from(words);
    // A clamped read would land here, find something present, and stop elsewhere.
    const trap = fill(VRAM, 127, BIT.present | BIT.rw);
    await bench.run(trap, ...tables.take(), { op: 'pteWrite', space: VRAM, table: at.table, index: at.index, entries });
    return [...(await touch(bench, tables.root, [[0, 0, kind, 1]])).faults];
  }
  const PRESENT = BIT.present | ALL;

  gpuTest('control: the same change to a good frame is no fault', PROGRAM_CONFIG, async (bench) => {
    expect(await faultAfter(bench, 0, entry(127, PRESENT | BIT.deviceMemory))).toEqual([]);
    expect(await faultAfter(bench, 0, entry(63, PRESENT))).toEqual([]);
  });

  gpuTest('faults where a leaf points past its space', PROGRAM_CONFIG, async (bench) => {
    const expected = record(0, 0, WRITE, 0, 0);
    expect(await faultAfter(bench, 0, entry(128, PRESENT | BIT.deviceMemory), WRITE)).toEqual(expected);
    expect(await faultAfter(bench, 0, entry(64, PRESENT), WRITE)).toEqual(expected);
    expect(await faultAfter(bench, 0, entry(2 ** 32, PRESENT), WRITE)).toEqual(expected);
    expect(await faultAfter(bench, 0, entry(2 ** 40 - 1, PRESENT), WRITE)).toEqual(expected);
  });

  gpuTest(
    'faults where a directory points past its space, at the level that is not there',
    PROGRAM_CONFIG,
    async (bench) => {
      expect(await faultAfter(bench, 1, entry(128, PRESENT))).toEqual(record(0, 0, READ, 0, 0));
      expect(await faultAfter(bench, 2, entry(2 ** 33, PRESENT))).toEqual(record(1, 0, READ, 0, 0));
      expect(await faultAfter(bench, 4, entry(2 ** 20, PRESENT))).toEqual(record(3, 0, READ, 0, 0));
    },
  );
});

describe('a ring without room', () => {
  gpuTest('drops every fault of each job', { ...PROGRAM_CONFIG, faultCapacity: 0 }, async (bench) => {
    const { root } = newTables();
    bench.submit([load([[1, 0, READ]]), step(root, 1)]);
    bench.submit([
      load([
        [1, 0, READ],
        [2, 0, READ],
      ]),
      step(root, 2),
    ]);
    const done = await bench.drain(2);
    expect(done.map(({ faults, dropped }) => [faults.length, dropped])).toEqual([
      [0, 1],
      [0, 2],
    ]);
  });
});

describe('a full fault ring', () => {
  function pending(count: number): Command {
    return load(Array.from({ length: count }, (_, i): Touch => [i, i, WRITE, i + 1]));
  }

  gpuTest('holds exactly its capacity', PROGRAM_CONFIG, async (bench) => {
    const done = await bench.run(pending(RING), step(newTables().root, RING));
    expect([done.faults.length / 4, done.dropped]).toEqual([RING, 0]);
  });

  gpuTest('counts what finds no room, and a replay finishes', PROGRAM_CONFIG, async (bench) => {
    const tables = newTables();
    const first = await bench.run(pending(CAPACITY), step(tables.root, CAPACITY));
    expect([first.faults.length / 4, first.dropped]).toEqual([RING, CAPACITY - RING]);
    for (let vpn = 0; vpn < 900; vpn++) tables.map(vpn, '4K', 1, ALL);
    const second = await bench.run(...tables.take(), step(tables.root, CAPACITY));
    expect([second.faults.length / 4, second.dropped]).toEqual([CAPACITY - 900, 0]);
    for (let vpn = 900; vpn < CAPACITY; vpn++) tables.map(vpn, '4K', 1, ALL);
    const result: Command = { op: 'accessResult', base: 0, count: CAPACITY };
    const third = await bench.run(...tables.take(), step(tables.root, CAPACITY), result);
    expect([third.faults.length, third.dropped]).toEqual([0, 0]);
    expect(results(third).every(([status]) => status === 1)).toBe(true);
    const { io } = await bench.run({ op: 'readback', space: SYSTEM, frame: 1, pages: 1 });
    expect(io).toEqual(Uint32Array.from({ length: 1024 }, (_, i) => i + 1));
  });

  gpuTest('is empty again for the next job of the same submission', PROGRAM_CONFIG, async (bench) => {
    const { root } = newTables();
    bench.submit([pending(CAPACITY), step(root, CAPACITY)]);
    bench.submit([step(root, RING, 0)]);
    bench.submit([step(root, 1, 7), step(root, RING - 1, 0)]);
    const all = await bench.drain(3);
    expect(all.map((done) => [done.faults.length / 4, done.dropped])).toEqual([
      [RING, CAPACITY - RING],
      [RING, 0],
      [RING, 0],
    ]);
  });
});
