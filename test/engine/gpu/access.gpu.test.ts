// GPU programs: addresses are walked, permissions hold, misses leave the hardware's fault record and nothing else, and a
// replay finishes what is pending (xe.md §1.1, §5.8; I-P8).
import { describe, expect } from 'vitest';
import type { Access, Command, WalkRoot } from '../../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import type { Completion } from '../../../src/engine/plan/job.ts';
import { gpuTest, type TestBench } from '../../support/dawn.ts';
import { BIT, entry, PageTables, type LeafKind } from '../../support/page-tables.ts';

const SYSTEM = 0;
const VRAM = 1;
const CAPACITY = 1024;
const RING = 600;
const CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: 64 },
    { name: 'vram0', pages: 128 },
  ],
  accessCapacity: CAPACITY,
  faultCapacity: RING,
  tlbLines: 0,
};
const ASID = 0xabcde;
const READ = 0;
const WRITE = 1;
const ATOMIC = 2;
const ALL = BIT.rw | BIT.atomic;

function newTables(level = 4, space = VRAM): PageTables {
  let next = space === VRAM ? 100 : 40;
  return new PageTables(space, level, () => next++);
}

/** Word `word` of page `vpn`; `kind` and what it adds. */
type Touch = readonly [vpn: number, word: number, kind: number, operand?: number];

function load(touches: readonly Touch[], base = 0): Command {
  const records = touches.flatMap(([vpn, word, kind, operand = 0]) => [
    ((vpn % 2 ** 20) * 4096 + word * 4) >>> 0,
    Math.floor(vpn / 2 ** 20),
    kind,
    operand,
  ]);
  return { op: 'accessLoad', base, records: Uint32Array.from(records) };
}

function step(root: WalkRoot, count: number, base = 0): Access {
  return { op: 'access', asid: ASID, root, base, count, tlb: false, chained: false };
}

/** Loads and runs the touches; the completion with their results as io. */
async function touch(bench: TestBench, root: WalkRoot, touches: readonly Touch[]): Promise<Completion> {
  const count = touches.length;
  return bench.run(load(touches), step(root, count), { op: 'accessResult', base: 0, count });
}

/** [status, value] of each access. */
function results(done: Completion): number[][] {
  return Array.from({ length: done.io.length / 2 }, (_, i) => [...done.io.subarray(2 * i, 2 * i + 2)]);
}

/** The four words of a record, put together by hand from the table of xe.md §1.1. */
function record(level: number, cookie: number, kind: number, fault: number, vpn: number): number[] {
  const vaLo = (vpn % 2 ** 20) * 4096;
  const dw0 = level + (cookie % 16) * 2 ** 28;
  const dw1 = Math.floor(cookie / 16) + ASID * 2 ** 12;
  const dw2 = kind + fault * 4 + vaLo;
  return [dw0, dw1, dw2, Math.floor(vpn / 2 ** 20)];
}

function fill(space: number, frame: number, pattern: number): Command {
  return { op: 'fill', space, frame, pages: 1, pattern };
}

