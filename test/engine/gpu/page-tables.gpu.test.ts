// PTE_WRITE, PTE_FILL and ZAP: which words change, up to the ends of a table, and in which order.
import { describe, expect } from 'vitest';
import type { Command } from '../../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import { gpuTest, type TestBench } from '../../support/dawn.ts';

const VRAM = 1;
const TABLES = 4;
const CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: 2 },
    { name: 'vram0', pages: TABLES },
  ],
  accessCapacity: 0,
  faultCapacity: 0,
  tlbLines: 0,
};

function write(table: number, index: number, values: readonly number[]): Command {
  const entries = Uint32Array.from(values.flatMap((value) => [value, value + 0x1000]));
  return { op: 'pteWrite', space: VRAM, table, index, entries };
}

/** Low words of the entries of a table; the high words must be what `write` gives, or zero. */
async function lows(bench: TestBench, table: number): Promise<number[]> {
  const { io } = await bench.run({ op: 'readback', space: VRAM, frame: table, pages: 1 });
  return Array.from({ length: 512 }, (_, i) => {
    const lo = io[2 * i] as number;
    expect(io[2 * i + 1]).toBe(lo === 0 ? 0 : lo + 0x1000);
    return lo;
  });
}

function only(entries: Record<number, number>): number[] {
  return Array.from({ length: 512 }, (_, i) => entries[i] ?? 0);
}

const range = (count: number, from: number): number[] => Array.from({ length: count }, (_, i) => from + i);

describe('page-table entries', () => {
  gpuTest('one is written', CONFIG, async (bench) => {
    await bench.run(write(2, 7, [5]));
    expect(await lows(bench, 2)).toEqual(only({ 7: 5 }));
    expect(await lows(bench, 1)).toEqual(only({}));
    expect(await lows(bench, 3)).toEqual(only({}));
  });

  gpuTest('510 are written in one command, and the last two of the table in another', CONFIG, async (bench) => {
    await bench.run(write(TABLES - 1, 0, range(510, 1)), write(TABLES - 1, 510, [511, 512]));
    expect(await lows(bench, TABLES - 1)).toEqual(range(512, 1));
  });

  gpuTest('one is repeated over a whole table', CONFIG, async (bench) => {
    await bench.run({ op: 'pteFill', space: VRAM, table: 1, index: 0, count: 512, lo: 9, hi: 0x1009 });
    expect(await lows(bench, 1)).toEqual(range(512, 0).map(() => 9));
    expect(await lows(bench, 0)).toEqual(only({}));
    expect(await lows(bench, 2)).toEqual(only({}));
  });

  gpuTest('a zap clears its entries and leaves their neighbours', CONFIG, async (bench) => {
    await bench.run(write(1, 10, range(8, 1)), { op: 'zap', space: VRAM, table: 1, index: 11, count: 6 });
    expect(await lows(bench, 1)).toEqual(only({ 10: 1, 17: 8 }));
  });

  gpuTest('later commands win over earlier ones on the same entry', CONFIG, async (bench) => {
    const zap: Command = { op: 'zap', space: VRAM, table: 0, index: 1, count: 1 };
    await bench.run(write(0, 0, [1, 2, 3]), zap, write(0, 1, [7]), write(0, 2, [8]), zap, write(0, 0, [9]));
    expect(await lows(bench, 0)).toEqual(only({ 0: 9, 2: 8 }));
  });

  gpuTest('many commands on different tables share a dispatch', CONFIG, async (bench) => {
    await bench.run(...range(512, 0).map((i) => write(i % TABLES, i, [i + 1])));
    for (let table = 0; table < TABLES; table++)
      expect(await lows(bench, table)).toEqual(range(512, 0).map((i) => (i % TABLES === table ? i + 1 : 0)));
  });
});
