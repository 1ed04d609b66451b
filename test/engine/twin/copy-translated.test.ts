// Translated copies: scattered leaves of every size on both sides, and every reason for which a page does not move.
import { describe, expect, test } from 'vitest';
import type { Command, CopyTranslated, SpaceId } from '../../../src/engine/plan/commands.ts';
import type { Completion } from '../../../src/engine/plan/job.ts';
import { createTwinExecutor, type TwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import { BIT, PageTables } from '../../support/page-tables.ts';

/** Identity window of VRAM (xe.md §4.1): 256 GiB. */
const IDENTITY = 2 ** 26;
/** Window of system pages: 2 MiB. */
const WINDOW = 512;
const SYSTEM_PAGES = 1024;
const VRAM_PAGES = 1088;

/** The engine's own address space: one 2 MiB leaf over VRAM, and a window of system pages in reverse order. */
class Engine {
  readonly twin: TwinExecutor = createTwinExecutor({
    spaces: [
      { name: 'system', pages: SYSTEM_PAGES },
      { name: 'vram0', pages: VRAM_PAGES },
      { name: 'vram1', pages: 32 },
    ],
    accessCapacity: 1,
    faultCapacity: 1,
    tlbLines: 0,
  });
  readonly tables: PageTables;
  #seq = 0;
  #next = 1024;

  constructor(level = 4) {
    this.tables = new PageTables(1, level, () => this.#next++);
    this.tables.map(IDENTITY, '2M', 0, BIT.rw | BIT.deviceMemory);
    for (let i = 0; i < 64; i++) this.tables.map(WINDOW + i, '4K', 100 - i, BIT.rw);
  }

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

  up(change: Partial<CopyTranslated> = {}): CopyTranslated {
    const ends = { srcSpace: 0, srcVpn: WINDOW, dstSpace: 1, dstVpn: IDENTITY + 8, pages: 16 };
    return { op: 'copyTranslated', root: this.tables.root, ...ends, ...change };
  }

  page(space: SpaceId, frame: number): Uint32Array {
    return this.twin.peek(space).slice(frame * 1024, frame * 1024 + 1024);
  }
}

const SEED: Command = { op: 'fillSeeded', space: 0, frame: 0, pages: SYSTEM_PAGES, seed: 3, pageLo: 0 };

describe.each([3, 4])('a copy through tables of root level %i', (level) => {
  test('moves each page where its leaves say, and no other', async () => {
    const engine = new Engine(level);
    expect((await engine.run(SEED, engine.up())).status).toBe('ok');
    for (let i = 0; i < 16; i++) expect(engine.page(1, 8 + i)).toEqual(engine.page(0, 100 - i));
    expect(engine.page(1, 7)).toEqual(new Uint32Array(1024));
    expect(engine.page(1, 24)).toEqual(new Uint32Array(1024));
  });

  test('goes home again the same way', async () => {
    const engine = new Engine(level);
    const back = engine.up({ srcSpace: 1, srcVpn: IDENTITY + 8, dstSpace: 0, dstVpn: WINDOW + 32 });
    await engine.run(SEED, engine.up(), back);
    for (let i = 0; i < 16; i++) expect(engine.page(0, 68 - i)).toEqual(engine.page(0, 100 - i));
  });
});

describe('runs of neighbours', () => {
  test('two 64 KiB leaves that are apart', async () => {
    const engine = new Engine();
    engine.tables.map(4096, 'compact64K', 512, BIT.rw);
    engine.tables.map(4096 + 16, 'compact64K', 256, BIT.rw);
    await engine.run(SEED, engine.up({ srcVpn: 4096 + 14, pages: 4 }));
    const sources = [526, 527, 256, 257];
    sources.forEach((frame, i) => expect(engine.page(1, 8 + i)).toEqual(engine.page(0, frame)));
  });
});

describe('an engine fault', () => {
  /** Of sixteen pages, how many move. */
  const cases: readonly (readonly [string, Partial<CopyTranslated>, number])[] = [
    ['an absent page at the end of the source', { srcVpn: WINDOW + 49 }, 15],
    ['an absent page of the destination', { dstVpn: IDENTITY + 512 - 15 }, 15],
    ['a source leaf in another space than declared', { srcSpace: 1 }, 0],
    ['a destination leaf in another space than declared', { dstSpace: 0 }, 0],
    ['a destination in the VRAM of another device', { dstSpace: 2 }, 0],
  ];

  test.each(cases)('%s: status engine-fault, the pages do not move, the rest runs', async (_name, change, moved) => {
    const engine = new Engine();
    const fill: Command = { op: 'fill', space: 1, frame: 0, pages: 1, pattern: 5 };
    const hash: Command = { op: 'hash', space: 1, frame: 0, pages: 1 };
    const { status, faults, io } = await engine.run(SEED, engine.up(change), fill, hash);
    expect([status, faults.length, io.length]).toEqual(['engine-fault', 0, 2]);
    const pages = Array.from({ length: 511 }, (_, i) => engine.page(1, 1 + i));
    expect(pages.filter((words) => words.some((word) => word !== 0))).toHaveLength(moved);
    expect(engine.page(1, 0)[0]).toBe(5);
  });

  test('one page less at either end is fine (control)', async () => {
    const engine = new Engine();
    expect((await engine.run(engine.up({ srcVpn: WINDOW + 48 }))).status).toBe('ok');
    expect((await engine.run(engine.up({ dstVpn: IDENTITY + 512 - 16 }))).status).toBe('ok');
  });

  test('a NULL leaf targets no memory', async () => {
    const engine = new Engine();
    engine.tables.map(2 ** 18, '1G', 0, BIT.null | BIT.rw);
    expect((await engine.run(engine.up({ srcVpn: 2 ** 18 }))).status).toBe('engine-fault');
  });

  test('a leaf past the end of its space', async () => {
    const engine = new Engine();
    engine.tables.map(WINDOW + 100, '4K', SYSTEM_PAGES, BIT.rw);
    engine.tables.map(WINDOW + 101, '4K', SYSTEM_PAGES - 1, BIT.rw);
    expect((await engine.run(engine.up({ srcVpn: WINDOW + 100, pages: 1 }))).status).toBe('engine-fault');
    expect((await engine.run(engine.up({ srcVpn: WINDOW + 101, pages: 1 }))).status).toBe('ok');
  });

  test('does not stick to the next job', async () => {
    const engine = new Engine();
    await engine.run(engine.up({ srcSpace: 1 }));
    expect((await engine.run(engine.up())).status).toBe('ok');
  });
});
