import { describe, expect, it } from 'vitest';
import { slotPages } from '../../src/app/scene/page-slots.ts';
import { layoutRibbon, pageAtX, xOfPage } from '../../src/app/scene/ribbon-layout.ts';

const vma = (startVpn: number, pages: number, firstPage: number) => ({ name: 'a', startVpn, pages, firstPage });

describe('places of pages', () => {
  it('begins an area at the place that its address has in a cell', () => {
    const { slotOfPage, pageOfSlot, slots } = slotPages([vma(0x200 + 500, 1000, 0)]);
    expect(slotOfPage[0]).toBe(500);
    expect(slotOfPage[12]).toBe(512);
    expect(slots).toBe(1536);
    expect(pageOfSlot[499]).toBe(-1);
    expect(pageOfSlot[500]).toBe(0);
  });

  it('packs many small areas that would each waste a cell', () => {
    const areas = Array.from({ length: 64 }, (_, i) => vma(i * 0x1000, 16, i * 16));
    const { slots, slotOfPage } = slotPages(areas);
    expect(slots).toBe(64 * 16);
    expect(slotOfPage[17]).toBe(17);
  });
});

describe('the ribbon', () => {
  it('finds pages at their place, and none in a break', () => {
    const areas = layoutRibbon([vma(0, 100, 0), vma(1000, 300, 100)], 806);
    expect(pageAtX(areas, xOfPage(areas, 250) + 0.1)).toBe(250);
    const first = areas[0];
    expect(pageAtX(areas, (first?.width ?? 0) + 3)).toBeNull();
    expect((areas[1]?.left ?? 0) + (areas[1]?.width ?? 0)).toBeCloseTo(806);
  });
});
