// GPU accesses on the twin: hits in both memories, hand-computed fault records, permissions, replay, NULL, the full ring.
import { describe, expect, test } from 'vitest';
import { vaHi, vaLo } from '../../../src/base/units.ts';
import { ACCESS_KIND, ACCESS_STATUS, type Access, type Command } from '../../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import type { Completion } from '../../../src/engine/plan/job.ts';
import { createTwinExecutor, type TwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import { BIT, entry, PageTables } from '../../support/page-tables.ts';

const { read, write, atomic } = ACCESS_KIND;
const { pending, done } = ACCESS_STATUS;
const ASID = 0xabcde;
/** Page number of a high address: 0x1fe_dcba_9876_5000 needs 57 bits. */
const V = 0x1fedcba98765;

/** Frames 0 … 7 of VRAM hold data, tables come after. */
class Bench {
  readonly twin: TwinExecutor;
  readonly tables: PageTables;
  #seq = 0;
  #next = 8;

  constructor(change: Partial<ExecutorConfig> = {}, level = 4) {
    const spaces = [
      { name: 'system', pages: 8 },
      { name: 'vram0', pages: 64 },
    ];
    this.twin = createTwinExecutor({ spaces, accessCapacity: 0x10000, faultCapacity: 8, tlbLines: 16, ...change });
    this.tables = new PageTables(1, level, () => this.#next++);
  }

  /** Runs table writes made so far, then `commands`. */
  async run(...commands: Command[]): Promise<Completion> {
    this.#seq++;
    this.twin.submit({
      seq: this.#seq,
      queue: 'q',
      label: '',
      timed: false,
      commands: [...this.tables.take(), ...commands],
    });
    await this.twin.settled();
    return this.twin.take()[0] as Completion;
  }

  step(count: number, change: Partial<Access> = {}): Access {
    return { op: 'access', asid: ASID, root: this.tables.root, base: 0, count, tlb: false, ...change };
  }

  /** Loads one access, runs it and reads its result: io is [status, value]. */
  one(vpn: number, kind: number, operand = 0, offset = 0, tlb = false): Promise<Completion> {
    return this.run(load(vpn, kind, operand, offset), this.step(1, { tlb }), { op: 'accessResult', base: 0, count: 1 });
  }
}

function record(vpn: number, kind: number, operand = 0, offset = 0): number[] {
  return [vaLo(vpn) + offset, vaHi(vpn), kind, operand];
}

function load(vpn: number, kind: number, operand = 0, offset = 0, base = 0): Command {
  return { op: 'accessLoad', base, records: Uint32Array.from(record(vpn, kind, operand, offset)) };
}

describe('an access that hits', () => {
  test.each([
    ['system', 0, 0],
    ['vram0', BIT.deviceMemory, 1],
  ] as const)('acts on the aligned word of its frame in %s', async (_, bit, space) => {
    const bench = new Bench();
    bench.tables.map(V, '4K', 5, BIT.rw | bit);
    await bench.run();
    bench.twin.peek(space)[5 * 1024 + 3] = 40;
    const first = await bench.one(V, write, 2, 15);
    expect([...first.io]).toEqual([done, 40]);
    expect((await bench.one(V, read, 9, 12)).io[1]).toBe(42);
    expect([bench.twin.peek(space)[5 * 1024 + 3], bench.twin.peek(1 - space)[5 * 1024 + 3]]).toEqual([42, 0]);
  });

  test('adds modulo 2^32', async () => {
    const bench = new Bench();
    bench.tables.map(V, '4K', 0, BIT.rw | BIT.atomic);
    await bench.one(V, atomic, 0xffffffff);
    expect((await bench.one(V, atomic, 2)).io[1]).toBe(0xffffffff);
    expect(bench.twin.peek(0)[0]).toBe(1);
  });

  test('is performed exactly once, whatever number of steps run', async () => {
    const bench = new Bench();
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
    const bench = new Bench({ accessCapacity: 0x10000, faultCapacity: 1 });
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
    const bench = new Bench();
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
    const bench = new Bench();
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
    const bench = new Bench();
    bench.tables.map(2 ** 18, kind, 0, 0);
    const { faults } = await bench.one(2 ** 18, write);
    expect([(faults[0] ?? 0) & 7, ((faults[2] ?? 0) >> 2) & 3]).toEqual([level, 1]);
  });

  test.each([
    ['system', 8, 0],
    ['vram0', 64, BIT.deviceMemory],
  ] as const)('when the leaf points past the end of %s', async (_, size, bit) => {
    const bench = new Bench();
    bench.tables.map(V, '4K', size, bit);
    bench.tables.map(V + 1, '4K', size - 1, bit);
    expect((await bench.one(V, read)).faults).toHaveLength(4);
    expect((await bench.one(V + 1, read)).faults).toHaveLength(0);
  });

  test('runs when the fault is repaired (replay), and only then', async () => {
    const bench = new Bench();
    expect((await bench.one(V, write, 5)).faults).toHaveLength(4);
    bench.tables.map(V, '4K', 3, BIT.rw | BIT.deviceMemory);
    const { faults, io } = await bench.run(bench.step(1), { op: 'accessResult', base: 0, count: 1 });
    expect([faults.length, ...io]).toEqual([0, done, 0]);
    expect(bench.twin.peek(1)[3 * 1024]).toBe(5);
  });
});

describe('a NULL leaf', () => {
  test('reads zero, drops writes, and completes both', async () => {
    const bench = new Bench();
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
    const bench = new Bench();
    const { faults, dropped } = await bench.run(records(11), bench.step(11));
    expect([faults.length / 4, dropped]).toEqual([8, 3]);
    expect(Array.from({ length: 8 }, (_, i) => (faults[4 * i] ?? 0) >>> 28)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('exactly full drops nothing (control)', async () => {
    const bench = new Bench();
    const { faults, dropped } = await bench.run(records(8), bench.step(8));
    expect([faults.length / 4, dropped]).toEqual([8, 0]);
  });

  test('is empty again for the next job, and ordered by command, then cookie', async () => {
    const bench = new Bench();
    await bench.run(records(9), bench.step(9));
    const { faults, dropped } = await bench.run(bench.step(2, { base: 4 }), bench.step(2, { base: 0 }));
    const places = Array.from({ length: 4 }, (_, i) => ((faults[4 * i + 2] ?? 0) >>> 12) - (V % 0x100000));
    expect([places, dropped]).toEqual([[4, 5, 0, 1], 0]);
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
      { op: 'access', asid: 1, root: tables.root, base: 0, count: 1, tlb: true },
      { op: 'accessResult', base: 0, count: 1 },
    ];
    twin.submit({ seq: 1, queue: 'q', label: '', timed: false, commands });
    await twin.settled();
    expect([...(twin.take()[0]?.io ?? [])]).toEqual([done, 99]);
  });
});

describe('the TLB model', () => {
  /** One page mapped to frame 1 and read once with the TLB on, then its entry pointed at frame 2. */
  async function stale(): Promise<{ bench: Bench; at: { table: number; index: number } }> {
    const bench = new Bench();
    bench.tables.map(V, '4K', 1, BIT.rw);
    await bench.run(
      { op: 'fill', space: 0, frame: 1, pages: 1, pattern: 1 },
      { op: 'fill', space: 0, frame: 2, pages: 1, pattern: 2 },
    );
    await bench.one(V, read, 0, 0, true);
    bench.tables.map(V, '4K', 2, BIT.rw);
    await bench.run();
    return { bench, at: bench.tables.find(V, 0) ?? { table: 0, index: 0 } };
  }

  const inval = (vpn: number, log2Pages: number, asid = ASID): Command => ({ op: 'tlbInval', asid, vpn, log2Pages });

  test('a missing invalidation is seen: the old frame answers (X62)', async () => {
    const { bench } = await stale();
    expect((await bench.one(V, read, 0, 0, true)).io[1]).toBe(1);
    expect((await bench.one(V, read, 0, 0, false)).io[1]).toBe(2);
  });

  test.each([
    ['the page', inval(V, 0)],
    ['a block that ends with the page', inval(V - 1, 1)],
    ['everything', inval(0, 63)],
    ['the whole address space', inval(0, 45)],
  ])('after invalidating %s the new frame answers', async (_, command) => {
    const { bench } = await stale();
    await bench.run(command);
    expect((await bench.one(V, read, 0, 0, true)).io[1]).toBe(2);
  });

  test.each([
    ['the page before', inval(V - 1, 0)],
    ['the page after', inval(V + 1, 3)],
    ['another address space', inval(V, 0, 7)],
    ['all of another address space', inval(0, 63, 7)],
  ])('invalidating %s changes nothing (control)', async (_, command) => {
    const { bench } = await stale();
    await bench.run(command);
    expect((await bench.one(V, read, 0, 0, true)).io[1]).toBe(1);
  });

  test('a zapped entry still answers until it is invalidated, then faults', async () => {
    const { bench, at } = await stale();
    await bench.run({ op: 'zap', space: 1, table: at.table, index: at.index, count: 1 });
    expect((await bench.one(V, write, 0, 0, true)).faults).toHaveLength(0);
    await bench.run(inval(V, 0));
    expect((await bench.one(V, write, 0, 0, true)).faults).toHaveLength(4);
  });

  test('an absent page is never cached: mapping it needs no invalidation', async () => {
    const bench = new Bench();
    expect((await bench.one(V, read, 0, 0, true)).faults).toHaveLength(4);
    bench.tables.map(V, '4K', 1, 0);
    expect((await bench.one(V, read, 0, 0, true)).faults).toHaveLength(0);
  });

  test('a line that denies the access does not answer: the walk does', async () => {
    const bench = new Bench();
    bench.tables.map(V, '4K', 1, 0);
    await bench.one(V, read, 0, 0, true);
    bench.tables.map(V, '4K', 2, BIT.rw);
    await bench.one(V, write, 9, 0, true);
    expect([bench.twin.peek(0)[1024], bench.twin.peek(0)[2048]]).toEqual([0, 9]);
  });

  test.each([
    ['ps64', 16],
    ['compact64K', 16],
    ['2M', 512],
    ['1G', 2 ** 18],
  ] as const)('one line serves a whole %s leaf and goes by any of its pages', async (kind, pages) => {
    const bench = new Bench({
      spaces: [
        { name: 'system', pages: 32 },
        { name: 'vram0', pages: 64 },
      ],
    });
    const vpn = 4 * 2 ** 18;
    bench.tables.map(vpn, kind, 0, BIT.rw);
    await bench.one(vpn + 3, read, 0, 0, true);
    const level = kind === '2M' ? 1 : kind === '1G' ? 2 : 0;
    const at = bench.tables.find(vpn, level) ?? { table: 0, index: 0 };
    await bench.run({ op: 'zap', space: 1, table: at.table, index: at.index, count: kind === 'ps64' ? 16 : 1 });
    expect((await bench.one(vpn + 9, write, 5, 0, true)).faults).toHaveLength(0);
    expect(bench.twin.peek(0)[9 * 1024]).toBe(5);
    await bench.run(inval(vpn + pages - 1, 0));
    expect((await bench.one(vpn + 9, write, 5, 0, true)).faults).toHaveLength(4);
  });

  test('lookups of one command see the lines as they were before it', async () => {
    // Two entries that lie about being one 64 KiB group: a line filled by the first would lead the second astray.
    const bench = new Bench();
    bench.tables.map(2 ** 18, '4K', 0, BIT.ps64);
    bench.tables.map(2 ** 18 + 1, '4K', 5, BIT.ps64);
    const fills = [0, 1, 5].map((frame): Command => ({ op: 'fill', space: 0, frame, pages: 1, pattern: 10 + frame }));
    const both = Uint32Array.from([...record(2 ** 18, read), ...record(2 ** 18 + 1, read)]);
    const step = bench.step(2, { tlb: true });
    const result: Command = { op: 'accessResult', base: 0, count: 2 };
    const reload: Command = { op: 'accessLoad', base: 0, records: both };
    expect([...(await bench.run(...fills, reload, step, result)).io]).toEqual([done, 10, done, 15]);
    // The second command finds the line of the highest index: frame 5 without its low bits, plus the page's place.
    expect([...(await bench.run(reload, step, result)).io]).toEqual([done, 10, done, 11]);
  });

  test('of several claims on one line the highest index wins', async () => {
    const bench = new Bench({ tlbLines: 1 });
    bench.tables.map(V, '4K', 1, BIT.rw);
    bench.tables.map(V + 1, '4K', 2, BIT.rw);
    const both = Uint32Array.from([...record(V, read), ...record(V + 1, read)]);
    await bench.run({ op: 'accessLoad', base: 0, records: both }, bench.step(2, { tlb: true }));
    const at = bench.tables.find(V, 0) ?? { table: 0, index: 0 };
    const gone = new Uint32Array(entry(0, 0));
    await bench.run({ op: 'pteWrite', space: 1, table: at.table, index: at.index, entries: gone });
    await bench.run({ op: 'pteWrite', space: 1, table: at.table, index: at.index + 1, entries: gone });
    expect((await bench.one(V, read, 0, 0, true)).faults).toHaveLength(4);
    expect((await bench.one(V + 1, read, 0, 0, true)).faults).toHaveLength(0);
  });

  test('is left out with no lines: every access walks', async () => {
    const bench = new Bench({ tlbLines: 0 });
    bench.tables.map(V, '4K', 1, BIT.rw);
    await bench.one(V, write, 1, 0, true);
    bench.tables.map(V, '4K', 2, BIT.rw);
    await bench.one(V, write, 1, 0, true);
    expect([bench.twin.peek(0)[1024], bench.twin.peek(0)[2048]]).toEqual([1, 1]);
  });
});
