// The set of ranges against a plain set of numbers.
import { describe, expect, test } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import { IndexRanges } from '../../../src/engine/gpu/index-ranges.ts';

describe('ranges', () => {
  test('overlap where they share a number, not where they touch', () => {
    const ranges = new IndexRanges();
    ranges.add(10, 20);
    const answers = [
      [0, 10],
      [0, 11],
      [19, 20],
      [20, 30],
      [12, 13],
      [0, 99],
      [15, 15],
    ].map(([start, end]) => ranges.overlaps(start as number, end as number));
    expect(answers).toEqual([false, true, true, false, true, true, false]);
  });

  test('an empty one is nowhere, and clear forgets all', () => {
    const ranges = new IndexRanges();
    ranges.add(5, 5);
    expect(ranges.overlaps(0, 100)).toBe(false);
    ranges.add(5, 6);
    ranges.clear();
    expect(ranges.overlaps(0, 100)).toBe(false);
  });

  test.each(Array.from({ length: 20 }, (_, seed) => seed))('agree with a set of numbers, seed %i', (seed) => {
    const rng = createRng(seed);
    const ranges = new IndexRanges();
    const plain = new Set<number>();
    for (let step = 0; step < 200; step++) {
      const start = rng.below(200);
      const end = start + rng.below(12);
      const numbers = Array.from({ length: end - start }, (_, i) => start + i);
      expect(ranges.overlaps(start, end), `step ${step}: [${start}, ${end})`).toBe(numbers.some((n) => plain.has(n)));
      if (rng.below(3) > 0) continue;
      ranges.add(start, end);
      for (const n of numbers) plain.add(n);
    }
  });
});
