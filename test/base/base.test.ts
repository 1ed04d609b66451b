// The small shared pieces: page arithmetic, seeded randomness, mixing, the heap.
import { describe, expect, it } from 'vitest';
import { errnoNumber, isErrno } from '../../src/base/errno.ts';
import { MinHeap } from '../../src/base/min-heap.ts';
import { fillSeededPage, hashPage, mix32, pageKey, seededWord } from '../../src/base/mix.ts';
import { createRng } from '../../src/base/rng.ts';
import { alignDown, alignUp, floorLog2, isPowerOfTwo, vaHi, vaLo, vpnOf } from '../../src/base/units.ts';

describe('units', () => {
  it('splits and joins addresses up to 57 bits', () => {
    for (const vpn of [0, 1, 0xfffff, 0x100000, 0x7f0000000, 2 ** 45 - 1])
      expect(vpnOf(vaLo(vpn), vaHi(vpn))).toBe(vpn);
    expect(vaLo(0x7f0000345)).toBe(0x00345000);
    expect(vaHi(0x7f0000345)).toBe(0x7f00);
  });

  it('aligns without 32-bit overflow', () => {
    expect(alignDown(2 ** 40 + 5, 512)).toBe(2 ** 40);
    expect(alignUp(2 ** 40 + 5, 512)).toBe(2 ** 40 + 512);
    expect(alignUp(1024, 512)).toBe(1024);
  });

  it('knows powers of two, also near 2^53', () => {
    expect([1, 2, 4096, 2 ** 52].every(isPowerOfTwo)).toBe(true);
    expect([0, 3, 4095, 2 ** 53 - 1, 1.5, -2].some(isPowerOfTwo)).toBe(false);
    expect([1, 3, 4, 2 ** 31, 2 ** 40 + 1].map(floorLog2)).toEqual([0, 1, 2, 31, 40]);
    // Just below a power of two log2 rounds up to it.
    expect([2 ** 49 - 1, 2 ** 53 - 1, 2 ** 49].map(floorLog2)).toEqual([48, 52, 49]);
  });
});

describe('errno', () => {
  it('tells errors from results', () => {
    expect(isErrno('EBUSY')).toBe(true);
    expect(isErrno('EWHAT')).toBe(false);
    expect(isErrno({})).toBe(false);
    expect(errnoNumber('EOPNOTSUPP')).toBe(95);
  });
});

describe('rng', () => {
  it('repeats for a seed and differs between labels', () => {
    const draw = (seed: number, label: string): number[] => {
      const rng = createRng(seed).fork(label);
      return [rng.u32(), rng.u32(), rng.below(10)];
    };
    expect(draw(7, 'a')).toEqual(draw(7, 'a'));
    expect(draw(7, 'a')).not.toEqual(draw(7, 'b'));
    expect(draw(7, 'a')).not.toEqual(draw(8, 'a'));
  });

  it('gives neighbouring seeds unlike first draws', () => {
    const heads = Array.from({ length: 256 }, (_, seed) => createRng(seed).below(2));
    const ones = heads.reduce((sum, bit) => sum + bit, 0);
    const changes = heads.filter((bit, i) => i > 0 && bit !== heads[i - 1]).length;
    expect(Math.abs(ones - 128)).toBeLessThan(40);
    expect(Math.abs(changes - 128)).toBeLessThan(40);
  });

  it('stays below its bound and reaches every value', () => {
    const rng = createRng(1);
    const seen = new Set(Array.from({ length: 500 }, () => rng.below(7)));
    expect([...seen].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(() => rng.below(0)).toThrow(/bound/);
  });
});

describe('mix', () => {
  it('is murmur3 finalisation', () => {
    expect(mix32(0)).toBe(0);
    expect(mix32(1)).toBe(0x514e28b7);
  });

  it('hashes contents, not only sums: swapped words differ', () => {
    const page = new Uint32Array(1024);
    fillSeededPage(page, pageKey(1, 2));
    expect(page[5]).toBe(seededWord(pageKey(1, 2), 5));
    const swapped = page.slice();
    [swapped[3], swapped[9]] = [page[9] as number, page[3] as number];
    const hashes = new Uint32Array(6);
    hashPage(page, 0, hashes, 0);
    hashPage(swapped, 0, hashes, 2);
    hashPage(page, 0, hashes, 4);
    expect(hashes.slice(0, 2)).not.toEqual(hashes.slice(2, 4));
    expect(hashes.slice(0, 2)).toEqual(hashes.slice(4, 6));
  });
});

describe('MinHeap', () => {
  it('sorts seeded numbers', () => {
    const rng = createRng(3);
    const numbers = Array.from({ length: 300 }, () => rng.below(1000));
    const heap = new MinHeap<number>((a, b) => a < b);
    for (const value of numbers) heap.push(value);
    const popped = numbers.map(() => heap.pop());
    expect(popped).toEqual(numbers.toSorted((a, b) => a - b));
    expect(heap.pop()).toBeUndefined();
  });
});
