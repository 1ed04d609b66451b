// Copies by address: every kind of leaf on either side, and the engine faults that stop a copy (xe.md §4.9, I-M3, I-M4).
import { describe, expect } from 'vitest';
import type { Command, WalkRoot } from '../../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import type { Completion } from '../../../src/engine/plan/job.ts';
import { gpuTest, type TestBench } from '../../support/dawn.ts';
import { BIT, entry, PageTables, type LeafKind } from '../../support/page-tables.ts';

const SYSTEM = 0;
const VRAM = 1;
const TABLES_FROM = 700;
const CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: 640 },
    { name: 'vram0', pages: 768 },
    { name: 'vram1', pages: 16 },
  ],
  accessCapacity: 0,
  faultCapacity: 0,
  tlbLines: 0,
};
const DATA = BIT.rw;
const DEVICE = BIT.rw | BIT.deviceMemory;
const GIB = 2 ** 18;

function newTables(level = 4, space = VRAM, from = TABLES_FROM): PageTables {
  let next = from;
  return new PageTables(space, level, () => next++);
}

function copy(root: WalkRoot, srcVpn: number, dstVpn: number, pages: number, spaces = [SYSTEM, VRAM]): Command {
  const [srcSpace = 0, dstSpace = 0] = spaces;
  return { op: 'copyTranslated', root, srcSpace, srcVpn, dstSpace, dstVpn, pages };
}

/** First word of each of `pages` frames of a space. */
async function firstWords(bench: TestBench, space: number, frame: number, pages: number): Promise<number[]> {
  const { io } = await bench.run({ op: 'readback', space, frame, pages });
  return Array.from({ length: pages }, (_, i) => io[i * 1024] as number);
}

/** System frame i holds the word i + 1 everywhere. */
function numbered(pages: number): Command[] {
  return Array.from({ length: pages }, (_, i) => ({ op: 'fill', space: SYSTEM, frame: i, pages: 1, pattern: i + 1 }));
}

describe('a translated copy', () => {
  gpuTest('moves one page', CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(10, '4K', 3, DATA);
    tables.map(20, '4K', 5, DEVICE);
    const done = await bench.run(...numbered(8), ...tables.take(), copy(tables.root, 10, 20, 1));
    expect(done.status).toBe('ok');
    expect(await firstWords(bench, VRAM, 4, 3)).toEqual([0, 4, 0]);
  });

  gpuTest('follows scattered pages in their order, across a table', CONFIG, async (bench) => {
    const tables = newTables();
    const frames = [6, 2, 7, 0, 3];
    frames.forEach((frame, i) => tables.map(510 + i, '4K', frame, DATA));
    frames.forEach((_, i) => tables.map(GIB + i, '4K', 40 + 2 * i, DEVICE));
    await bench.run(...numbered(8), ...tables.take(), copy(tables.root, 510, GIB, frames.length));
    expect(await firstWords(bench, VRAM, 40, 10)).toEqual([7, 0, 3, 0, 8, 0, 1, 0, 4, 0]);
  });

  gpuTest('crosses from the low to the high half of an address', CONFIG, async (bench) => {
    const tables = newTables();
    const last = 2 ** 20 - 2;
    for (let i = 0; i < 4; i++) tables.map(last + i, '4K', i, DATA);
    for (let i = 0; i < 4; i++) tables.map(2 ** 45 - 4 + i, '4K', 50 + i, DEVICE);
    await bench.run(...numbered(4), ...tables.take(), copy(tables.root, last, 2 ** 45 - 4, 4));
    expect(await firstWords(bench, VRAM, 50, 4)).toEqual([1, 2, 3, 4]);
  });

  const leaves: [LeafKind, number][] = [
    ['ps64', 16],
    ['compact64K', 16],
    ['2M', 512],
    ['1G', 0],
  ];
  for (const [kind, frame] of leaves)
    gpuTest(`reads the pages inside a ${kind} leaf`, CONFIG, async (bench) => {
      const tables = newTables();
      tables.map(2 * GIB, kind, frame, DEVICE);
      tables.map(GIB, '4K', 7, DATA);
      tables.map(GIB + 1, '4K', 8, DATA);
      await bench.run(
        { op: 'fill', space: VRAM, frame: frame + 13, pages: 1, pattern: 131 },
        { op: 'fill', space: VRAM, frame: frame + 14, pages: 1, pattern: 141 },
        ...tables.take(),
        copy(tables.root, 2 * GIB + 13, GIB, 2, [VRAM, SYSTEM]),
      );
      expect(await firstWords(bench, SYSTEM, 6, 4)).toEqual([0, 131, 141, 0]);
    });

  gpuTest('ignores PAT2, bit 12 of a big leaf', CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(0, '2M', 0, DATA | (1 << 12));
    tables.map(GIB, '4K', 9, DEVICE);
    await bench.run(...numbered(4), ...tables.take(), copy(tables.root, 2, GIB, 1));
    expect(await firstWords(bench, VRAM, 9, 1)).toEqual([3]);
  });

  gpuTest('works under a level-3 root, and within one space', CONFIG, async (bench) => {
    const tables = newTables(3);
    tables.map(0, '2M', 0, DEVICE);
    const fill: Command = { op: 'fill', space: VRAM, frame: 1, pages: 1, pattern: 77 };
    await bench.run(fill, ...tables.take(), copy(tables.root, 1, 3, 1, [VRAM, VRAM]));
    expect(await firstWords(bench, VRAM, 0, 5)).toEqual([0, 77, 0, 77, 0]);
  });

  gpuTest('finds tables in system memory, and device leaves then mean the first VRAM', CONFIG, async (bench) => {
    const tables = newTables(4, SYSTEM, 600);
    tables.map(0, '4K', 2, DATA);
    tables.map(GIB, '4K', 2, DEVICE);
    await bench.run(...numbered(4), ...tables.take(), copy(tables.root, 0, GIB, 1));
    expect(await firstWords(bench, VRAM, 2, 1)).toEqual([3]);
  });
});

