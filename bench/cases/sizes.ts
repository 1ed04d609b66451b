// What copy cases vary: chunk sizes of the driver's ladder and one between, placements, directions and totals, by id names.
import type { Direction, Placement } from '../../src/lab/measure/chunk-plan.ts';

export const CHUNKS = [
  { name: '4K', pages: 1 },
  { name: '16K', pages: 4 },
  { name: '64K', pages: 16 },
  { name: '2M', pages: 512 },
] as const;

export const DIRECTIONS = [
  { name: 'up', to: 'system memory to VRAM' },
  { name: 'down', to: 'VRAM to system memory' },
] as const;

/** What is copied again and again: a cache holds the small ones. */
export const TOTALS = [
  { name: null, pages: null },
  { name: '1M', pages: 256 },
  { name: '16M', pages: 4096 },
] as const;

/** What a byte is in every copy figure. */
export const PAYLOAD =
  'payload bytes moved a second; each is read once and written once, so memory traffic is twice that';

/** One set of chunks that several cases copy, each in its own way. */
export interface CopySpan {
  readonly direction: Direction;
  /** 'system memory to VRAM'. */
  readonly to: string;
  readonly chunk: (typeof CHUNKS)[number];
  readonly placement: Placement;
  readonly total: (typeof TOTALS)[number];
}

/** The ladder's own sizes in random places, over everything: what a run measures unasked. */
export function isCore({ chunk, placement, total }: CopySpan): boolean {
  return chunk.name !== '16K' && placement === 'scattered' && total.name === null;
}

/** All spans of one direction: totals hold at least one chunk. */
export function spansOf({ name, to }: (typeof DIRECTIONS)[number]): readonly CopySpan[] {
  return TOTALS.flatMap((total) =>
    CHUNKS.filter(({ pages }) => pages <= (total.pages ?? pages)).flatMap((chunk) =>
      (['scattered', 'contiguous'] as const).map((placement) => ({ direction: name, to, chunk, placement, total })),
    ),
  );
}

/** Middle of an id: `up.4K`, `up.4K.contiguous`; scattered goes without saying. */
export function spanKey({ direction, chunk, placement }: CopySpan): string {
  return `${direction}.${chunk.name}${placement === 'contiguous' ? '.contiguous' : ''}`;
}

/** End of an id, `.1M`; everything goes without saying. */
export function totalSuffix({ name }: CopySpan['total']): string {
  return name === null ? '' : `.${name}`;
}

/** '4K chunks in random places', and of what. */
export function spanText({ chunk, placement, total }: CopySpan): string {
  const where = placement === 'contiguous' ? 'in order' : 'in random places';
  return `${chunk.name} chunks ${where}${total.name === null ? '' : ` of the same ${total.name}`}`;
}

/** Cases that move the same bytes are measured in turns. */
export function spanGroup({ direction, total }: Pick<CopySpan, 'direction' | 'total'>): string {
  return `copy.${direction}${totalSuffix(total)}`;
}
