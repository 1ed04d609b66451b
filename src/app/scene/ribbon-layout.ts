// The address space as a line: areas one after another with their share of the width, gaps in the addresses as narrow breaks.
import type { VmaView } from '../../lab/session/protocol.ts';

export interface RibbonArea {
  readonly vma: VmaView;
  readonly left: number;
  readonly width: number;
}

const BREAK = 6;
const NARROWEST = 2;

/** Every area gets at least a sliver; the rest of `width` is shared by pages. */
export function layoutRibbon(vmas: readonly VmaView[], width: number): RibbonArea[] {
  const total = vmas.reduce((sum, { pages }) => sum + pages, 0);
  const gap = vmas.length * BREAK < width / 2 ? BREAK : 0;
  const room = Math.max(0, width - gap * Math.max(0, vmas.length - 1) - NARROWEST * vmas.length);
  let left = 0;
  return vmas.map((vma) => {
    const area = { vma, left, width: NARROWEST + (total === 0 ? 0 : (room * vma.pages) / total) };
    left += area.width + gap;
    return area;
  });
}

/** Distance from the left of the page with this index. */
export function xOfPage(areas: readonly RibbonArea[], page: number): number {
  for (const { vma, left, width } of areas) {
    if (page < vma.firstPage + vma.pages) return left + (width * Math.max(0, page - vma.firstPage)) / vma.pages;
  }
  const last = areas.at(-1);
  return last === undefined ? 0 : last.left + last.width;
}

/** Index of the page at this distance; null in a break or outside. */
export function pageAtX(areas: readonly RibbonArea[], x: number): number | null {
  const area = areas.find(({ left, width }) => x >= left && x < left + width);
  if (area === undefined) return null;
  return area.vma.firstPage + Math.min(area.vma.pages - 1, Math.floor(((x - area.left) / area.width) * area.vma.pages));
}
