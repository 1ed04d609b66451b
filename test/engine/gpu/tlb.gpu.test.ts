// The TLB model (shaders/lib/tlb.wgsl): lines answer until they are invalidated, and nothing depends on the order of lanes
// (I-T1, X62: a missing invalidation shows as a stale value).
import { describe, expect } from 'vitest';
import type { Command, WalkRoot } from '../../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import type { Completion } from '../../../src/engine/plan/job.ts';
import { gpuTest, type TestBench } from '../../support/dawn.ts';
import { BIT, entry, LEAF_PAGES, PageTables, type LeafKind } from '../../support/page-tables.ts';

const SYSTEM = 0;
const VRAM = 1;
const LINES = 64;
const CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: 1024 },
    { name: 'vram0', pages: 64 },
  ],
  accessCapacity: 64,
  faultCapacity: 64,
  tlbLines: LINES,
};
const READ = 0;
const WRITE = 1;
const ALL = BIT.rw | BIT.atomic;
/** Word 0 of a frame is its number plus this. */
const MARK = 1000;

/** The executor's lines outlive a case: an address space of its own keeps each case apart. */
let nextAsid = 1;

class Client {
  readonly asid = nextAsid++;
  readonly tables: PageTables;
  readonly #bench: TestBench;

  constructor(bench: TestBench) {
    let next = 8;
    this.#bench = bench;
    this.tables = new PageTables(VRAM, 4, () => next++);
  }

  get root(): WalkRoot {
    return this.tables.root;
  }

  async run(...commands: Command[]): Promise<Completion> {
    return this.#bench.run(...this.tables.take(), ...commands);
  }

  /** Touches word 0 of each page in one ACCESS; values and fault types, 'f0' … for a fault. */
  async touch(vpns: readonly number[], kind = READ, tlb = true, asid = this.asid): Promise<(number | string)[]> {
    const count = vpns.length;
    const words = vpns.flatMap((vpn) => [((vpn % 2 ** 20) * 4096) >>> 0, Math.floor(vpn / 2 ** 20), kind, 0]);
    const done = await this.run(
      { op: 'accessLoad', base: 0, records: Uint32Array.from(words) },
      { op: 'access', asid, root: this.root, base: 0, count, tlb, chained: false },
      { op: 'accessResult', base: 0, count },
    );
    const values: (number | string)[] = Array.from({ length: count }, (_, i) => done.io[2 * i + 1] as number);
    for (let at = 0; at < done.faults.length; at += 4) {
      const cookie = ((done.faults[at] as number) >>> 28) | (((done.faults[at + 1] as number) & 0xfff) << 4);
      values[cookie] = `f${((done.faults[at + 2] as number) >>> 2) & 3}`;
    }
    return values;
  }

  invalidate(vpn: number, log2Pages: number, asid = this.asid): Command {
    return { op: 'tlbInval', asid, vpn, log2Pages };
  }

  /** Overwrites the entry of `vpn` at `level`. */
  rewrite(vpn: number, level: number, lo: number, hi = 0): Command {
    const at = this.tables.find(vpn, level);
    if (at === null) throw new Error(`page ${vpn} has no table of level ${level}`);
    return { op: 'pteWrite', space: VRAM, table: at.table, index: at.index, entries: Uint32Array.of(lo, hi) };
  }
}

function marks(frames: readonly number[]): Command[] {
  return frames.map((frame) => ({ op: 'fill', space: SYSTEM, frame, pages: 1, pattern: MARK + frame }));
}

const present = (frame: number, bits = ALL): number => entry(frame, BIT.present | bits)[0];

