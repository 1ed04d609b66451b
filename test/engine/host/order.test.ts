// What host pages wait for and what they do not: a copy up follows everything before it that may write its frames, copies
// home never wait, and the bytes are those of the order of submission.
import { describe, expect, test } from 'vitest';
import { ACCESS_KIND, type Command } from '../../../src/engine/plan/commands.ts';
import { BIT, PageTables } from '../../support/page-tables.ts';
import { CONFIG, down, drain, fill, firstWords, readback, recorded, up, PAGE_WORDS } from './recording.ts';

const touch = (frame: number, operand: number): Command => ({
  op: 'cpuAccess',
  frame,
  word: 0,
  kind: ACCESS_KIND.write,
  operand,
});

/** Tables in VRAM frames 8 … that map page 0 to system frame 5 and page 1 to VRAM frame 6; page 2 is absent. */
function tables(): { root: PageTables['root']; build: Command[]; mapSecond: () => Command[] } {
  let frame = 8;
  const made = new PageTables(1, 3, () => frame++);
  made.map(0, '4K', 5, BIT.rw);
  made.map(1, '4K', 6, BIT.rw | BIT.deviceMemory);
  const mapSecond = (): Command[] => {
    made.map(2, '4K', 5, BIT.rw);
    return made.take();
  };
  return { root: made.root, build: made.take(), mapSecond };
}

/** An access list of one write a page, from entry `base` on: adds `operand` to word 0. */
function load(base: number, pages: readonly number[], operand: number): Command {
  const records = pages.flatMap((page) => [page * 4096, 0, ACCESS_KIND.write, operand]);
  return { op: 'accessLoad', base, records: Uint32Array.from(records) };
}

function access(root: PageTables['root'], base: number, count: number, chained = false): Command {
  return { op: 'access', asid: 1, root, base, count, tlb: false, chained };
}

const result = (base: number, count: number): Command => ({ op: 'accessResult', base, count });

describe('a copy home, then a copy up', () => {
  const cases = [
    { name: 'of the same frame waits', frame: 2, parts: 2 },
    { name: 'of another frame does not (control)', frame: 3, parts: 1 },
  ];

  test.each(cases)('in one job: $name', async ({ frame, parts }) => {
    const host = recorded();
    await host.run(fill(1, 0, 7), fill(0, 3, 9));
    host.inner.length = 0;
    const done = await host.run(down(0, 2), up(frame, 4), readback(1, 4));
    expect(firstWords(done)).toEqual([frame === 2 ? 7 : 9]);
    expect(host.inner).toHaveLength(parts);
  });

  test.each(cases)('in two jobs: $name', async ({ frame, parts }) => {
    const host = recorded();
    await host.run(fill(1, 0, 7), fill(0, 3, 9));
    host.inner.length = 0;
    host.submit(down(0, 2));
    host.submit(up(frame, 4), readback(1, 4));
    expect(host.inner).toHaveLength(parts === 1 ? 2 : 1);
    const done = await drain(host, 2);
    expect(done.map(({ seq }) => seq)).toEqual([2, 3]);
    expect(firstWords(done[1] as (typeof done)[0])).toEqual([frame === 2 ? 7 : 9]);
  });
});

describe('a copy up waits for', () => {
  const late: Command = down(0, 2);
  const cases: readonly (readonly [string, Command[], number])[] = [
    ['the later pages of a run of copies home', [late, down(1, 3)], 8],
    ['what the CPU writes behind a copy home', [late, touch(3, 1)], 10],
    ['a copy within system memory behind a copy home', [late, { ...up(2, 3), dstSpace: 0 } as Command], 7],
    ['a fill behind a copy home', [late, fill(0, 3, 11)], 11],
    ['nothing when nobody writes its page (control)', [late, touch(4, 1)], 9],
  ];

  test.each(cases)('%s', async (name, before, expected) => {
    const host = recorded();
    await host.run(fill(1, 0, 7), fill(1, 1, 8), fill(0, 3, 9));
    host.inner.length = 0;
    const done = await host.run(...before, up(3, 5), readback(1, 5));
    expect(done.io.at(-1024)).toBe(expected);
    expect(host.inner).toHaveLength(name.endsWith('(control)') ? 1 : 2);
  });

  test('and meanwhile nobody has to flush', () => {
    const host = recorded();
    let flushes = 0;
    host.twin.flush = () => void flushes++;
    host.submit(down(0, 2));
    expect(flushes).toBe(0);
    host.submit(up(2, 4));
    expect(flushes).toBe(1);
  });
});

