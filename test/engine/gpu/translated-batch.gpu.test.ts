// Neighbouring copies by address share their two dispatches, and nobody can tell: order, faults and jobs stay apart.
import { describe, expect } from 'vitest';
import type { Command, WalkRoot } from '../../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import type { Completion } from '../../../src/engine/plan/job.ts';
import { countDispatches } from './count-dispatches.ts';
import { gpuTest, type TestBench } from '../../support/dawn.ts';
import { BIT, PageTables } from '../../support/page-tables.ts';

const SYSTEM = 0;
const VRAM = 1;
const PAGES = 400;
const CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: PAGES },
    { name: 'vram0', pages: 512 },
  ],
  accessCapacity: 0,
  faultCapacity: 0,
  tlbLines: 0,
};
/** VRAM frame f is the page DEVICE + f; system frame f is the page f. */
const DEVICE = 2 ** 18;
const ABSENT = 2 ** 30;
/** Dispatches of one batch: a walk and a copy. */
const BATCH = 2;

/** Identity windows over system memory and the first 400 frames of VRAM; tables lie behind. */
function identity(): PageTables {
  let next = PAGES;
  const tables = new PageTables(VRAM, 4, () => next++);
  for (let frame = 0; frame < PAGES; frame += 16) {
    for (let i = 0; i < 16; i++) tables.map(frame + i, '4K', frame + i, BIT.rw);
    tables.map(DEVICE + frame, 'compact64K', frame, BIT.rw | BIT.deviceMemory);
  }
  return tables;
}

type Copier = (srcVpn: number, dstVpn: number, pages?: number) => Command;

function copier(root: WalkRoot, srcSpace = SYSTEM, dstSpace = VRAM): Copier {
  return (srcVpn, dstVpn, pages = 1) => ({ op: 'copyTranslated', root, srcSpace, srcVpn, dstSpace, dstVpn, pages });
}

/** First word of each of `pages` frames. */
async function words(bench: TestBench, space: number, frame: number, pages: number): Promise<number[]> {
  const { io } = await bench.run({ op: 'readback', space, frame, pages });
  return Array.from({ length: pages }, (_, i) => io[i * 1024] as number);
}

interface Ready {
  /** System to VRAM. */
  readonly up: Copier;
  readonly down: Copier;
  readonly within: Copier;
  readonly tables: PageTables;
}

/** Tables are in place, and system frame i holds the word i + 1. */
async function ready(bench: TestBench): Promise<Ready> {
  const tables = identity();
  const numbered = Array.from({ length: PAGES }, (_, i): Command => {
    return { op: 'fill', space: SYSTEM, frame: i, pages: 1, pattern: i + 1 };
  });
  await bench.run(...numbered, ...tables.take());
  const { root } = tables;
  return { up: copier(root), down: copier(root, VRAM, SYSTEM), within: copier(root, VRAM, VRAM), tables };
}

/** Runs the commands as one job and expects `batches` batches. */
async function run(bench: TestBench, batches: number, commands: Command[]): Promise<Completion> {
  const done: Completion[] = [];
  const job = async (): Promise<unknown> => done.push(await bench.run(...commands));
  expect(await countDispatches(bench.executor.device, job)).toBe(batches * BATCH);
  return done[0] as Completion;
}

describe('copies that share a batch', () => {
  gpuTest('are found by their pages, whatever the lengths', CONFIG, async (bench) => {
    const { up } = await ready(bench);
    const lengths = [1, 64, 65, 3, 1, 1, 128, 7];
    const commands: Command[] = [];
    const expected: number[] = [];
    let src = PAGES;
    for (const pages of lengths) {
      src -= pages + 2;
      commands.push(up(src, DEVICE + expected.length, pages));
      for (let i = 0; i < pages; i++) expected.push(src + i + 1);
    }
    expect((await run(bench, 1, commands)).status).toBe('ok');
    expect(await words(bench, VRAM, 0, expected.length + 1)).toEqual([...expected, 0]);
  });

  gpuTest('may touch', CONFIG, async (bench) => {
    const { within, up } = await ready(bench);
    await bench.run(up(0, DEVICE, 8));
    await run(bench, 1, [within(DEVICE, DEVICE + 10, 2), within(DEVICE + 2, DEVICE + 12, 2)]);
    expect(await words(bench, VRAM, 9, 6)).toEqual([0, 1, 2, 3, 4, 0]);
  });

  gpuTest('may read the same pages', CONFIG, async (bench) => {
    const { up } = await ready(bench);
    await run(bench, 1, [up(4, DEVICE), up(4, DEVICE + 1), up(3, DEVICE + 2, 2)]);
    expect(await words(bench, VRAM, 0, 5)).toEqual([5, 5, 4, 5, 0]);
  });

  for (const [name, bad] of [
    ['first', 0],
    ['middle', 2],
    ['last', 4],
  ] as const)
    gpuTest(`go on when the ${name} one faults at one of its pages`, CONFIG, async (bench) => {
      const { up, tables } = await ready(bench);
      // The fault is at the last of its three pages.
      const hole = tables.find(3 * bad + 2, 0) ?? { table: 0, index: 0 };
      await bench.run({ op: 'zap', space: VRAM, ...hole, count: 1 });
      const commands = [0, 1, 2, 3, 4].map((i) => up(3 * i, DEVICE + 3 * i, 3));
      expect((await run(bench, 1, commands)).status).toBe('engine-fault');
      const expected = Array.from({ length: 15 }, (_, i) => (i === 3 * bad + 2 ? 0 : i + 1));
      expect(await words(bench, VRAM, 0, 15)).toEqual(expected);
    });

  gpuTest('may all fault, and the next job is well', CONFIG, async (bench) => {
    const { up } = await ready(bench);
    const bad = [up(ABSENT, DEVICE), up(0, ABSENT + 20, 5), up(ABSENT + 40, ABSENT + 60)];
    expect((await run(bench, 1, bad)).status).toBe('engine-fault');
    expect((await run(bench, 1, [up(0, DEVICE)])).status).toBe('ok');
    expect(await words(bench, VRAM, 0, 2)).toEqual([1, 0]);
  });
});