describe('a line', () => {
  gpuTest('answers for its page after the entry has changed, until it is invalidated', CONFIG, async (bench) => {
    const client = new Client(bench);
    client.tables.map(5, '4K', 1, ALL);
    await client.run(...marks([1, 2]));
    expect(await client.touch([5])).toEqual([MARK + 1]);
    await client.run(client.rewrite(5, 0, present(2)));
    expect(await client.touch([5])).toEqual([MARK + 1]);
    expect(await client.touch([5], READ, false)).toEqual([MARK + 2]);
    await client.run(client.invalidate(5, 0));
    expect(await client.touch([5])).toEqual([MARK + 2]);
  });

  gpuTest('hides a zap until it is invalidated', CONFIG, async (bench) => {
    const client = new Client(bench);
    client.tables.map(5, '4K', 1, ALL);
    await client.run(...marks([1]));
    await client.touch([5]);
    await client.run(client.rewrite(5, 0, 0));
    expect(await client.touch([5])).toEqual([MARK + 1]);
    await client.run(client.invalidate(0, 63));
    expect(await client.touch([5])).toEqual(['f0']);
  });

  gpuTest('is not made by a fault', CONFIG, async (bench) => {
    const client = new Client(bench);
    client.tables.map(4, '4K', 1, ALL);
    await client.run(...marks([1, 2]));
    expect(await client.touch([5])).toEqual(['f0']);
    client.tables.map(5, '4K', 2, ALL);
    expect(await client.touch([5])).toEqual([MARK + 2]);
  });

  gpuTest('that denies an access does not answer it', CONFIG, async (bench) => {
    const client = new Client(bench);
    client.tables.map(5, '4K', 1, 0);
    await client.run(...marks([1, 2]));
    expect(await client.touch([5])).toEqual([MARK + 1]);
    expect(await client.touch([5], WRITE)).toEqual(['f1']);
    await client.run(client.rewrite(5, 0, present(2)));
    expect(await client.touch([5], READ)).toEqual([MARK + 1]);
    expect(await client.touch([5], WRITE)).toEqual([MARK + 2]);
    // The write walked, so that its leaf is in the line now.
    expect(await client.touch([5], READ)).toEqual([MARK + 2]);
  });

  gpuTest('belongs to one address space', CONFIG, async (bench) => {
    const client = new Client(bench);
    client.tables.map(5, '4K', 1, ALL);
    await client.run(...marks([1, 2]));
    await client.touch([5]);
    await client.run(client.rewrite(5, 0, present(2)));
    expect(await client.touch([5], READ, true, nextAsid++)).toEqual([MARK + 2]);
    await client.run(client.invalidate(5, 0, 0xfffff));
    expect(await client.touch([5])).toEqual([MARK + 1]);
  });

  gpuTest('knows all bits of its page number', CONFIG, async (bench) => {
    const client = new Client(bench);
    client.tables.map(5, '4K', 1, ALL);
    client.tables.map(2 ** 32 + 5, '4K', 2, ALL);
    client.tables.map(2 ** 44 + 5, '4K', 3, ALL);
    await client.run(...marks([1, 2, 3]));
    for (let round = 0; round < 2; round++)
      for (const [vpn, frame] of [
        [5, 1],
        [2 ** 32 + 5, 2],
        [2 ** 44 + 5, 3],
      ] as const)
        expect(await client.touch([vpn])).toEqual([MARK + frame]);
  });

  gpuTest('holds a NULL leaf too', CONFIG, async (bench) => {
    const client = new Client(bench);
    client.tables.map(5, '4K', 0, ALL | BIT.null);
    await client.run(...marks([2]));
    expect(await client.touch([5])).toEqual([0]);
    await client.run(client.rewrite(5, 0, present(2)));
    expect(await client.touch([5])).toEqual([0]);
    await client.run(client.invalidate(5, 0));
    expect(await client.touch([5])).toEqual([MARK + 2]);
  });
});

describe('a line of a big leaf', () => {
  const sizes: [LeafKind, number][] = [
    ['ps64', 4],
    ['compact64K', 4],
    ['2M', 9],
    ['1G', 18],
  ];
  for (const [kind, log2Pages] of sizes) {
    const pages = LEAF_PAGES[kind];
    const vpn = 3 * 2 ** 18;
    const far = Math.min(pages, 1024) - 1;
    const zap = (client: Client): Command => {
      const level = kind === '2M' ? 1 : kind === '1G' ? 2 : 0;
      const at = client.tables.find(vpn, level) ?? { table: 0, index: 0 };
      const count = kind === 'ps64' ? 16 : 1;
      return { op: 'zap', space: VRAM, table: at.table, index: at.index, count };
    };

    gpuTest(`of kind ${kind} answers for all of its pages`, CONFIG, async (bench) => {
      const client = new Client(bench);
      client.tables.map(vpn, kind, 0, ALL);
      await client.run(...marks([3, far]));
      expect(await client.touch([vpn + 3])).toEqual([MARK + 3]);
      await client.run(zap(client));
      expect(await client.touch([vpn + far, vpn + pages])).toEqual([MARK + far, 'f0']);
    });

    gpuTest(`of kind ${kind} goes with an invalidation of any of its pages`, CONFIG, async (bench) => {
      const client = new Client(bench);
      client.tables.map(vpn, kind, 0, ALL);
      await client.run(...marks([3]));
      await client.touch([vpn + 3]);
      await client.run(zap(client), client.invalidate(vpn - 1, 0), client.invalidate(vpn + pages, log2Pages));
      expect(await client.touch([vpn + 3])).toEqual([MARK + 3]);
      await client.run(client.invalidate(vpn + pages - 1, 0));
      expect(await client.touch([vpn + 3])).toEqual(['f0']);
    });
  }

  gpuTest('gives way to a smaller line of the same page', CONFIG, async (bench) => {
    const client = new Client(bench);
    client.tables.map(0, '2M', 0, 0);
    client.tables.map(512, '4K', 9, ALL);
    await client.run(...marks([7, 9]));
    expect(await client.touch([7])).toEqual([MARK + 7]);
    // The slot of the 2 MiB leaf now leads to a table with one 4 KiB entry: a write walks, since the old line denies it.
    const table = client.tables.find(512, 0)?.table ?? 0;
    const small: Command = { op: 'pteWrite', space: VRAM, table, index: 7, entries: Uint32Array.of(present(9), 0) };
    await client.run(client.rewrite(0, 1, present(table, BIT.rw)), small);
    expect(await client.touch([7])).toEqual([MARK + 7]);
    expect(await client.touch([7], WRITE)).toEqual([MARK + 9]);
    expect(await client.touch([7])).toEqual([MARK + 9]);
    expect(await client.touch([8])).toEqual([0]);
  });
});

