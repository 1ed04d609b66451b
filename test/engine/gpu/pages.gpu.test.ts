// Commands on whole pages, each on its own first, then neighbours of one dispatch that must not race.
import { describe, expect } from 'vitest';
import { fillSeededPage, hashPage, pageKey } from '../../../src/base/mix.ts';
import type { Command } from '../../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import { gpuTest, type TestBench } from '../../support/dawn.ts';

const SYSTEM = 0;
const VRAM = 1;
const PAGES = 16;
const CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: PAGES },
    { name: 'vram0', pages: PAGES },
    { name: 'vram1', pages: PAGES },
  ],
  accessCapacity: 0,
  faultCapacity: 0,
  tlbLines: 0,
};

function seeded(space: number, frame: number, pages: number, seed: number): Command {
  return { op: 'fillSeeded', space, frame, pages, seed, pageLo: frame };
}

function copy(srcSpace: number, srcFrame: number, dstSpace: number, dstFrame: number, pages: number): Command {
  return { op: 'copy', srcSpace, srcFrame, dstSpace, dstFrame, pages };
}

function seededWords(frame: number, seed: number): Uint32Array {
  const words = new Uint32Array(1024);
  fillSeededPage(words, pageKey(seed, frame));
  return words;
}

async function pageOf(bench: TestBench, space: number, frame: number): Promise<Uint32Array> {
  return (await bench.run({ op: 'readback', space, frame, pages: 1 })).io;
}

/** Which seeded page each frame of a space holds, as "seed:page"; '0' for a zero page, '?' for anything else. */
async function contents(bench: TestBench, space: number, known: readonly [number, number][]): Promise<string[]> {
  const { io } = await bench.run({ op: 'readback', space, frame: 0, pages: PAGES });
  const names = new Map(known.map(([seed, page]) => [seededWords(page, seed).join(), `${seed}:${page}`]));
  names.set(new Uint32Array(1024).join(), '0');
  return Array.from({ length: PAGES }, (_, i) => names.get(io.subarray(i * 1024, (i + 1) * 1024).join()) ?? '?');
}

describe('one command', () => {
  gpuTest('copies one page between spaces', CONFIG, async (bench) => {
    await bench.run(seeded(SYSTEM, 3, 1, 7));
    expect((await bench.run(copy(SYSTEM, 3, VRAM, 5, 1))).status).toBe('ok');
    expect(await contents(bench, VRAM, [[7, 3]])).toEqual(named({ 5: '7:3' }));
  });

  gpuTest('copies one page within a space', CONFIG, async (bench) => {
    await bench.run(seeded(VRAM, 0, 1, 7), copy(VRAM, 0, VRAM, PAGES - 1, 1));
    expect(await contents(bench, VRAM, [[7, 0]])).toEqual(named({ 0: '7:0', 15: '7:0' }));
  });

  gpuTest('copies all pages but one, and all', CONFIG, async (bench) => {
    await bench.run(seeded(SYSTEM, 0, PAGES, 1), copy(SYSTEM, 0, VRAM, 1, PAGES - 1), copy(SYSTEM, 0, 2, 0, PAGES));
    const pages = Array.from({ length: PAGES }, (_, i): [number, number] => [1, i]);
    expect(await contents(bench, VRAM, pages)).toEqual(['0', ...pages.slice(0, -1).map(([, i]) => `1:${i}`)]);
    expect(await contents(bench, 2, pages)).toEqual(pages.map(([, i]) => `1:${i}`));
  });

  gpuTest('fills with a pattern, and nothing beside', CONFIG, async (bench) => {
    await bench.run({ op: 'fill', space: VRAM, frame: 4, pages: 2, pattern: 0xdeadbeef });
    for (const frame of [3, 4, 5, 6]) {
      const word = frame === 4 || frame === 5 ? 0xdeadbeef : 0;
      expect(await pageOf(bench, VRAM, frame)).toEqual(new Uint32Array(1024).fill(word));
    }
  });

  gpuTest('fills with seeded contents, page numbers wrapping at 2^32', CONFIG, async (bench) => {
    await bench.run({ op: 'fillSeeded', space: VRAM, frame: 0, pages: 3, seed: 9, pageLo: 0xfffffffe });
    expect(await pageOf(bench, VRAM, 1)).toEqual(seededWords(0xffffffff, 9));
    expect(await pageOf(bench, VRAM, 2)).toEqual(seededWords(0, 9));
  });

  gpuTest('hashes pages as base/mix.ts does', CONFIG, async (bench) => {
    const { io } = await bench.run(seeded(VRAM, 0, 2, 5), { op: 'hash', space: VRAM, frame: 1, pages: 2 });
    const expected = new Uint32Array(4);
    hashPage(seededWords(1, 5), 0, expected, 0);
    hashPage(new Uint32Array(1024), 0, expected, 2);
    expect(io).toEqual(expected);
  });

  gpuTest('uploads and reads back', CONFIG, async (bench) => {
    const words = Uint32Array.from({ length: 2048 }, (_, i) => i * 3);
    await bench.run({ op: 'upload', space: VRAM, frame: PAGES - 2, words });
    const { io } = await bench.run({ op: 'readback', space: VRAM, frame: PAGES - 3, pages: 3 });
    expect(io.subarray(0, 1024)).toEqual(new Uint32Array(1024));
    expect(io.subarray(1024)).toEqual(words);
  });

  for (const method of ['linear', 'linearEntries', 'copyBufferToBuffer'] as const)
    gpuTest(`copies by ${method}`, CONFIG, async (bench) => {
      const place = { srcSpace: SYSTEM, srcFrame: 1, dstSpace: VRAM, dstFrame: 2, pages: 3 };
      await bench.run(seeded(SYSTEM, 0, 5, 2), { op: 'copyBaseline', method, ...place });
      const pages = Array.from({ length: 5 }, (_, i): [number, number] => [2, i]);
      expect(await contents(bench, VRAM, pages)).toEqual(named({ 2: '2:1', 3: '2:2', 4: '2:3' }));
    });

  for (const method of ['linear', 'linearEntries'] as const)
    gpuTest(`copies by ${method} within a space`, CONFIG, async (bench) => {
      const place = { srcSpace: VRAM, srcFrame: 0, dstSpace: VRAM, dstFrame: 9, pages: 1 };
      await bench.run(seeded(VRAM, 0, 1, 2), { op: 'copyBaseline', method, ...place });
      expect(await contents(bench, VRAM, [[2, 0]])).toEqual(named({ 0: '2:0', 9: '2:0' }));
    });
});

