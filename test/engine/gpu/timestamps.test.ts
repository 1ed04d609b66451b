// From raw stamps to the time of a job, and which spans are not believed (webgpu.md §2.1).
import { describe, expect, test } from 'vitest';
import { addPass, regionNs, type StampedRegion } from '../../../src/engine/gpu/timestamps.ts';

function regionOf(...passes: readonly (readonly [begin: number, end: number])[]): StampedRegion {
  const words = passes.flat().flatMap((ns) => [ns % 2 ** 32, Math.floor(ns / 2 ** 32)]);
  const region = { begin: 0, end: 0 };
  passes.forEach((_, pass) => addPass(region, Uint32Array.from(words), pass));
  return region;
}

const LONG = 2 ** 50;

describe('a region', () => {
  test('of one pass is its length, beyond 32 bits too', () => {
    expect(regionNs(regionOf([LONG + 5, LONG + 1_000_005]), 100)).toBe(1_000_000);
  });

  test('of overlapping passes is no sum', () => {
    expect(regionNs(regionOf([100, 300], [200, 350], [120, 140]), 100)).toBe(250);
  });

  test('of no length is zero: shorter than the clock can tell', () => {
    expect(regionNs(regionOf([LONG, LONG]), 100)).toBe(0);
  });

  test('is null when stamps are missing, run backwards, or span more than was waited', () => {
    expect(regionNs({ begin: 0, end: 0 }, 100)).toBeNull();
    expect(regionNs(regionOf([0, LONG]), 1e12)).toBeNull();
    expect(regionNs(regionOf([300, 200]), 100)).toBeNull();
    expect(regionNs(regionOf([1, 1 + 199e6]), 100)).toBe(199e6);
    expect(regionNs(regionOf([1, 1 + 201e6]), 100)).toBeNull();
  });
});