describe('copies home', () => {
  test('do not join over what the CPU does between them', async () => {
    const host = recorded();
    await host.run(fill(1, 0, 7), fill(1, 1, 8));
    const done = await host.run(down(0, 2), touch(3, 5), down(1, 3), readback(0, 2, 2));
    expect([done.io[0], done.io[1], done.io[1025]]).toEqual([0, 7, 8]);
  });

  test('never wait: all of them are in flight before the first arrives', async () => {
    const host = recorded();
    await host.run(fill(1, 0, 7, 4));
    host.inner.length = 0;
    for (let i = 0; i < 4; i++) host.submit(down(i, 2));
    expect(host.inner).toHaveLength(4);
    expect(host.executor.take()).toEqual([]);
    expect(await drain(host, 4)).toHaveLength(4);
  });

  test('and what the CPU does to the same frames keep their order', async () => {
    const host = recorded();
    await host.run(fill(1, 0, 7), fill(1, 1, 100));
    host.inner.length = 0;
    host.submit(down(0, 2), touch(2, 5), down(1, 3), touch(3, 1), touch(2, 1));
    host.submit(down(1, 2), touch(2, 2), readback(0, 2, 2));
    expect(host.inner).toHaveLength(2);
    const [first, second] = await drain(host, 2);
    expect([...(first?.io ?? [])]).toEqual([7, 100, 12]);
    expect(second?.io[0]).toBe(100);
    expect([second?.io[1], second?.io[1 + PAGE_WORDS]]).toEqual([102, 101]);
  });
});

describe('a copy up', () => {
  test('sends the words of its place in the order, not of later ones, whether they are views or copies', async () => {
    for (const readsAtSubmit of [true, false]) {
      const host = recorded({ readsAtSubmit });
      const commands = [fill(0, 0, 7), up(0, 4), fill(0, 0, 8), up(0, 5), fill(0, 0, 9), up(0, 6), readback(1, 4, 3)];
      expect(firstWords(await host.run(...commands)), `readsAtSubmit ${readsAtSubmit}`).toEqual([7, 8, 9]);
    }
  });

  test.each([
    { readsAtSubmit: true, views: true },
    { readsAtSubmit: false, views: false },
  ])('sends views of host memory: $views, where words are read at submission: $readsAtSubmit', async (each) => {
    const host = recorded({ readsAtSubmit: each.readsAtSubmit });
    await host.run(up(0, 4));
    const upload = host.inner[0]?.commands[0];
    expect(upload?.op === 'upload' && upload.words.buffer === host.executor.peek().buffer).toBe(each.views);
  });

  test('is one upload a run of frames that are neighbours on both sides', async () => {
    const host = recorded();
    await host.run(up(0, 4), up(1, 5, 2), up(4, 7), up(5, 9), down(0, 8), down(1, 9, 2), down(3, 12), down(5, 13));
    expect(
      host.inner[0]?.commands.map((each) => [each.op, 'words' in each ? each.words.length / PAGE_WORDS : 0]),
    ).toEqual([
      ['upload', 3],
      ['upload', 1],
      ['upload', 1],
      ['readback', 0],
      ['readback', 0],
      ['readback', 0],
    ]);
    expect(host.inner[0]?.commands.map((each) => ('pages' in each ? each.pages : 0))).toEqual([0, 0, 0, 3, 1, 1]);
  });

  test('is cut into uploads of 8 MiB', async () => {
    const config = { ...CONFIG, spaces: CONFIG.spaces.map((space) => ({ ...space, pages: 5000 })) };
    const host = recorded({ config, uploadPath: 'mapped' });
    await host.run(up(0, 0, 2000), up(2000, 2000, 3000), down(0, 0, 2049));
    const sizes = host.inner[0]?.commands.map((each) =>
      each.op === 'upload' ? [each.via, each.words.length / PAGE_WORDS] : [each.op, 'pages' in each && each.pages],
    );
    expect(sizes).toEqual([
      ['mapped', 2000],
      ['mapped', 2048],
      ['mapped', 952],
      ['readback', 2048],
      ['readback', 1],
    ]);
  });

  test('waits for accesses, which may have written anything, and sees what they wrote', async () => {
    const host = recorded();
    const { root, build } = tables();
    await host.run(...build, fill(0, 5, 100), fill(1, 6, 200));
    host.inner.length = 0;
    const done = await host.run(load(0, [0, 1], 3), access(root, 0, 2), up(5, 2), result(0, 2), readback(1, 2));
    expect([...done.io.subarray(0, 4)]).toEqual([1, 100, 1, 200]);
    expect(done.io[4]).toBe(103);
    expect(host.inner).toHaveLength(2);
  });

  test('does not wait for accesses that are over (control)', async () => {
    const host = recorded();
    const { root, build } = tables();
    await host.run(...build, load(0, [0, 1], 3), access(root, 0, 2));
    host.inner.length = 0;
    await host.run(up(5, 2), result(0, 2));
    expect(host.inner).toHaveLength(1);
  });
});

