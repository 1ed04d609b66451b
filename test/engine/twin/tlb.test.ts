// The TLB model on the twin (rule: shaders/lib/tlb.wgsl): what a line covers, when it answers, and what drops it.
import { describe, expect, test } from 'vitest';
import { ACCESS_KIND, ACCESS_STATUS, type Command } from '../../../src/engine/plan/commands.ts';
import { AccessBench, ASID, record, V } from '../../support/access-bench.ts';
import { BIT, entry } from '../../support/page-tables.ts';

const { read, write } = ACCESS_KIND;
const { done } = ACCESS_STATUS;

describe('the TLB model', () => {
  /** One page mapped to frame 1 and read once with the TLB on, then its entry pointed at frame 2. */
  async function stale(): Promise<{ bench: AccessBench; at: { table: number; index: number } }> {
    const bench = new AccessBench();
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
    const bench = new AccessBench();
    expect((await bench.one(V, read, 0, 0, true)).faults).toHaveLength(4);
    bench.tables.map(V, '4K', 1, 0);
    expect((await bench.one(V, read, 0, 0, true)).faults).toHaveLength(0);
  });

  test('a line that denies the access does not answer: the walk does', async () => {
    const bench = new AccessBench();
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
    const bench = new AccessBench({
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
    const bench = new AccessBench();
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

  test('of two lines for one page the one of the smaller block answers', async () => {
    const bench = new AccessBench({
      spaces: [
        { name: 'system', pages: 32 },
        { name: 'vram0', pages: 64 },
      ],
    });
    bench.tables.map(2 ** 18, '4K', 0, BIT.ps64);
    bench.tables.map(2 ** 18 + 1, '4K', 5, 0);
    const fills = [1, 5].map((frame): Command => ({ op: 'fill', space: 0, frame, pages: 1, pattern: 10 + frame }));
    await bench.run(...fills);
    await bench.one(2 ** 18 + 1, read, 0, 0, true);
    await bench.one(2 ** 18, read, 0, 0, true);
    expect((await bench.one(2 ** 18 + 1, read, 0, 0, true)).io[1]).toBe(15);
    // Without the small line the large one answers (control).
    await bench.run(inval(0, 63));
    await bench.one(2 ** 18, read, 0, 0, true);
    expect((await bench.one(2 ** 18 + 1, read, 0, 0, true)).io[1]).toBe(11);
  });

  test('of several claims on one line the highest index wins', async () => {
    const bench = new AccessBench({ tlbLines: 1 });
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
    const bench = new AccessBench({ tlbLines: 0 });
    bench.tables.map(V, '4K', 1, BIT.rw);
    await bench.one(V, write, 1, 0, true);
    bench.tables.map(V, '4K', 2, BIT.rw);
    await bench.one(V, write, 1, 0, true);
    expect([bench.twin.peek(0)[1024], bench.twin.peek(0)[2048]]).toEqual([1, 1]);
  });
});