describe('an invalidation', () => {
  const cases: [string, number, number, boolean][] = [
    ['of the page', 100, 0, true],
    ['of the page before', 99, 0, false],
    ['of the page after', 101, 0, false],
    ['of an interval that ends at the page', 68, 5, false],
    ['of an interval whose last page it is', 69, 5, true],
    ['of an unaligned interval around it', 97, 2, true],
    ['of 2^32 pages', 0, 32, true],
    ['of 2^44 pages from the page on', 100, 44, true],
    ['of 2^44 pages from the next page on', 101, 44, false],
    ['of everything', 7, 63, true],
  ];
  for (const [name, vpn, log2Pages, drops] of cases)
    gpuTest(`${name} ${drops ? 'drops' : 'keeps'} the line`, CONFIG, async (bench) => {
      const client = new Client(bench);
      client.tables.map(100, '4K', 1, ALL);
      await client.run(...marks([1, 2]));
      await client.touch([100]);
      await client.run(client.rewrite(100, 0, present(2)), client.invalidate(vpn, log2Pages));
      expect(await client.touch([100])).toEqual([MARK + (drops ? 2 : 1)]);
    });

  gpuTest('reaches pages above 2^32', CONFIG, async (bench) => {
    const client = new Client(bench);
    const vpn = 2 ** 44 + 2 ** 32 - 1;
    client.tables.map(vpn, '4K', 1, ALL);
    await client.run(...marks([1, 2]));
    await client.touch([vpn]);
    const rewritten = client.rewrite(vpn, 0, present(2));
    await client.run(rewritten, client.invalidate(vpn - 1, 0), client.invalidate(vpn % 2 ** 32, 0));
    expect(await client.touch([vpn])).toEqual([MARK + 1]);
    await client.run(client.invalidate(vpn - 1, 1));
    expect(await client.touch([vpn])).toEqual([MARK + 2]);
  });
});

describe('lanes of one command', () => {
  gpuTest('see the lines as they were before it', CONFIG, async (bench) => {
    const client = new Client(bench);
    // All pages share one line: a lane that saw another's fill would still be right, one that saw half of it would not.
    const vpns = Array.from({ length: 32 }, (_, i) => i * LINES);
    vpns.forEach((vpn, i) => client.tables.map(vpn, '4K', i, ALL));
    await client.run(...marks(vpns.map((_, i) => i)));
    const expected = vpns.map((_, i) => MARK + i);
    for (let round = 0; round < 3; round++) expect(await client.touch(vpns)).toEqual(expected);
  });

  gpuTest('fill a shared line with the access of the highest index', CONFIG, async (bench) => {
    const client = new Client(bench);
    const vpns = Array.from({ length: 32 }, (_, i) => ((i * 7) % 32) * LINES);
    vpns.forEach((vpn, i) => client.tables.map(vpn, '4K', i, ALL));
    await client.run(...marks([...vpns.keys(), 40]));
    await client.touch(vpns);
    await client.run(...vpns.map((vpn) => client.rewrite(vpn, 0, present(40))));
    // One at a time: each walk takes the line over, the stale one first.
    expect(await client.touch([vpns[31] as number])).toEqual([MARK + 31]);
    expect(await client.touch([vpns[30] as number])).toEqual([MARK + 40]);
  });

  gpuTest('do not fill a line with an access that faults', CONFIG, async (bench) => {
    const client = new Client(bench);
    client.tables.map(0, '4K', 1, 0);
    client.tables.map(LINES, '4K', 2, 0);
    await client.run(...marks([1, 2, 3]));
    await client.touch([0]);
    expect(await client.touch([LINES], WRITE)).toEqual(['f1']);
    await client.run(client.rewrite(0, 0, present(3)));
    expect(await client.touch([0])).toEqual([MARK + 1]);
  });
});
