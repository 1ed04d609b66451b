// The order of a batch of page copies: by the frames of one side within each pair of segments, so that a dispatch binds exactly
// two buffers, one side runs upwards through memory, and equal batches give equal lists.
import { SYSTEM_SPACE, type SpaceId } from '../plan/commands.ts';
import { fieldWord, structWords } from './struct-words.ts';

const WORDS = structWords('PagePair');
const SRC = fieldWord('PagePair', 'src');
const DST = fieldWord('PagePair', 'dst');
/** Bits of a key that one pass sorts by. */
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

/** Lists of pairs, `count` from word `at` on. */
export interface PairList {
  readonly words: Uint32Array;
  readonly at: number;
  readonly count: number;
}

let scratch = new Uint32Array(0);
const starts = new Uint32Array(DIGITS + 1);

/** The side that is sorted. */
export type SortedSide = 'src' | 'dst';

/**
 * The side of VRAM; the destination where both are. That is the side which copies by addresses can be sorted by as well, and on a
 * CPU, where it was tried, either side is better than none.
 */
export function sortedSide(src: SpaceId, dst: SpaceId): SortedSide {
  return dst === SYSTEM_SPACE && src !== SYSTEM_SPACE ? 'src' : 'dst';
}

/** True where the frames in word `field` rise already, as in one long copy. */
function rises({ words, at, count }: PairList, field: number): boolean {
  for (let i = 1, to = at + field + WORDS; i < count; i++, to += WORDS)
    if ((words[to] as number) < (words[to - WORDS] as number)) return false;
  return true;
}

/** One pass of a radix sort, stable: by the digit of word `field` of each pair from bit `shift` on. */
function sortByDigit({ words, at, count }: PairList, field: number, shift: number): void {
  starts.fill(0);
  const end = at + count * WORDS;
  for (let from = at; from < end; from += WORDS) {
    const digit = ((words[from + field] as number) >>> shift) & (DIGITS - 1);
    starts[digit + 1] = (starts[digit + 1] as number) + 1;
  }
  for (let digit = 1; digit <= DIGITS; digit++)
    starts[digit] = (starts[digit] as number) + (starts[digit - 1] as number);
  for (let from = at; from < end; from += WORDS) {
    const digit = ((words[from + field] as number) >>> shift) & (DIGITS - 1);
    const to = (starts[digit] as number) * WORDS;
    starts[digit] = (starts[digit] as number) + 1;
    scratch[to + SRC] = words[from + SRC] as number;
    scratch[to + DST] = words[from + DST] as number;
  }
  words.set(scratch.subarray(0, count * WORDS), at);
}

/** Sorts by the frames in word `field`. Nothing to do where they rise already, the usual case. */
function sortBy(list: PairList, field: number): void {
  if (rises(list, field)) return;
  const { words, at, count } = list;
  if (scratch.length < count * WORDS) scratch = new Uint32Array(2 * count * WORDS);
  let all = 0;
  for (let i = 0, to = at + field; i < count; i++, to += WORDS) all |= words[to] as number;
  for (let shift = 0; shift < 32 && all >>> shift !== 0; shift += DIGIT_BITS) sortByDigit(list, field, shift);
}

/**
 * Sorts the pairs and calls `visit` with each part that stays within one pair of segments of `segmentPages` pages: the
 * segments' indices, the number of its first pair and how many there are. With one segment on each side that is one part.
 */
export function orderPairs(
  list: PairList,
  side: SortedSide,
  segmentPages: number,
  visit: (srcSegment: number, dstSegment: number, first: number, count: number) => void,
): void {
  const [sorted, other] = side === 'src' ? [SRC, DST] : [DST, SRC];
  sortBy(list, sorted);
  const shift = Math.log2(segmentPages);
  const { words, at, count } = list;
  if (spansSegments(list, other, shift)) sortByDigit(list, other, shift);
  for (let first = 0; first < count;) {
    const src = (words[at + first * WORDS + SRC] as number) >>> shift;
    const dst = (words[at + first * WORDS + DST] as number) >>> shift;
    let end = first + 1;
    while (end < count && sameSegments(words, at + end * WORDS, shift, src, dst)) end++;
    visit(src, dst, first, end - first);
    first = end;
  }
}

/** Whether the frames in word `field` lie in several segments. */
function spansSegments({ words, at, count }: PairList, field: number, shift: number): boolean {
  const segment = (words[at + field] as number) >>> shift;
  for (let i = 1; i < count; i++) if ((words[at + i * WORDS + field] as number) >>> shift !== segment) return true;
  return false;
}

function sameSegments(words: Uint32Array, at: number, shift: number, src: number, dst: number): boolean {
  return (words[at + SRC] as number) >>> shift === src && (words[at + DST] as number) >>> shift === dst;
}
