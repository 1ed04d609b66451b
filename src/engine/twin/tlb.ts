// Twin of shaders/lib/tlb.wgsl, where the rule of the TLB model is written: direct mapped, one line an aligned block of
// 2^k pages, filled only by walks that led to an access, dropped only by TLB_INVAL.

const TLB_ASID_MIX = 0x9e3779b1;
/** TLB_INVAL of this size and above drops every line of its asid: no address has so many pages. */
export const TLB_ALL_LOG2 = 45;
/** No line holds the page. */
export const NO_LINE = -1;

/** Words of a line, and what lies where in it. */
export const TLB_LINE_WORDS = 8;
/** asid + 1; 0 is an empty line. */
export const LINE_OWNER = 0;
export const LINE_PAGE_LO = 1;
export const LINE_PAGE_HI = 2;
export const LINE_LOG2_PAGES = 3;
export const LINE_ENTRY_LO = 4;
export const LINE_ENTRY_HI = 5;
/** 1 + index of the access that fills the line after this command; 0 between commands. */
export const LINE_CLAIM = 6;

/** Exponents of the block sizes, in the order in which a lookup asks. */
const TLB_SIZES = [0, 4, 9, 18] as const;

/** Low word of the page number of the address (lo, hi). */
export function pageNumberLo(lo: number, hi: number): number {
  return ((lo >>> 12) | (hi << 20)) >>> 0;
}

/** High word of the page number. */
export function pageNumberHi(hi: number): number {
  return hi >>> 12;
}

/** Low word of the first page of the block of 2^log2Pages pages around a page; the high word is the page's own. */
export function blockStartLo(pageLo: number, log2Pages: number): number {
  return (pageLo & ~((1 << log2Pages) - 1)) >>> 0;
}

/** Number of the only line that may hold the block of 2^log2Pages pages around the page. `lines` is a power of two. */
export function tlbPlace(asid: number, pageLo: number, pageHi: number, log2Pages: number, lines: number): number {
  let number = pageLo >>> log2Pages;
  if (log2Pages !== 0) number |= pageHi << (32 - log2Pages);
  return (number ^ Math.imul(asid, TLB_ASID_MIX)) & (lines - 1);
}

/** First word of the line that translates the page, or NO_LINE. */
export function tlbFind(tlb: Uint32Array, asid: number, pageLo: number, pageHi: number): number {
  const lines = tlb.length / TLB_LINE_WORDS;
  for (const size of TLB_SIZES) {
    const at = tlbPlace(asid, pageLo, pageHi, size, lines) * TLB_LINE_WORDS;
    const sameBlock =
      tlb[at + LINE_PAGE_LO] === blockStartLo(pageLo, size) &&
      tlb[at + LINE_PAGE_HI] === pageHi &&
      tlb[at + LINE_LOG2_PAGES] === size;
    if (sameBlock && tlb[at + LINE_OWNER] === asid + 1) return at;
  }
  return NO_LINE;
}
