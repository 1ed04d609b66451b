// IntervalIndex against a plain sorted list: seeded insertions, removals, lookups, and loops that remove while they run.
import { describe, expect, it } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import { type Interval, IntervalIndex } from '../../../src/model/svm/interval-index.ts';

interface Item extends Interval {
  readonly id: number;
}

const overlaps = (i: Interval, s: number, e: number) => i.startVpn < e && s < i.endVpn;

describe.each([1, 2, 3])('seed %i', (seed) => {
  it('equals a sorted list after every step', () => {
    const rng = createRng(seed);
    const index = new IntervalIndex<Item>();
    let list: Item[] = [];
    for (let step = 0; step < 4000; step++) {
      const startVpn = rng.below(4096) * 4;
      const item = { startVpn, endVpn: startVpn + 1 + rng.below(4), id: step };
      const hit = list.find((i) => overlaps(i, item.startVpn, item.endVpn)) ?? null;
      expect(index.firstOverlap(item.startVpn, item.endVpn)).toBe(hit);
      if (hit === null && rng.below(3) > 0) {
        index.insert(item);
        list = [...list, item].toSorted((a, b) => a.startVpn - b.startVpn);
      } else if (hit !== null && rng.below(4) === 0) {
        expect(index.remove(hit)).toBe(true);
        list = list.filter((i) => i !== hit);
      }
      expect(index.remove(item)).toBe(list.includes(item));
      list = list.filter((i) => i !== item);
      if (hit === null) {
        index.insert(item);
        list = [...list, item].toSorted((a, b) => a.startVpn - b.startVpn);
      }
      expect(index.size).toBe(list.length);
      const [s, e] = [rng.below(16384), rng.below(16384)];
      const expected = s < e ? list.filter((i) => overlaps(i, s, e)) : [];
      if (step % 50 === 0) expect([...index.overlapping(s, e)]).toEqual(expected);
    }
    expect([...index]).toEqual(list);
  });
});

it('finds what lies around a large gap made by removals', () => {
  const index = new IntervalIndex<Item>();
  const items = Array.from({ length: 1000 }, (_, i) => ({ startVpn: i * 2, endVpn: i * 2 + 1, id: i }));
  for (const item of items) index.insert(item);
  for (const item of items.slice(100, 900)) expect(index.remove(item)).toBe(true);
  expect(index.firstOverlap(150, 2000)?.id).toBe(75);
  expect(index.firstOverlap(200, 2000)?.id).toBe(900);
  expect([...index].map((i) => i.id)).toEqual([...items.slice(0, 100), ...items.slice(900)].map((i) => i.id));
  for (const item of items.slice(100, 900).toReversed()) index.insert(item);
  expect([...index]).toEqual(items);
});

it('loops survive the removal of any item, the next one included', () => {
  const index = new IntervalIndex<Item>();
  const items = Array.from({ length: 600 }, (_, i) => ({ startVpn: i * 2, endVpn: i * 2 + 2, id: i }));
  for (const item of items) index.insert(item);
  const seen: number[] = [];
  for (const item of index.overlapping(100, 1000)) {
    seen.push(item.id);
    index.remove(item);
    const next = items[item.id + 1];
    if (item.id % 3 === 0 && next !== undefined) index.remove(next);
  }
  expect(seen[0]).toBe(50);
  expect(seen).toEqual([...seen].toSorted((a, b) => a - b));
  expect(seen).not.toContain(52);
  expect([...index].every((i) => i.endVpn <= 100 || i.startVpn >= 1000)).toBe(true);
});
