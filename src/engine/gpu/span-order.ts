// The order of a batch of copies by addresses: by destination page, so that writes run upwards through memory where VRAM is
// mapped in one piece. Copies of one batch do not conflict, so that any order is as good.
import { fieldWord, structWords } from './struct-words.ts';

const WORDS = structWords('CopySpan');
const FIRST = fieldWord('CopySpan', 'first');
const DST_LO = fieldWord('CopySpan', 'dstLo');
const DST_HI = fieldWord('CopySpan', 'dstHi');

/** A list of spans, `count` from word `at` on, of `pages` pages in all. */
export interface SpanList {
  readonly words: Uint32Array;
  readonly at: number;
  readonly count: number;
  readonly pages: number;
}

/** Numbers up to this are exact. */
const EXACT = 2 ** 53;

/** Virtual page where span number `i` begins on its destination side. */
function destination({ words, at }: SpanList, i: number): number {
  const span = at + i * WORDS;
  return (words[span + DST_HI] as number) * 2 ** 20 + ((words[span + DST_LO] as number) >>> 12);
}

/** Numbers of the spans by destination; null where they rise already, or are too far apart for keys to be exact. */
function orderOf(list: SpanList): Float64Array | null {
  const { count } = list;
  let rises = true;
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (let i = 0, before = -1; i < count; i++) {
    const page = destination(list, i);
    rises &&= page > before;
    before = page;
    low = Math.min(low, page);
    high = Math.max(high, page);
  }
  if (rises || (high - low + 1) * count > EXACT) return null;
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = (destination(list, i) - low) * count + i;
  keys.sort();
  for (let i = 0; i < count; i++) keys[i] = (keys[i] as number) % count;
  return keys;
}

/** Sorts the spans by destination, and counts their pages anew. */
export function orderSpans(list: SpanList): void {
  const order = orderOf(list);
  if (order === null) return;
  const { words, at, count, pages } = list;
  const old = words.slice(at, at + count * WORDS);
  let first = 0;
  for (let to = 0; to < count; to++) {
    const from = order[to] as number;
    const begin = old[from * WORDS + FIRST] as number;
    const end = from + 1 < count ? (old[(from + 1) * WORDS + FIRST] as number) : pages;
    for (let word = 0; word < WORDS; word++) words[at + to * WORDS + word] = old[from * WORDS + word] as number;
    words[at + to * WORDS + FIRST] = first;
    first += end - begin;
  }
}
