// Sizes, page arithmetic and number flavours that every wing shares.

/** A number with a label that the compiler keeps apart from other labels; plain numbers are accepted. */
export type Flavor<T, F extends string> = T & { readonly _flavor?: F };

/** Page number of a virtual address (address >> 12). Exact up to 57-bit addresses (2^45 pages). */
export type Vpn = Flavor<number, 'vpn'>;
/** Machine-wide page-frame number: index into the model's PageStore. */
export type Pfn = Flavor<number, 'pfn'>;
/** Index of a 4 KiB frame inside one memory space (a buffer of the engine). */
export type Frame = Flavor<number, 'frame'>;
/** Nanoseconds on the clock of the run (model or live). */
export type Ns = Flavor<number, 'ns'>;

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 4096;
export const WORDS_PER_PAGE = 1024;
export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

export const NS_PER_US = 1_000;
export const NS_PER_MS = 1_000_000;
export const NS_PER_S = 1_000_000_000;

/** Round `value` down to a multiple of `step` (any positive step; no 32-bit overflow). */
export function alignDown(value: number, step: number): number {
  return value - (value % step);
}

/** Round `value` up to a multiple of `step` (any positive step; no 32-bit overflow). */
export function alignUp(value: number, step: number): number {
  return alignDown(value + step - 1, step);
}

/** True for 1, 2, 4, … up to 2^53. */
export function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && 2 ** Math.round(Math.log2(value)) === value;
}

/** Largest power of two that is not above `value` (value ≥ 1), as an exponent. */
export function floorLog2(value: number): number {
  if (value < 0x80000000) return 31 - Math.clz32(value);
  // log2 rounds: just below a power of two it may give that power's exponent.
  const log = Math.floor(Math.log2(value));
  return 2 ** log > value ? log - 1 : log;
}

/** Low 32 bits of the byte address of a page. */
export function vaLo(vpn: Vpn): number {
  return ((vpn % 0x100000) * PAGE_SIZE) >>> 0;
}

/** High 32 bits of the byte address of a page. */
export function vaHi(vpn: Vpn): number {
  return Math.floor(vpn / 0x100000) >>> 0;
}

/** Page number from the two 32-bit halves of a byte address. */
export function vpnOf(lo: number, hi: number): Vpn {
  return (hi >>> 0) * 0x100000 + (lo >>> PAGE_SHIFT);
}
