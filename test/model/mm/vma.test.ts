// Areas: lookup, split, merge, compared with a plain map of pages.
import { describe, expect, it } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import { DEFAULT_VMA, Vma, VmaSet } from '../../../src/model/mm/vma.ts';

function spans(set: VmaSet): string[] {
  return set.all().map((vma) => `${vma.startVpn}-${vma.endVpn}${vma.write ? 'w' : 'r'}`);
}

function area(start: number, end: number, write = true): Vma {
  return new Vma(start, end, { ...DEFAULT_VMA, write });
}

describe('VmaSet', () => {
  it('finds the area that contains a page, and the first that overlaps a span', () => {
    const set = new VmaSet();
    set.insert(area(10, 20));
    set.insert(area(30, 40));
    expect([9, 10, 19, 20, 30, 39, 40].map((vpn) => set.find(vpn)?.startVpn ?? null)).toEqual([
      null,
      10,
      10,
      null,
      30,
      30,
      null,
    ]);
    expect(set.firstOverlap(20, 30)).toBeNull();
    expect(set.firstOverlap(19, 30)?.startVpn).toBe(10);
    expect(set.firstOverlap(20, 31)?.startVpn).toBe(30);
  });

  it('joins like neighbours on insertion and keeps unlike ones apart', () => {
    const set = new VmaSet();
    set.insert(area(10, 20));
    set.insert(area(30, 40));
    set.insert(area(20, 30));
    expect(spans(set)).toEqual(['10-40w']);
    set.insert(area(40, 50, false));
    set.insert(new Vma(50, 60, { ...DEFAULT_VMA, write: false, name: 'other' }));
    expect(spans(set)).toEqual(['10-40w', '40-50r', '50-60r']);
  });

  it('removing the middle splits, removing all empties', () => {
    const set = new VmaSet();
    set.insert(area(10, 40));
    expect(set.removeRange(20, 30)).toBe(1);
    expect(spans(set)).toEqual(['10-20w', '30-40w']);
    expect(set.removeRange(0, 10)).toBe(0);
    expect(set.removeRange(0, 100)).toBe(2);
    expect(spans(set)).toEqual([]);
  });

  it('overlapping insertion is a bug', () => {
    const set = new VmaSet();
    set.insert(area(10, 20));
    expect(() => set.insert(area(19, 21))).toThrow('overlap');
  });

  it.each([1, 2, 3])('agrees with a map of pages (seed %i)', (seed) => {
    const rng = createRng(seed);
    const set = new VmaSet();
    const truth = Array.from({ length: 64 }, () => '');
    for (let step = 0; step < 300; step++) {
      const start = rng.below(63);
      const end = start + 1 + rng.below(Math.min(12, 64 - start));
      if (rng.below(2) === 0) {
        set.removeRange(start, end);
        truth.fill('', start, end);
      } else if (set.firstOverlap(start, end) === null) {
        const write = rng.below(2) === 0;
        set.insert(area(start, end, write));
        truth.fill(write ? 'w' : 'r', start, end);
      }
      const seen = truth.map((_, vpn) => (set.find(vpn) === null ? '' : set.find(vpn)?.write ? 'w' : 'r'));
      expect(seen, `seed ${seed} step ${step}`).toEqual(truth);
      const list = set.all();
      for (let i = 1; i < list.length; i++) {
        const [left, right] = [list[i - 1] as Vma, list[i] as Vma];
        expect(left.endVpn < right.startVpn || left.write !== right.write, `seed ${seed} step ${step} merged`).toBe(
          true,
        );
      }
    }
  });
});
