// How much memory a run rotates over: more than what the last cache of its adapter holds, or a warning.
import { describe, expect, it } from 'vitest';
import { MIB, PAGE_SIZE } from '../../../src/base/units.ts';
import type { ExecutorInfo } from '../../../src/engine/plan/executor.ts';
import { Arena, arenaSize, type ArenaSize } from '../../../src/lab/measure/arena.ts';
import { benchWarnings } from '../../../src/lab/measure/bench-warnings.ts';
import type { BenchResult } from '../../../src/lab/measure/bench-runner.ts';

const mib = ({ dataPages }: ArenaSize): number => (2 * dataPages * PAGE_SIZE) / MIB;

describe('the size of the memory', () => {
  it.each([
    // A GPU: nobody tells its cache, 128 MiB are assumed; that of the host says nothing about it.
    ['hardware', false, null, 512],
    ['hardware', true, 512 * MIB, 512],
    // A CPU: at least 256 MiB, four times its cache, and no more than it can touch in reasonable time.
    ['software', false, 32 * MIB, 256],
    ['software', false, 96 * MIB, 512],
    ['software', false, 512 * MIB, 512],
    ['twin', false, 1 * MIB, 256],
    ['software', true, 32 * MIB, 32],
  ] as const)('%s, quick %s, host cache %s: %i MiB in both spaces', (kind, quick, cache, expected) => {
    expect(mib(arenaSize(kind, quick, cache))).toBe(expected);
  });

  it('holds whole 2 MiB blocks, a power of two of them, whatever the cache', () => {
    for (const cache of [1, 3 * MIB, 33 * MIB, 45 * MIB + 4096]) {
      const { dataPages } = arenaSize('software', false, cache);
      expect(dataPages % 512).toBe(0);
      expect(Math.log2(dataPages) % 1).toBe(0);
    }
  });
});

const INFO = { kind: 'gpu', name: 'g', software: true, timestamps: true } as ExecutorInfo;
const RESULT = {
  verification: { pagesChecked: 1, mismatchedPages: 0 },
  wrong: [],
  leftOut: [],
  clock: {},
  partial: false,
};
const said = (size: ArenaSize): string[] =>
  benchWarnings(RESULT as unknown as BenchResult, INFO, size)
    .filter(({ code }) => code === 'working-set-small')
    .map(({ message }) => message);

describe('figures that a cache may have', () => {
  it('are said to, with the cache that is known or assumed', () => {
    expect(said(arenaSize('software', true, 32 * MIB))).toEqual([
      'cached: both spaces together hold 32 MiB, and 256 MiB are needed to keep repeats out of a last-level cache of 32 MiB',
    ]);
    expect(said({ dataPages: 512, accesses: 1 })[0]).toContain('of 128 MiB (assumed)');
    // Control: enough memory.
    expect(said(arenaSize('software', false, 32 * MIB))).toEqual([]);
    expect(said(arenaSize('hardware', false))).toEqual([]);
  });

  it('are marked one by one: all of the arena is not cached, a part of it is', () => {
    const arena = new Arena(arenaSize('software', false, 32 * MIB), 1);
    expect(arena.workingSet(256 * MIB)).toEqual({
      workingSetBytes: 256 * MIB,
      cacheBytes: 32 * MIB,
      cacheKnown: true,
      cached: false,
    });
    expect(arena.workingSet(2 * MIB)).toMatchObject({ cached: true });
    expect(new Arena({ dataPages: 512, accesses: 1 }, 1).workingSet(MIB)).toMatchObject({ cacheKnown: false });
  });
});
