// Where pages lie on a deck: cells of 2 MiB in a grid, tiles inside a cell in rows; both decks share one scale, so areas compare.
export const PAGES_PER_CELL = 512;
/** Space between cells, in cell widths. */
const GAP = 0.07;

export interface DeckLayout {
  readonly cells: number;
  readonly cellColumns: number;
  readonly cellRows: number;
  /** A power of two up to PAGES_PER_CELL. */
  readonly pagesPerTile: number;
  readonly tilesPerCell: number;
  /** Tiles across a cell. */
  readonly tileColumns: number;
  readonly tileRows: number;
  readonly tiles: number;
  /** Size in cell widths; the cell at column 0, row 0 begins at (0, 0). */
  readonly width: number;
  readonly depth: number;
}

/** Lays out `slots` pages with at most `mostTiles` tiles (at least one a cell) near the aspect wanted. */
export function layoutDeck(slots: number, pagesPerTile: number, aspect: number): DeckLayout {
  const cells = Math.max(1, Math.ceil(slots / PAGES_PER_CELL));
  const cellColumns = bestColumns(cells, aspect);
  const cellRows = Math.ceil(cells / cellColumns);
  const tilesPerCell = PAGES_PER_CELL / pagesPerTile;
  const log = Math.round(Math.log2(tilesPerCell));
  return {
    cells,
    cellColumns,
    cellRows,
    pagesPerTile,
    tilesPerCell,
    tileColumns: 2 ** Math.ceil(log / 2),
    tileRows: 2 ** Math.floor(log / 2),
    tiles: cells * tilesPerCell,
    width: cellColumns + (cellColumns - 1) * GAP,
    depth: cellRows + (cellRows - 1) * GAP,
  };
}

/** The fewest pages a tile must stand for, so that `slots` pages need no more than `mostTiles`. */
export function pagesPerTileFor(slots: number, mostTiles: number): number {
  const cells = Math.max(1, Math.ceil(slots / PAGES_PER_CELL));
  let pages = 1;
  while (pages < PAGES_PER_CELL && (cells * PAGES_PER_CELL) / pages > mostTiles) pages *= 2;
  return pages;
}

function bestColumns(cells: number, aspect: number): number {
  const badness = (columns: number): number => {
    const rows = Math.ceil(cells / columns);
    // Empty places count too: a ragged last row looks like missing memory.
    return Math.abs(Math.log(columns / rows / aspect)) + (3 * (columns * rows - cells)) / cells;
  };
  let best = 1;
  for (let columns = 2; columns <= cells; columns++) if (badness(columns) < badness(best)) best = columns;
  return best;
}

/** Left and upper edge of a tile, and the column and row of its texel. */
export interface TilePlace {
  x: number;
  z: number;
  column: number;
  row: number;
}

/** Writes the place of a tile into `out`, which callers reuse. */
export function placeTile(layout: DeckLayout, tile: number, out: TilePlace): void {
  const cell = Math.floor(tile / layout.tilesPerCell);
  const inside = tile % layout.tilesPerCell;
  const [cellColumn, cellRow] = [cell % layout.cellColumns, Math.floor(cell / layout.cellColumns)];
  const [column, row] = [inside % layout.tileColumns, Math.floor(inside / layout.tileColumns)];
  out.x = cellColumn * (1 + GAP) + column / layout.tileColumns;
  out.z = cellRow * (1 + GAP) + row / layout.tileRows;
  out.column = cellColumn * layout.tileColumns + column;
  out.row = cellRow * layout.tileRows + row;
}

/** The tile at a point in cell widths from the deck's corner; −1 in gaps and outside. */
export function tileAt(layout: DeckLayout, x: number, z: number): number {
  const [cellColumn, cellRow] = [Math.floor(x / (1 + GAP)), Math.floor(z / (1 + GAP))];
  if (cellColumn < 0 || cellRow < 0 || cellColumn >= layout.cellColumns) return -1;
  const cell = cellRow * layout.cellColumns + cellColumn;
  const [inX, inZ] = [x - cellColumn * (1 + GAP), z - cellRow * (1 + GAP)];
  if (cell >= layout.cells || inX >= 1 || inZ >= 1) return -1;
  const column = Math.floor(inX * layout.tileColumns);
  return cell * layout.tilesPerCell + Math.floor(inZ * layout.tileRows) * layout.tileColumns + column;
}

/** Middle of a run of slots, in cell widths: the mean of its first and last tile's middles within one cell, else by cells. */
export function middleOf(layout: DeckLayout, firstSlot: number, slots: number): { x: number; z: number } {
  const place: TilePlace = { x: 0, z: 0, column: 0, row: 0 };
  const middle = { x: 0, z: 0 };
  const count = Math.max(1, slots);
  // A prime number of probes does not beat with the rows of a cell.
  const probes = Math.min(count, 61);
  for (let i = 0; i < probes; i++) {
    const slot = firstSlot + Math.floor(((i + 0.5) * count) / probes);
    placeTile(layout, Math.min(layout.tiles - 1, Math.floor(slot / layout.pagesPerTile)), place);
    middle.x += (place.x + 0.5 / layout.tileColumns) / probes;
    middle.z += (place.z + 0.5 / layout.tileRows) / probes;
  }
  return middle;
}
