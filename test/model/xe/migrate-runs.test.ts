// The run builder against its golden vectors (xe.md §3.4) and against "every live pair exactly once" (I-C2).
import { describe, expect, test } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import { NO_PFN } from '../../../src/model/mm/pages.ts';
import type { CopyVector } from '../../../src/model/pagemap/devmem.ts';
import { MAX_COPY_PAGES, buildRuns, isLive, slotPages } from '../../../src/model/xe/migrate-runs.ts';

interface Shape {
  readonly n: number;
  /** Slots without a RAM page. */
  readonly holes?: readonly number[];
  /** Slot from which device frames continue 1000 further on. */
  readonly jumpAt?: number;
  /** Heads of folios: slot → order. */
  readonly folios?: Readonly<Record<number, number>>;
}

function vector({ n, holes = [], jumpAt = n, folios }: Shape): CopyVector {
  const devicePfn = Uint32Array.from({ length: n }, (_, i) => 5000 + i + (i >= jumpAt ? 1000 : 0));
  const ramPfn = Uint32Array.from({ length: n }, (_, i) => 7 * i);
  const order = folios === undefined ? null : new Uint8Array(n);
  for (const [head, o] of Object.entries(folios ?? {})) {
    const from = Number(head);
    (order as Uint8Array)[from] = o;
    devicePfn.fill(NO_PFN, from + 1, from + 2 ** o);
    ramPfn.fill(NO_PFN, from + 1, from + 2 ** o);
  }
  for (const hole of holes) ramPfn[hole] = NO_PFN;
  return { n, devicePfn, ramPfn, order };
}

function pagesOf(shape: Shape): number[] {
  return buildRuns(vector(shape)).map((run) => run.pages);
}

/** Heads of `count` folios of order `o`, one behind the other. */
function folios(count: number, o: number): Record<number, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [i * 2 ** o, o]));
}

describe('golden vectors (xe.md §3.4)', () => {
  test.each<[string, Shape, number[]]>([
    ['1', { n: 1 }, [1]],
    ['16', { n: 16 }, [16]],
    ['512', { n: 512 }, [512]],
    ['hole at 3 of 8', { n: 8, holes: [3] }, [3, 4]],
    ['hole at 7 of 8', { n: 8, holes: [7] }, [7]],
    ['holes 0, 1 of 8', { n: 8, holes: [0, 1] }, [6]],
    ['holes 3–5 of 8', { n: 8, holes: [3, 4, 5] }, [3, 2]],
    ['VRAM jump at 5 of 8', { n: 8, jumpAt: 5 }, [5, 3]],
    ['VRAM jump at the last of 8', { n: 8, jumpAt: 7 }, [7, 1]],
    ['2048', { n: 2048 }, [2048]],
    ['4096', { n: 4096 }, [2048, 2048]],
    ['2050', { n: 2050 }, [2048, 2]],
    ['2049: the tail page is fused (Q3)', { n: 2049 }, [2049]],
    ['one order-9 entry', { n: 512, folios: { 0: 9 } }, [512]],
    ['32 order-4 entries', { n: 512, folios: folios(32, 4) }, [512]],
    ['order-4, hole, order-4', { n: 33, holes: [16], folios: { 0: 4, 17: 4 } }, [16, 16]],
    ['five order-9 entries jump over the limit (Q3)', { n: 2560, folios: folios(5, 9) }, [2560]],
    ['nothing but holes', { n: 4, holes: [0, 1, 2, 3] }, []],
    ['nothing', { n: 0 }, []],
  ])('%s', (_, shape, expected) => {
    expect(pagesOf(shape)).toEqual(expected);
  });

  test('a VRAM jump at a folio is asserted (Q4)', () => {
    expect(() => pagesOf({ n: 32, folios: { 0: 4, 16: 4 }, jumpAt: 16 })).toThrow(/VRAM jumps at the folio in slot 16/);
  });
});

/** A random vector: holes, jumps, and aligned folios inside contiguous stretches. */
function randomVector(seed: number): CopyVector {
  const rng = createRng(seed);
  const n = 1 + rng.below(rng.below(8) === 0 ? 5000 : 300);
  const shape = { n, holes: [] as number[], folios: {} as Record<number, number> };
  for (let i = 0; i < n;) {
    const o = rng.below(6);
    const folio = rng.below(4) === 0 && i % 2 ** o === 0 && i + 2 ** o <= n && o > 0;
    if (folio) shape.folios[i] = o;
    else if (rng.below(6) === 0) shape.holes.push(i);
    i += folio ? 2 ** o : 1;
  }
  const v = vector(shape);
  const jump = rng.below(n);
  if (v.order?.every((o) => o === 0) === true) for (let i = jump; i < n; i++) (v.devicePfn[i] as number) += 9;
  return v;
}

test('every live pair is in exactly one run, and runs are contiguous in VRAM (I-C2)', () => {
  for (let seed = 1; seed <= 150; seed++) {
    const v = randomVector(seed);
    const covered = new Uint8Array(v.n);
    for (const { pos, pages } of buildRuns(v)) {
      if (v.order === null) expect(pages, `seed ${seed}`).toBeLessThanOrEqual(MAX_COPY_PAGES + 1);
      for (let i = pos; i < pos + pages; i++) covered[i] = (covered[i] as number) + 1;
      for (let i = pos; i < pos + pages; i += slotPages(v, i)) {
        const jump = (v.devicePfn[i] as number) - (v.devicePfn[pos] as number) - (i - pos);
        if (jump !== 0) throw new Error(`seed ${seed}, slot ${i}: VRAM jumps by ${jump} inside a run`);
      }
    }
    for (let i = 0; i < v.n; i += slotPages(v, i)) {
      const expected = isLive(v, i) ? 1 : 0;
      const slots = covered.subarray(i, i + slotPages(v, i));
      expect(
        [...slots].every((count) => count === expected),
        `seed ${seed}, slot ${i}`,
      ).toBe(true);
    }
  }
});
