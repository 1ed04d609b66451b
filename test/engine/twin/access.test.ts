// GPU accesses on the twin: hits in both memories, hand-computed fault records, permissions, replay, chains, the full ring.
import { describe, expect, test } from 'vitest';
import { ACCESS_KIND, ACCESS_STATUS, type Command } from '../../../src/engine/plan/commands.ts';
import { createTwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import { AccessBench, load, record, V } from '../../support/access-bench.ts';
import { BIT, PageTables } from '../../support/page-tables.ts';

const { read, write, atomic } = ACCESS_KIND;
const { pending, done } = ACCESS_STATUS;

describe('an access that hits', () => {
  test.each([
    ['system', 0, 0],
    ['vram0', BIT.deviceMemory, 1],
  ] as const)('acts on the aligned word of its frame in %s', async (_, bit, space) => {
    const bench = new AccessBench();
    bench.tables.map(V, '4K', 5, BIT.rw | bit);
    await bench.run();
    bench.twin.peek(space)[5 * 1024 + 3] = 40;
    const first = await bench.one(V, write, 2, 15);
    expect([...first.io]).toEqual([done, 40]);
    expect((await bench.one(V, read, 9, 12)).io[1]).toBe(42);
    expect([bench.twin.peek(space)[5 * 1024 + 3], bench.twin.peek(1 - space)[5 * 1024 + 3]]).toEqual([42, 0]);
  });

  test('adds modulo 2^32', async () => {
    const bench = new AccessBench();
    bench.tables.map(V, '4K', 0, BIT.rw | BIT.atomic);
    await bench.one(V, atomic, 0xffffffff);
    expect((await bench.one(V, atomic, 2)).io[1]).toBe(0xffffffff);
    expect(bench.twin.peek(0)[0]).toBe(1);
  });

  test('is performed exactly once, whatever number of steps run', async () => {
    const bench = new AccessBench();
    bench.tables.map(V, '4K', 0, BIT.rw);
    await bench.one(V, write, 7);
    const again = await bench.run(bench.step(1), bench.step(1), { op: 'accessResult', base: 0, count: 1 });
    expect([...again.io]).toEqual([done, 0]);
    expect(bench.twin.peek(0)[0]).toBe(7);
    await bench.one(V, write, 7);
    expect(bench.twin.peek(0)[0]).toBe(14);
  });
});

describe('an access that faults', () => {
  test('leaves the four dwords of xe.md §1.1, computed by hand', async () => {
    const bench = new AccessBench({ accessCapacity: 0x10000, faultCapacity: 1 });
    const base = 0x100;
    const cookie = 0x1234;
    const commands = [load(V, atomic, 3, 0x678, base + cookie), bench.step(cookie + 1, { base })];
    // Everything else of the range is done: nothing but the last access is pending.
    bench.tables.map(0, '4K', 0, BIT.rw);
    await bench.run({ op: 'accessLoad', base, records: new Uint32Array(4 * cookie) }, bench.step(cookie, { base }));
    const { faults, dropped, status } = await bench.run(...commands);
    const level = 4;
    expect([...faults]).toEqual([0x40000000 + level, 0xabcde123, 0x98765000 + atomic, 0x01fedcba]);
    expect([dropped, status]).toEqual([0, 'ok']);
  });

  test.each([
    { name: 'read of an absent page', bits: null, kind: read, type: 0 },
    { name: 'write to an absent page', bits: null, kind: write, type: 0 },
    { name: 'write to a read-only page', bits: BIT.atomic, kind: write, type: 1 },
    { name: 'atomic on a read-only page', bits: BIT.atomic, kind: atomic, type: 1 },
    { name: 'atomic without AE', bits: BIT.rw, kind: atomic, type: 2 },
    { name: 'write to a read-only NULL page', bits: BIT.null, kind: write, type: 1 },
  ])('$name: fault type $type, still pending, memory untouched', async ({ bits, kind, type }) => {
    const bench = new AccessBench();
    bench.tables.map(V + 1, '4K', 0, 0);
    if (bits !== null) bench.tables.map(V, '4K', 0, bits);
    const { faults, io } = await bench.one(V, kind, 1);
    expect([...faults]).toEqual([0, 0xabcde000, 0x98765000 + kind + 4 * type, 0x01fedcba]);
    expect([...io]).toEqual([pending, 0]);
    expect(bench.twin.peek(0)[0]).toBe(0);
  });

  test.each([
    { name: 'read of a read-only page', bits: 0, kind: read },
    { name: 'write with RW', bits: BIT.rw, kind: write },
    { name: 'atomic with RW and AE', bits: BIT.rw | BIT.atomic, kind: atomic },
  ])('$name does not (control)', async ({ bits, kind }) => {
    const bench = new AccessBench();
    bench.tables.map(V, '4K', 0, bits);
    const { faults, io } = await bench.one(V, kind, 1);
    expect([faults.length, ...io]).toEqual([0, done, 0]);
  });

  test.each([
    ['4K', 0],
    ['ps64', 0],
    ['compact64K', 0],
    ['2M', 1],
    ['1G', 2],
  ] as const)('on a read-only %s leaf reports its level %i', async (kind, level) => {
    const bench = new AccessBench();
    bench.tables.map(2 ** 18, kind, 0, 0);
    const { faults } = await bench.one(2 ** 18, write);
    expect([(faults[0] ?? 0) & 7, ((faults[2] ?? 0) >> 2) & 3]).toEqual([level, 1]);
  });

  test.each([
    ['system', 8, 0],
    ['vram0', 64, BIT.deviceMemory],
  ] as const)('when the leaf points past the end of %s', async (_, size, bit) => {
    const bench = new AccessBench();
    bench.tables.map(V, '4K', size, bit);
    bench.tables.map(V + 1, '4K', size - 1, bit);
    expect((await bench.one(V, read)).faults).toHaveLength(4);
    expect((await bench.one(V + 1, read)).faults).toHaveLength(0);
  });

  test('runs when the fault is repaired (replay), and only then', async () => {
    const bench = new AccessBench();
    expect((await bench.one(V, write, 5)).faults).toHaveLength(4);
    bench.tables.map(V, '4K', 3, BIT.rw | BIT.deviceMemory);
    const { faults, io } = await bench.run(bench.step(1), { op: 'accessResult', base: 0, count: 1 });
    expect([faults.length, ...io]).toEqual([0, done, 0]);
    expect(bench.twin.peek(1)[3 * 1024]).toBe(5);
  });
});

describe('a NULL leaf', () => {
  test('reads zero, drops writes, and completes both', async () => {
    const bench = new AccessBench();
    bench.tables.map(V, '4K', 2, BIT.null | BIT.rw | BIT.deviceMemory);
    await bench.run({ op: 'fill', space: 1, frame: 2, pages: 1, pattern: 77 });
    expect([...(await bench.one(V, read)).io]).toEqual([done, 0]);
    expect([...(await bench.one(V, write, 1)).io]).toEqual([done, 0]);
    expect(bench.twin.peek(1)[2 * 1024]).toBe(77);
  });
});

describe('the fault ring', () => {
  const records = (count: number): Command => {
    const all = Array.from({ length: count }, (_, i) => record(V + i, read));
    return { op: 'accessLoad', base: 0, records: Uint32Array.from(all.flat()) };
  };

  test('gives its places to the accesses in index order and counts the rest', async () => {
    const bench = new AccessBench();
    const { faults, dropped } = await bench.run(records(11), bench.step(11));
    expect([faults.length / 4, dropped]).toEqual([8, 3]);
    expect(Array.from({ length: 8 }, (_, i) => (faults[4 * i] ?? 0) >>> 28)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('exactly full drops nothing (control)', async () => {
    const bench = new AccessBench();
    const { faults, dropped } = await bench.run(records(8), bench.step(8));
    expect([faults.length / 4, dropped]).toEqual([8, 0]);
  });

  test('is empty again for the next job, and ordered by command, then cookie', async () => {
    const bench = new AccessBench();
    await bench.run(records(9), bench.step(9));
    const { faults, dropped } = await bench.run(bench.step(2, { base: 4 }), bench.step(2, { base: 0 }));
    const places = Array.from({ length: 4 }, (_, i) => ((faults[4 * i + 2] ?? 0) >>> 12) - (V % 0x100000));
    expect([places, dropped]).toEqual([[4, 5, 0, 1], 0]);
  });
});

describe('a chain of steps', () => {
  /** Accesses 0, 1 and 2 write to pages V, V + 1 and V + 2; pages in `mapped` exist. Statuses of the three afterwards. */
  async function chain(
    mapped: readonly number[],
    ...steps: readonly [base: number, chained: boolean][]
  ): Promise<number[]> {
    const bench = new AccessBench();
    for (const page of mapped) bench.tables.map(V + page, '4K', page, BIT.rw);
    const all = Uint32Array.from([0, 1, 2].flatMap((page) => record(V + page, write, 1)));
    const commands = steps.map(([base, chained]) => bench.step(1, { base, chained }));
    const result: Command = { op: 'accessResult', base: 0, count: 3 };
    const { io } = await bench.run({ op: 'accessLoad', base: 0, records: all }, ...commands, result);
    return [io[0] ?? 9, io[2] ?? 9, io[4] ?? 9];
  }

  test('runs on while nothing is left pending (control)', async () => {
    expect(await chain([0, 1, 2], [0, false], [1, true], [2, true])).toEqual([done, done, done]);
  });

  test('stops behind the first step that leaves an access pending', async () => {
    expect(await chain([1, 2], [0, false], [1, true], [2, true])).toEqual([pending, pending, pending]);
    expect(await chain([0, 2], [0, false], [1, true], [2, true])).toEqual([done, pending, pending]);
  });

  test('ends at an unchained step: it runs, and a new chain begins', async () => {
    expect(await chain([1, 2], [0, false], [1, false], [2, true])).toEqual([pending, done, done]);
    expect(await chain([0, 2], [0, false], [1, false], [2, true])).toEqual([done, pending, pending]);
  });

  test('a stopped step leaves no fault record', async () => {
    const bench = new AccessBench();
    const all = Uint32Array.from([...record(V, read), ...record(V + 1, read)]);
    const steps = [bench.step(1), bench.step(1, { base: 1, chained: true })];
    expect((await bench.run({ op: 'accessLoad', base: 0, records: all }, ...steps)).faults).toHaveLength(4);
  });

  test('a fault that found the ring full stops the chain too', async () => {
    const bench = new AccessBench({ faultCapacity: 0 });
    bench.tables.map(V + 1, '4K', 1, BIT.rw);
    const all = Uint32Array.from([...record(V, read), ...record(V + 1, write, 3)]);
    const steps = [bench.step(1), bench.step(1, { base: 1, chained: true })];
    expect((await bench.run({ op: 'accessLoad', base: 0, records: all }, ...steps)).dropped).toBe(1);
    expect(bench.twin.peek(0)[1024]).toBe(0);
  });

  test('does not reach into the next job', async () => {
    const bench = new AccessBench();
    bench.tables.map(V + 1, '4K', 1, BIT.rw);
    const all = Uint32Array.from([...record(V, read), ...record(V + 1, write, 3)]);
    await bench.run({ op: 'accessLoad', base: 0, records: all }, bench.step(1));
    await bench.run(bench.step(1, { base: 1, chained: true }));
    expect(bench.twin.peek(0)[1024]).toBe(3);
  });
});

describe('tables in system memory (integrated GPU)', () => {
  test('are walked there, and DM still means VRAM', async () => {
    const twin = createTwinExecutor({
      spaces: [
        { name: 'system', pages: 16 },
        { name: 'vram0', pages: 4 },
      ],
      accessCapacity: 4,
      faultCapacity: 4,
      tlbLines: 0,
    });
    let next = 8;
    const tables = new PageTables(0, 3, () => next++);
    tables.map(1, '4K', 2, BIT.deviceMemory);
    const commands: Command[] = [
      ...tables.take(),
      { op: 'fill', space: 1, frame: 2, pages: 1, pattern: 99 },
      load(1, read),
      { op: 'access', asid: 1, root: tables.root, base: 0, count: 1, tlb: true, chained: false },
      { op: 'accessResult', base: 0, count: 1 },
    ];
    twin.submit({ seq: 1, queue: 'q', label: '', timed: false, commands });
    await twin.settled();
    expect([...(twin.take()[0]?.io ?? [])]).toEqual([done, 99]);
  });
});
