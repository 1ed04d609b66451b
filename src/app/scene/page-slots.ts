// Which place of the left deck a page has: areas begin at the cell that their address begins in, unless that wastes space.
import type { VmaView } from '../../lab/session/protocol.ts';
import { PAGES_PER_CELL } from './deck-layout.ts';

export interface PageSlots {
  readonly slots: number;
  readonly slotOfPage: Uint32Array;
  /** −1 where no page lies. */
  readonly pageOfSlot: Int32Array;
}

/** Aligned, a 2 MiB range fills one cell; with many small areas they are packed one after another instead. */
export function slotPages(vmas: readonly VmaView[]): PageSlots {
  const total = vmas.reduce((sum, { pages }) => sum + pages, 0);
  const starts = alignedStarts(vmas);
  const slots = starts.at(-1) ?? 0;
  const aligned = slots <= total * 1.5 + PAGES_PER_CELL;
  const slotOfPage = new Uint32Array(total);
  const pageOfSlot = new Int32Array(aligned ? slots : total).fill(-1);
  vmas.forEach(({ firstPage, pages }, i) => {
    const start = aligned ? (starts[i] as number) : firstPage;
    for (let page = 0; page < pages; page++) {
      slotOfPage[firstPage + page] = start + page;
      pageOfSlot[start + page] = firstPage + page;
    }
  });
  return { slots: pageOfSlot.length, slotOfPage, pageOfSlot };
}

/** First slot of each area, and the number of slots at the end. */
function alignedStarts(vmas: readonly VmaView[]): number[] {
  let next = 0;
  const starts = vmas.map(({ startVpn, pages }) => {
    const lead = startVpn % PAGES_PER_CELL;
    const start = next + lead;
    next += Math.ceil((lead + pages) / PAGES_PER_CELL) * PAGES_PER_CELL;
    return start;
  });
  return [...starts, next];
}