/** Contents of a space that is zero but for some frames. */
function named(frames: Record<number, string>): string[] {
  return Array.from({ length: PAGES }, (_, i) => frames[i] ?? '0');
}

describe('neighbours of one job keep their order', () => {
  gpuTest('a copy reads what the copy before it wrote, in one space', CONFIG, async (bench) => {
    await bench.run(
      seeded(VRAM, 0, 1, 1),
      copy(VRAM, 0, VRAM, 1, 1),
      copy(VRAM, 1, VRAM, 2, 1),
      copy(VRAM, 2, VRAM, 3, 1),
    );
    expect(await contents(bench, VRAM, [[1, 0]])).toEqual(named({ 0: '1:0', 1: '1:0', 2: '1:0', 3: '1:0' }));
  });

  gpuTest('a copy does not overwrite what the copy before it reads, in one space', CONFIG, async (bench) => {
    await bench.run(seeded(VRAM, 0, 8, 1), copy(VRAM, 0, VRAM, 8, 4), copy(VRAM, 4, VRAM, 0, 4));
    const first = [4, 5, 6, 7, 4, 5, 6, 7, 0, 1, 2, 3].map((page) => `1:${page}`);
    const pages = Array.from({ length: 8 }, (_, i): [number, number] => [1, i]);
    expect(await contents(bench, VRAM, pages)).toEqual([...first, '0', '0', '0', '0']);
  });

  gpuTest('of two copies to one page the later wins', CONFIG, async (bench) => {
    await bench.run(seeded(SYSTEM, 0, 4, 1), copy(SYSTEM, 0, VRAM, 0, 3), copy(SYSTEM, 3, VRAM, 1, 1));
    const pages = Array.from({ length: 4 }, (_, i): [number, number] => [1, i]);
    expect(await contents(bench, VRAM, pages)).toEqual(named({ 0: '1:0', 1: '1:3', 2: '1:2' }));
  });

  gpuTest('of two fills of one page the later wins', CONFIG, async (bench) => {
    const fill = (pattern: number, pages: number): Command => ({ op: 'fill', space: VRAM, frame: 0, pages, pattern });
    const { io } = await bench.run(fill(1, 2), fill(2, 1), { op: 'readback', space: VRAM, frame: 0, pages: 2 });
    expect([io[0], io[1023], io[1024]]).toEqual([2, 2, 1]);
  });

  gpuTest('a copy there and back through another space', CONFIG, async (bench) => {
    await bench.run(
      seeded(SYSTEM, 0, 2, 1),
      copy(SYSTEM, 0, VRAM, 0, 2),
      copy(VRAM, 0, 2, 3, 2),
      copy(2, 4, SYSTEM, 9, 1),
    );
    expect((await contents(bench, SYSTEM, [[1, 1]]))[9]).toBe('1:1');
  });

  gpuTest('a small upload takes its place between kernels', CONFIG, async (bench) => {
    const words = new Uint32Array(1024).fill(5);
    await bench.run(
      { op: 'fill', space: VRAM, frame: 0, pages: 2, pattern: 1 },
      { op: 'upload', space: VRAM, frame: 0, words },
      copy(VRAM, 0, SYSTEM, 0, 2),
      { op: 'fill', space: VRAM, frame: 0, pages: 2, pattern: 2 },
    );
    expect((await pageOf(bench, SYSTEM, 0))[0]).toBe(5);
    expect((await pageOf(bench, SYSTEM, 1))[0]).toBe(1);
    expect((await pageOf(bench, VRAM, 0))[0]).toBe(2);
  });

  gpuTest(
    'a large upload takes its place between kernels',
    CONFIG,
    async (bench) => {
      const words = new Uint32Array(1024).fill(5);
      await bench.run(
        { op: 'fill', space: VRAM, frame: 0, pages: 1, pattern: 1 },
        copy(VRAM, 0, SYSTEM, 0, 1),
        { op: 'upload', space: VRAM, frame: 0, words },
        copy(VRAM, 0, SYSTEM, 1, 1),
      );
      expect([(await pageOf(bench, SYSTEM, 0))[0], (await pageOf(bench, SYSTEM, 1))[0]]).toEqual([1, 5]);
    },
    { flushLimits: { smallUploadWords: 0 } },
  );

  gpuTest('io comes back in the order of commands, whatever way it takes', CONFIG, async (bench) => {
    const { io } = await bench.run(
      { op: 'fill', space: SYSTEM, frame: 0, pages: 1, pattern: 6 },
      { op: 'cpuAccess', frame: 0, word: 0, kind: 1, operand: 1 },
      { op: 'readback', space: SYSTEM, frame: 0, pages: 1 },
      { op: 'cpuAccess', frame: 0, word: 0, kind: 0, operand: 0 },
      { op: 'hash', space: VRAM, frame: 0, pages: 1 },
      { op: 'cpuAccess', frame: 0, word: 1, kind: 0, operand: 0 },
    );
    const zero = new Uint32Array(2);
    hashPage(new Uint32Array(1024), 0, zero, 0);
    expect(io.length).toBe(1 + 1024 + 1 + 2 + 1);
    expect([io[0], io[1], io[2], io[1025], io[1026], io[1027], io[1028]]).toEqual([6, 7, 6, 7, zero[0], zero[1], 6]);
  });
});

