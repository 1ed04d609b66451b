// How ranges of frames and lists of pairs are cut where one buffer ends and the next begins.
import { describe, expect, test } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import { neededBytes } from '../../../src/engine/gpu/buffers.ts';
import { dispatchMargin, flushLimits } from '../../../src/engine/gpu/flush-limits.ts';
import { orderPairs, sortedSide } from '../../../src/engine/gpu/pair-order.ts';
import { eachPairOfPieces, eachPiece, segmentId } from '../../../src/engine/gpu/segments.ts';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';

const CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: 20_000 },
    { name: 'vram0', pages: 10_000 },
  ],
  segmentPages: 4096,
  accessCapacity: 1,
  faultCapacity: 1,
  tlbLines: 0,
};

describe('a range of frames', () => {
  test('is cut at the ends of segments', () => {
    const pieces: number[][] = [];
    eachPiece(CONFIG, 1, 4000, 5000, (...piece) => pieces.push(piece));
    expect(pieces).toEqual([
      [segmentId(1, 0), 4000, 96, 0],
      [segmentId(1, 1), 0, 4096, 96],
      [segmentId(1, 2), 0, 808, 4192],
    ]);
  });

  test('of a copy is cut wherever either side is', () => {
    const pieces: number[][] = [];
    const copy = { srcSpace: 0, srcFrame: 4090, dstSpace: 1, dstFrame: 8190, pages: 10 };
    eachPairOfPieces(CONFIG, copy, (...piece) => pieces.push(piece));
    expect(pieces).toEqual([
      [segmentId(0, 0), 4090, segmentId(1, 1), 4094, 2],
      [segmentId(0, 0), 4092, segmentId(1, 2), 0, 4],
      [segmentId(0, 1), 0, segmentId(1, 2), 4, 4],
    ]);
  });
});

describe('memory', () => {
  test('is asked for in buffers of a segment at most', () => {
    expect(neededBytes(CONFIG, flushLimits(CONFIG)).largest).toBe(4096 * 4096);
  });

  test('in one piece is one buffer (control)', () => {
    const whole = { ...CONFIG, segmentPages: 2 ** 18 };
    expect(neededBytes(whole, flushLimits(whole)).largest).toBe(20_000 * 4096);
  });

  test('of many segments leaves room for a dispatch a pair of them', () => {
    expect(dispatchMargin(CONFIG)).toBe(8 + 25);
    expect(flushLimits(CONFIG, { dispatches: 16 }).dispatches).toBe(66);
  });
});

interface Part {
  readonly src: number;
  readonly dst: number;
  readonly pairs: readonly (readonly [number, number])[];
}

/** What orderPairs makes of pairs that lie behind `at` words of something else. */
function ordered(
  pairs: readonly (readonly [number, number])[],
  segmentPages: number,
  side: 'src' | 'dst' = 'dst',
): Part[] {
  const at = 6;
  const words = new Uint32Array(at + 2 * pairs.length + 4).fill(77);
  words.set(pairs.flat(), at);
  const parts: Part[] = [];
  orderPairs({ words, at, count: pairs.length }, side, segmentPages, (src, dst, first, count) => {
    const from = at + 2 * first;
    const mine = Array.from(
      { length: count },
      (_, i) => [words[from + 2 * i], words[from + 2 * i + 1]] as [number, number],
    );
    parts.push({ src, dst, pairs: mine });
  });
  expect([...words.subarray(0, at), ...words.subarray(-4)]).toEqual(Array(at + 4).fill(77));
  return parts;
}

describe('a list of pairs', () => {
  test('that rises is one part as it is', () => {
    const pairs = Array.from({ length: 9 }, (_, i) => [90 - i, 10 + i] as const);
    expect(ordered(pairs, 4096)).toEqual([{ src: 0, dst: 0, pairs }]);
  });

  test('is sorted by destination', () => {
    const pairs = [
      [1, 9000],
      [2, 5],
      [3, 2 ** 21 + 7],
      [4, 4095],
      [5, 2 ** 21],
    ] as const;
    const order = [pairs[1], pairs[3], pairs[0], pairs[4], pairs[2]];
    expect(ordered(pairs, 2 ** 30)).toEqual([{ src: 0, dst: 0, pairs: order }]);
  });

  test('is sorted by source where that is VRAM', () => {
    expect([sortedSide(0, 1), sortedSide(1, 0), sortedSide(1, 1), sortedSide(1, 2)]).toEqual([
      'dst',
      'src',
      'dst',
      'dst',
    ]);
    const pairs = [
      [9, 1],
      [2, 5],
      [2 ** 21, 7],
      [4, 3],
    ] as const;
    const order = [pairs[1], pairs[3], pairs[0], pairs[2]];
    expect(ordered(pairs, 2 ** 30, 'src')).toEqual([{ src: 0, dst: 0, pairs: order }]);
  });

  test('is parted by source and destination segment, each part by destination, whatever the seed', () => {
    const rng = createRng(4);
    for (let round = 0; round < 50; round++) {
      const pairs = Array.from({ length: 1 + rng.below(300) }, () => [rng.below(640), rng.below(384)] as const);
      const parts = ordered(pairs, 64);
      const keys = parts.map(({ src, dst }) => `${src} ${dst}`);
      expect(new Set(keys).size).toBe(keys.length);
      for (const { src, dst, pairs: mine } of parts) {
        expect(mine.every(([a, b]) => a >> 6 === src && b >> 6 === dst)).toBe(true);
        expect(mine.every(([, b], i) => i === 0 || b >= (mine[i - 1]?.[1] ?? 0))).toBe(true);
      }
      const all = (list: readonly (readonly [number, number])[]): string[] => list.map((pair) => pair.join()).sort();
      expect(all(parts.flatMap((part) => part.pairs))).toEqual(all(pairs));
    }
  });
});