describe('an engine fault', () => {
  /** Windows of three pages: system 0 … 2 at 0, VRAM 0 … 2 at GIB. `spoil` changes the middle one of a side. */
  async function spoiled(bench: TestBench, spoil: (tables: PageTables) => Command[], spaces = [SYSTEM, VRAM]) {
    const tables = newTables();
    for (let i = 0; i < 3; i++) tables.map(i, '4K', i, DATA);
    for (let i = 0; i < 3; i++) tables.map(GIB + i, '4K', i, DEVICE);
    const setup = [...numbered(4), ...tables.take(), ...spoil(tables)];
    const marker: Command = { op: 'fill', space: VRAM, frame: 30, pages: 1, pattern: 3 };
    return bench.run(...setup, copy(tables.root, 0, GIB, 3, spaces), marker);
  }

  function overwrite(tables: PageTables, vpn: number, level: number, words: [number, number]): Command[] {
    const at = tables.find(vpn, level);
    if (at === null) throw new Error(`no table of level ${level} for page ${vpn}`);
    return [{ op: 'pteWrite', space: VRAM, table: at.table, index: at.index, entries: Uint32Array.from(words) }];
  }

  /** The pages that do not translate are not copied, others are, other commands run, and the job says so. */
  async function expectFault(bench: TestBench, done: Completion, copied = [1, 0, 3]): Promise<void> {
    expect(done.status).toBe('engine-fault');
    expect(await firstWords(bench, VRAM, 0, 3)).toEqual(copied);
    expect(await firstWords(bench, VRAM, 30, 1)).toEqual([3]);
  }

  gpuTest('does not happen in the control case', CONFIG, async (bench) => {
    expect((await spoiled(bench, () => [])).status).toBe('ok');
    expect(await firstWords(bench, VRAM, 0, 3)).toEqual([1, 2, 3]);
  });

  const PRESENT = BIT.present | BIT.rw;
  const spoils: [string, number, number, [number, number]][] = [
    ['an absent source page', 1, 0, [0, 0]],
    ['an absent destination page', GIB + 1, 0, [0, 0]],
    ['a source page in device memory', 1, 0, entry(1, PRESENT | BIT.deviceMemory)],
    ['a destination page in system memory', GIB + 1, 0, entry(1, PRESENT)],
    ['a NULL source page', 1, 0, entry(0, PRESENT | BIT.null)],
    ['a source frame one past its space', 1, 0, entry(640, PRESENT)],
    ['a source frame that needs 33 bits', 1, 0, entry(2 ** 32 + 1, PRESENT)],
    ['a destination frame one past its space', GIB + 1, 0, entry(768, PRESENT | BIT.deviceMemory)],
    ['a table one past its space', GIB + 1, 1, entry(768, PRESENT)],
    ['a table far outside', GIB + 1, 2, entry(2 ** 36, PRESENT)],
    ['an absent directory', GIB + 1, 3, [0, 0]],
  ];
  for (const [name, vpn, level, words] of spoils)
    gpuTest(`comes from ${name}`, CONFIG, async (bench) => {
      const copied = level === 0 ? [1, 0, 3] : [0, 0, 0];
      await expectFault(bench, await spoiled(bench, (tables) => overwrite(tables, vpn, level, words)), copied);
    });

  gpuTest('does not come from the last frame of each space', CONFIG, async (bench) => {
    const last = (tables: PageTables): Command[] => [
      ...overwrite(tables, 1, 0, entry(639, PRESENT)),
      ...overwrite(tables, GIB + 1, 0, entry(767, PRESENT | BIT.deviceMemory)),
    ];
    expect((await spoiled(bench, last)).status).toBe('ok');
  });

  gpuTest('comes from a space that the tables cannot target', CONFIG, async (bench) => {
    await expectFault(bench, await spoiled(bench, () => [], [SYSTEM, 2]), [0, 0, 0]);
  });

  gpuTest('belongs to its own command and job only', CONFIG, async (bench) => {
    const tables = newTables();
    tables.map(0, '4K', 0, DATA);
    tables.map(GIB, '4K', 0, DEVICE);
    tables.map(GIB + 1, '4K', 1, DEVICE);
    const bad = copy(tables.root, 1, GIB, 1);
    bench.submit([...numbered(2), ...tables.take(), copy(tables.root, 0, GIB, 1)]);
    bench.submit([bad, copy(tables.root, 0, GIB + 1, 1)]);
    bench.submit([copy(tables.root, 0, GIB, 1)]);
    expect((await bench.drain(3)).map((done) => done.status)).toEqual(['ok', 'engine-fault', 'ok']);
    expect(await firstWords(bench, VRAM, 0, 2)).toEqual([1, 1]);
  });
});
