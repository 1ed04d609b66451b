// Spans of a batch are sorted by one side and keep their pages.
import { describe, expect, test } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import { vaHi, vaLo } from '../../../src/base/units.ts';
import { orderSpans } from '../../../src/engine/gpu/span-order.ts';
import { fieldWord, structWords, writeStruct } from '../../../src/engine/gpu/struct-words.ts';

interface Span {
  readonly src: number;
  readonly dst: number;
  readonly pages: number;
}

const WORDS = structWords('CopySpan');
const BEFORE = 7;

/** The spans as a list gives them back, with the first page of each. */
function ordered(spans: readonly Span[], side: 'src' | 'dst' = 'dst'): (Span & { readonly first: number })[] {
  const words = new Uint32Array(BEFORE + spans.length * WORDS + 3).fill(9);
  let pages = 0;
  spans.forEach(({ src, dst, pages: mine }, i) => {
    const span = { first: pages, srcLo: vaLo(src), srcHi: vaHi(src), dstLo: vaLo(dst), dstHi: vaHi(dst) };
    writeStruct(words, BEFORE + i * WORDS, 'CopySpan', span);
    pages += mine;
  });
  orderSpans({ words, at: BEFORE, count: spans.length, pages }, side);
  expect([...words.subarray(0, BEFORE), ...words.subarray(-3)]).toEqual(Array(BEFORE + 3).fill(9));
  const field = (i: number, name: 'first' | 'srcLo' | 'srcHi' | 'dstLo' | 'dstHi'): number =>
    i === spans.length ? pages : (words[BEFORE + i * WORDS + fieldWord('CopySpan', name)] as number);
  return spans.map((_, i) => ({
    first: field(i, 'first'),
    src: field(i, 'srcHi') * 2 ** 20 + (field(i, 'srcLo') >>> 12),
    dst: field(i, 'dstHi') * 2 ** 20 + (field(i, 'dstLo') >>> 12),
    pages: field(i + 1, 'first') - field(i, 'first'),
  }));
}

describe('spans', () => {
  test('that rise stay as they are', () => {
    const spans = [5, 9, 30].map((dst) => ({ src: 100 - dst, dst, pages: 2 }));
    expect(ordered(spans)).toEqual(spans.map((span, i) => ({ ...span, first: 2 * i })));
  });

  test('too far apart to sort exactly stay as they are', () => {
    const spans = Array.from({ length: 512 }, (_, i) => ({ src: i, dst: i === 0 ? 2 ** 45 - 8 : i, pages: 1 }));
    expect(ordered(spans).map(({ dst }) => dst)).toEqual(spans.map(({ dst }) => dst));
  });

  test.each(Array.from({ length: 20 }, (_, seed) => seed))('are sorted and complete, seed %i', (seed) => {
    const rng = createRng(seed);
    const base = rng.below(2) === 0 ? 0 : 2 ** 44;
    const taken = new Set<number>();
    const spans = Array.from({ length: 1 + rng.below(60) }, (): Span => {
      let slot = rng.below(4000);
      while (taken.has(slot)) slot = rng.below(4000);
      taken.add(slot);
      return { src: rng.u32() % 2 ** 20, dst: base + slot * 16, pages: 1 + rng.below(16) };
    });
    const after = ordered(spans);
    const plain = (list: readonly Span[]): string[] => list.map(({ src, dst, pages }) => `${src} ${dst} ${pages}`);
    expect(plain(after)).toEqual(plain(spans.toSorted((a, b) => a.dst - b.dst)));
    expect(after[0]?.first).toBe(0);
    expect(plain(ordered(spans, 'src'))).toEqual(plain(spans.toSorted((a, b) => a.src - b.src)));
  });
});