describe('accesses to host pages', () => {
  test('are performed once, whatever is asked again, until they are loaded again', async () => {
    const host = recorded();
    const { root, build } = tables();
    const first = await host.run(...build, fill(0, 5, 100), load(0, [0], 3), access(root, 0, 1), result(0, 1));
    const again = await host.run(access(root, 0, 1), result(0, 1), readback(0, 5));
    const loaded = await host.run(load(0, [0], 4), result(0, 1), access(root, 0, 1), access(root, 0, 1), result(0, 1));
    expect([...first.io]).toEqual([1, 100]);
    expect([...again.io.subarray(0, 3)]).toEqual([1, 100, 103]);
    expect([...loaded.io]).toEqual([0, 0, 1, 103]);
    expect(host.executor.peek()[5 * PAGE_WORDS]).toBe(107);
  });

  test('use the records of their time, although the list is loaded anew before they are performed', async () => {
    const host = recorded();
    const { root, build } = tables();
    await host.run(...build);
    await host.run(load(0, [0], 3), access(root, 0, 1), load(0, [0], 40), access(root, 0, 1));
    expect(host.executor.peek()[5 * PAGE_WORDS]).toBe(43);
  });

  test('are performed in the order of their ACCESS, then of the list', async () => {
    const host = recorded();
    const made = tables();
    const { root } = made;
    await host.run(...made.build, fill(0, 5, 100));
    const both = access(root, 0, 2);
    const done = await host.run(load(0, [2, 0], 3), both, ...made.mapSecond(), both, result(0, 2));
    expect([...done.io]).toEqual([1, 103, 1, 100]);
    expect(done.faults).toHaveLength(4);
  });

  test('share one reading of results with their neighbours, and with the reading that was asked for', async () => {
    const host = recorded();
    const { root, build } = tables();
    await host.run(...build);
    host.inner.length = 0;
    const chain = [load(0, [0, 1], 3), load(2, [0], 4), access(root, 0, 2), access(root, 2, 1, true)];
    await host.run(...chain);
    await host.run(...chain, result(0, 3));
    const reads = host.inner.map(({ commands }) => commands.filter((each) => each.op === 'accessResult'));
    expect(reads).toEqual([[result(0, 3)], [result(0, 3)]]);
  });

  test.each([
    { name: 'a fault stops what is chained behind, across a wait', page: 2, after: 100, faults: 4 },
    { name: 'without a fault the chain goes on (control)', page: 0, after: 107, faults: 0 },
  ])('$name', async ({ page, after, faults }) => {
    const host = recorded();
    const { root, build } = tables();
    await host.run(...build, fill(0, 5, 100));
    host.inner.length = 0;
    const chain = [access(root, 0, 1), up(5, 2), access(root, 1, 1, true)];
    const done = await host.run(load(0, [page], 3), load(1, [0], 4), ...chain, result(0, 2));
    expect(host.inner).toHaveLength(2);
    expect(host.executor.peek()[5 * PAGE_WORDS]).toBe(after);
    expect(done.faults).toHaveLength(faults);
    expect(done.io[2]).toBe(faults === 0 ? 1 : 0);
  });
});