describe('copies that do not share a batch', () => {
  gpuTest('read what the one before wrote', CONFIG, async (bench) => {
    const { within, up } = await ready(bench);
    await bench.run(up(0, DEVICE, 4));
    await run(
      bench,
      3,
      [1, 2, 3].map((i) => within(DEVICE + 2 * i - 1, DEVICE + 2 * i + 1, 2)),
    );
    expect(await words(bench, VRAM, 0, 9)).toEqual([1, 2, 3, 2, 3, 2, 3, 2, 3]);
  });

  gpuTest('write what the one before read', CONFIG, async (bench) => {
    const { within, up } = await ready(bench);
    await bench.run(up(0, DEVICE, 4));
    await run(bench, 2, [within(DEVICE + 1, DEVICE + 9), within(DEVICE, DEVICE + 1)]);
    expect(await words(bench, VRAM, 0, 10)).toEqual([1, 1, 3, 4, 0, 0, 0, 0, 0, 2]);
  });

  gpuTest('write the same page: the last one wins', CONFIG, async (bench) => {
    const { up } = await ready(bench);
    await run(bench, 2, [up(0, DEVICE, 3), up(6, DEVICE + 2, 3)]);
    expect(await words(bench, VRAM, 0, 6)).toEqual([1, 2, 7, 8, 9, 0]);
  });

  gpuTest('see the old page when the one before faults', CONFIG, async (bench) => {
    const { within, up } = await ready(bench);
    await bench.run(up(7, DEVICE, 1));
    const done = await run(bench, 2, [within(ABSENT, DEVICE), within(DEVICE, DEVICE + 1)]);
    expect(done.status).toBe('engine-fault');
    expect(await words(bench, VRAM, 0, 2)).toEqual([8, 8]);
  });

  gpuTest('have other spaces, even another way round', CONFIG, async (bench) => {
    const { up, down } = await ready(bench);
    await run(bench, 2, [up(0, DEVICE), down(DEVICE, 9)]);
    expect(await words(bench, SYSTEM, 9, 1)).toEqual([1]);
  });

  gpuTest('have another root', CONFIG, async (bench) => {
    const { up, tables } = await ready(bench);
    const second = new PageTables(
      VRAM,
      3,
      (
        (frame) => () =>
          frame++
      )(PAGES + 80),
    );
    second.map(0, '4K', 20, BIT.rw);
    second.map(DEVICE, '4K', 1, BIT.rw | BIT.deviceMemory);
    await bench.run(...second.take());
    await run(bench, 3, [up(0, DEVICE), copier(second.root)(0, DEVICE), copier(tables.root)(2, DEVICE + 2)]);
    expect(await words(bench, VRAM, 0, 4)).toEqual([1, 21, 3, 0]);
  });

  gpuTest('follow a change of their window', CONFIG, async (bench) => {
    const { up, tables } = await ready(bench);
    const at = tables.find(0, 0) ?? { table: 0, index: 0 };
    const move: Command = { op: 'pteFill', space: VRAM, ...at, count: 1, lo: (30 << 12) | BIT.present, hi: 0 };
    await bench.run(up(0, DEVICE), move, up(0, DEVICE + 1));
    expect(await words(bench, VRAM, 0, 2)).toEqual([1, 31]);
  });

  gpuTest('belong to different jobs: a page may then have another address', CONFIG, async (bench) => {
    const { up, within, tables } = await ready(bench);
    const alias = 2 ** 20;
    tables.map(alias, '4K', 0, BIT.rw | BIT.deviceMemory);
    await bench.run(up(5, DEVICE), ...tables.take());
    bench.submit([within(DEVICE + 8, DEVICE + 9), within(DEVICE, DEVICE + 1)]);
    bench.submit([within(DEVICE + 2, alias)]);
    await bench.drain(2);
    expect(await words(bench, VRAM, 0, 3)).toEqual([0, 6, 0]);
  });

  gpuTest('would be more than the list of pairs holds', CONFIG, async (bench) => {
    const { up } = await ready(bench);
    const faulting = [0, 1, 2].map((i) => up(ABSENT + 1000 * i, ABSENT + 10_000 + 1000 * i, 250));
    const done = await run(bench, 2, [up(1, DEVICE + 1), ...faulting, up(0, DEVICE)]);
    expect(done.status).toBe('engine-fault');
    expect(await words(bench, VRAM, 0, 3)).toEqual([1, 2, 0]);
  });
});

describe('a run of copies over several submissions', () => {
  const small = { flushLimits: { marks: 2, listWords: 32, dispatches: 16, gridWidth: 3 } };
  gpuTest(
    'copies all but the one that faults',
    CONFIG,
    async (bench) => {
      const { up } = await ready(bench);
      const commands = Array.from({ length: 9 }, (_, i) => up(i === 4 ? ABSENT : i, DEVICE + 5 * i, 5));
      expect((await bench.run(...commands)).status).toBe('engine-fault');
      const expected = commands.flatMap((_, i) => [1, 2, 3, 4, 5].map((page) => (i === 4 ? 0 : i + page)));
      expect(await words(bench, VRAM, 0, 46)).toEqual([...expected, 0]);
    },
    small,
  );
});
