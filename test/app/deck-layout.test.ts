import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutDeck, middleOf, pagesPerTileFor, placeTile, tileAt } from '../../src/app/scene/deck-layout.ts';

const tilesOf = fc.record({ slots: fc.integer({ min: 1, max: 40_000 }), log: fc.integer({ min: 0, max: 9 }) });

describe('deck layout', () => {
  it('finds every tile again under its middle', () => {
    fc.assert(
      fc.property(tilesOf, fc.nat(), ({ slots, log }, pick) => {
        const layout = layoutDeck(slots, 2 ** log, 1.5);
        const tile = pick % layout.tiles;
        const place = { x: 0, z: 0, column: 0, row: 0 };
        placeTile(layout, tile, place);
        const found = tileAt(layout, place.x + 0.5 / layout.tileColumns, place.z + 0.5 / layout.tileRows);
        expect(found).toBe(tile);
      }),
    );
  });

  it('keeps texels apart and inside the texture', () => {
    const layout = layoutDeck(5000, 4, 1.5);
    const width = layout.cellColumns * layout.tileColumns;
    const seen = new Set<number>();
    const place = { x: 0, z: 0, column: 0, row: 0 };
    for (let tile = 0; tile < layout.tiles; tile++) {
      placeTile(layout, tile, place);
      expect(place.column).toBeLessThan(width);
      seen.add(place.row * width + place.column);
    }
    expect(seen.size).toBe(layout.tiles);
  });

  it('lays 16 cells out as a full square and finds nothing beside them', () => {
    const layout = layoutDeck(16 * 512, 8, 1.5);
    expect([layout.cellColumns, layout.cellRows]).toEqual([4, 4]);
    expect(tileAt(layout, -0.1, 0)).toBe(-1);
    expect(tileAt(layout, 1.03, 0.5)).toBe(-1);
    expect(tileAt(layout, layout.width + 0.01, 0.5)).toBe(-1);
  });

  it('takes as few pages a tile as the limit allows', () => {
    expect(pagesPerTileFor(8192, 8192)).toBe(1);
    expect(pagesPerTileFor(8192, 8191)).toBe(2);
    expect(pagesPerTileFor(1e9, 1)).toBe(512);
  });

  it('puts the middle of a whole cell into its middle', () => {
    const layout = layoutDeck(16 * 512, 8, 1.5);
    const { x, z } = middleOf(layout, 512, 512);
    expect(x).toBeCloseTo(1.07 + 0.5, 1);
    expect(z).toBeCloseTo(0.5, 1);
  });
});
