// Text forms of sizes: bytes, VRAM as bytes or percent, chunk ladders. What does not parse is null, never a guess.
import { GIB, KIB, MIB, PAGE_SIZE, isPowerOfTwo } from '../../base/units.ts';

const UNIT_BYTES: Readonly<Record<string, number>> = { '': 1, k: KIB, m: MIB, g: GIB };
const SIZE = /^(\d+(?:\.\d+)?)\s*([kmg]?)(?:ib)?$/i;
const PERCENT = /^(\d+(?:\.\d+)?)\s*%$/;

/** Largest chunk of a ladder: the span of one notifier in the driver (xe.md §1.8). */
export const MAX_CHUNK_BYTES = 512 * MIB;
const MAX_VRAM_PERCENT = 1000;

/** Bytes of '4096', '64K', '2M', '2MiB', '1.5G' (units are powers of 1024); null when it is no whole number of bytes. */
export function parseSize(text: string): number | null {
  const match = SIZE.exec(text.trim());
  if (match === null) return null;
  const bytes = Number(match[1]) * (UNIT_BYTES[(match[2] ?? '').toLowerCase()] ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** The shortest exact text of a number of bytes: '2M', '64K', '1.5G' never (that would be '1536M'). */
export function formatSize(bytes: number): string {
  if (bytes > 0 && bytes % GIB === 0) return `${bytes / GIB}G`;
  if (bytes > 0 && bytes % MIB === 0) return `${bytes / MIB}M`;
  if (bytes > 0 && bytes % KIB === 0) return `${bytes / KIB}K`;
  return String(bytes);
}

export type VramSize =
  | { readonly kind: 'bytes'; readonly bytes: number }
  | { readonly kind: 'percent'; readonly percent: number };

/** VRAM as '64M' (whole pages, at least one) or '50%' of the workload's bytes (above 0 to 1000); else null. */
export function parseVram(text: string): VramSize | null {
  const percent = PERCENT.exec(text.trim());
  if (percent !== null) {
    const value = Number(percent[1]);
    return value > 0 && value <= MAX_VRAM_PERCENT ? { kind: 'percent', percent: value } : null;
  }
  const bytes = parseSize(text);
  return bytes !== null && isPageMultiple(bytes) ? { kind: 'bytes', bytes } : null;
}

/** True for a positive whole number of 4 KiB pages. */
export function isPageMultiple(bytes: number): boolean {
  return Number.isSafeInteger(bytes) && bytes > 0 && bytes % PAGE_SIZE === 0;
}

/** Chunk sizes in bytes of '2M,64K,4K'; null when a part is no size. Order and values are `isChunkLadder`'s affair. */
export function parseChunks(text: string): number[] | null {
  const chunks = text.split(',').map(parseSize);
  return chunks.every((chunk): chunk is number => chunk !== null) ? chunks : null;
}

export function formatChunks(chunks: readonly number[]): string {
  return chunks.map(formatSize).join(',');
}

/** True for one or more descending powers of two from 4 KiB to 512 MiB. */
export function isChunkLadder(chunks: readonly number[]): boolean {
  const descending = chunks.every((chunk, i) => i === 0 || chunk < (chunks[i - 1] as number));
  const sizes = chunks.every((chunk) => isPowerOfTwo(chunk) && chunk >= PAGE_SIZE && chunk <= MAX_CHUNK_BYTES);
  return chunks.length > 0 && descending && sizes;
}