describe('CPU accesses', () => {
  gpuTest('load, store and add, each seeing the one before', CONFIG, async (bench) => {
    const touch = (kind: 0 | 1 | 2, operand: number): Command => ({
      op: 'cpuAccess',
      frame: 2,
      word: 1023,
      kind,
      operand,
    });
    const { io } = await bench.run(touch(1, 5), touch(0, 99), touch(2, 0xffffffff), touch(0, 0));
    expect([...io]).toEqual([0, 5, 5, 4]);
  });

  gpuTest('of distinct words touch nothing else', CONFIG, async (bench) => {
    const touch = (word: number): Command => ({ op: 'cpuAccess', frame: 1, word, kind: 1, operand: word + 1 });
    await bench.run(...Array.from({ length: 100 }, (_, i) => touch(i * 10)));
    const words = Uint32Array.from({ length: 1024 }, (_, i) => (i % 10 === 0 && i < 1000 ? i + 1 : 0));
    expect(await pageOf(bench, SYSTEM, 1)).toEqual(words);
  });
});

describe('a grid of several rows', () => {
  for (const gridWidth of [PAGES - 1, PAGES, 3])
    gpuTest(
      `of ${gridWidth} groups copies and hashes every page once`,
      CONFIG,
      async (bench) => {
        const hash: Command = { op: 'hash', space: VRAM, frame: 0, pages: PAGES };
        const { io } = await bench.run(seeded(SYSTEM, 0, PAGES, 8), copy(SYSTEM, 0, VRAM, 0, PAGES), hash);
        const expected = new Uint32Array(2 * PAGES);
        for (let page = 0; page < PAGES; page++) hashPage(seededWords(page, 8), 0, expected, 2 * page);
        expect(io).toEqual(expected);
      },
      { flushLimits: { gridWidth } },
    );
});