describe('an access', () => {
  gpuTest('reads, writes and adds through a 4 KiB leaf', CONFIG, async (bench) => {
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

  gpuTest('acts on the aligned word around its address', CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(1, '4K', 2, ALL);
    const records = Uint32Array.of(0x1007, 0, WRITE, 5);
    await bench.run(...tables.take(), { op: 'accessLoad', base: 0, records }, step(tables.root, 1));
    const { io } = await bench.run({ op: 'readback', space: SYSTEM, frame: 2, pages: 1 });
    expect([io[0], io[1], io[2]]).toEqual([0, 5, 0]);
  });

  const kinds: LeafKind[] = ['4K', 'ps64', 'compact64K', '2M', '1G'];
  for (const level of [3, 4])
    for (const kind of kinds)
      gpuTest(`finds the page inside a ${kind} leaf under a level-${level} root`, CONFIG, async (bench) => {
        const tables = newTables(level);
        const vpn = 2 ** 35 + 2 ** 18;
        tables.map(vpn, kind, kind === '4K' ? 11 : 0, ALL | BIT.deviceMemory);
        const page = kind === '4K' ? 0 : 11;
        await bench.run(...tables.take(), fill(VRAM, 11, 42));
        expect(results(await touch(bench, tables.root, [[vpn + page, 3, READ]]))).toEqual([[1, 42]]);
      });

  gpuTest('reaches system memory where the device bit is clear', CONFIG, async (bench) => {
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

  gpuTest('walks tables in system memory', CONFIG, async (bench) => {
    const tables = newTables(4, SYSTEM);
    tables.map(0, '4K', 3, ALL);
    await bench.run(...tables.take(), fill(SYSTEM, 3, 8));
    expect(results(await touch(bench, tables.root, [[0, 0, READ]]))).toEqual([[1, 8]]);
  });

  gpuTest('of many lanes to one word adds every operand', CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(0, '4K', 1, ALL);
    const touches = Array.from({ length: CAPACITY }, (_, i): Touch => [0, 0, i % 2 === 0 ? WRITE : ATOMIC, i]);
    await bench.run(...tables.take(), load(touches), step(tables.root, CAPACITY));
    const { io } = await bench.run({ op: 'readback', space: SYSTEM, frame: 1, pages: 1 });
    expect(io[0]).toBe((CAPACITY * (CAPACITY - 1)) / 2);
  });

  gpuTest('to a NULL leaf reads zero and drops what it writes', CONFIG, async (bench) => {
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

  gpuTest('happens once: a finished access is not repeated', CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(0, '4K', 1, ALL);
    await bench.run(...tables.take(), load([[0, 0, WRITE, 5]]), step(tables.root, 1), step(tables.root, 1));
    expect((await bench.run({ op: 'readback', space: SYSTEM, frame: 1, pages: 1 })).io[0]).toBe(5);
  });

  gpuTest('outside the step stays pending', CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(0, '4K', 1, ALL);
    const touches: Touch[] = [0, 1, 2, 3].map((word) => [0, word, WRITE, 1]);
    const result: Command = { op: 'accessResult', base: 0, count: 4 };
    const done = await bench.run(...tables.take(), load(touches), step(tables.root, 2, 1), result);
    expect(results(done).map(([status]) => status)).toEqual([0, 1, 1, 0]);
  });
});

describe('a fault record', () => {
  gpuTest('is the hardware’s four words', CONFIG, async (bench) => {
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
    gpuTest(`tells level ${name}`, CONFIG, async (bench) => {
      const tables = newTables();
      tables.map(0, '4K', 1, ALL);
      await bench.run(...tables.take());
      const done = await touch(bench, tables.root, [[vpn, 0, READ]]);
      expect([...done.faults]).toEqual(record(level, 0, READ, 0, vpn));
    });

  gpuTest('tells the type: 0 not present, 1 no write, 2 no atomic', CONFIG, async (bench) => {
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

  gpuTest('comes for a write to a read-only NULL leaf: permission before NULL', CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(0, '4K', 0, BIT.null);
    await bench.run(...tables.take());
    const done = await touch(bench, tables.root, [
      [0, 0, READ],
      [0, 0, WRITE],
    ]);
    expect([...done.faults]).toEqual(record(0, 1, WRITE, 1, 0));
  });

  gpuTest('carries its index in the command as cookie, and records are sorted by it', CONFIG, async (bench) => {
    const tables = newTables();
    const touches = Array.from({ length: 500 }, (_, i): Touch => [i * 3, 0, READ]);
    const done = await bench.run(load(touches, 100), step(tables.root, 500, 100));
    const expected = touches.map(([vpn], i) => record(4, i, READ, 0, vpn)).flat();
    expect([...done.faults]).toEqual(expected);
  });

  gpuTest('of a later command comes after those of an earlier one', CONFIG, async (bench) => {
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

  gpuTest('belongs to its job when several share a submission', CONFIG, async (bench) => {
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
    await bench.run(...tables.take(), { op: 'pteWrite', space: VRAM, table: at.table, index: at.index, entries });
    return [...(await touch(bench, tables.root, [[0, 0, kind, 1]])).faults];
  }
  const PRESENT = BIT.present | ALL;

  gpuTest('control: the same change to a good frame is no fault', CONFIG, async (bench) => {
    expect(await faultAfter(bench, 0, entry(127, PRESENT | BIT.deviceMemory))).toEqual([]);
    expect(await faultAfter(bench, 0, entry(63, PRESENT))).toEqual([]);
  });

  gpuTest('faults where a leaf points past its space', CONFIG, async (bench) => {
    const expected = record(0, 0, WRITE, 0, 0);
    expect(await faultAfter(bench, 0, entry(128, PRESENT | BIT.deviceMemory), WRITE)).toEqual(expected);
    expect(await faultAfter(bench, 0, entry(64, PRESENT), WRITE)).toEqual(expected);
    expect(await faultAfter(bench, 0, entry(2 ** 32, PRESENT), WRITE)).toEqual(expected);
    expect(await faultAfter(bench, 0, entry(2 ** 40 - 1, PRESENT), WRITE)).toEqual(expected);
  });

  gpuTest('faults where a directory points past its space, at the level that is not there', CONFIG, async (bench) => {
    expect(await faultAfter(bench, 1, entry(128, PRESENT))).toEqual(record(0, 0, READ, 0, 0));
    expect(await faultAfter(bench, 2, entry(2 ** 33, PRESENT))).toEqual(record(1, 0, READ, 0, 0));
    expect(await faultAfter(bench, 4, entry(2 ** 20, PRESENT))).toEqual(record(3, 0, READ, 0, 0));
  });
});

describe('a full fault ring', () => {
  function pending(count: number): Command {
    return load(Array.from({ length: count }, (_, i): Touch => [i, i, WRITE, i + 1]));
  }

  gpuTest('holds exactly its capacity', CONFIG, async (bench) => {
    const done = await bench.run(pending(RING), step(newTables().root, RING));
    expect([done.faults.length / 4, done.dropped]).toEqual([RING, 0]);
  });

  gpuTest('counts what finds no room, and a replay finishes', CONFIG, async (bench) => {
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

  gpuTest('is empty again for the next job of the same submission', CONFIG, async (bench) => {
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
