// The order of a batch of copies by addresses: by the virtual pages of one side, that of VRAM (pair-order.ts), which the copy
// engine maps in one piece. Copies of one batch do not conflict, so that any order is as good.
import type { SortedSide } from './pair-order.ts';
import { fieldWord, structWords } from './struct-words.ts';

const WORDS = structWords('CopySpan');
const FIRST = fieldWord('CopySpan', 'first');
/** Word of the low half of an address; the high half follows. */
const ADDRESS = { src: fieldWord('CopySpan', 'srcLo'), dst: fieldWord('CopySpan', 'dstLo') } as const;

/** A list of spans, `count` from word `at` on, of `pages` pages in all. */
export interface SpanList {
  readonly words: Uint32Array;
  readonly at: number;
  readonly count: number;
  readonly pages: number;
}

/** Numbers up to this are exact. */
const EXACT = 2 ** 53;

/** Virtual page where span number `i` begins on a side. */
function pageOf({ words, at }: SpanList, side: SortedSide, i: number): number {
  const address = at + i * WORDS + ADDRESS[side];
  return (words[address + 1] as number) * 2 ** 20 + ((words[address] as number) >>> 12);
}

/** Numbers of the spans in their order; null where they rise already, or are too far apart for keys to be exact. */
function orderOf(list: SpanList, side: SortedSide): Float64Array | null {
  const { count } = list;
  let rises = true;
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (let i = 0, before = -1; i < count; i++) {
    const page = pageOf(list, side, i);
    rises &&= page > before;
    before = page;
    low = Math.min(low, page);
    high = Math.max(high, page);
  }
  if (rises || (high - low + 1) * count > EXACT) return null;
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = (pageOf(list, side, i) - low) * count + i;
  keys.sort();
  for (let i = 0; i < count; i++) keys[i] = (keys[i] as number) % count;
  return keys;
}

/** Sorts the spans by their pages of `side`, and counts their pages anew. */
export function orderSpans(list: SpanList, side: SortedSide): void {
  const order = orderOf(list, side);
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
