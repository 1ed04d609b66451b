// Kinds of tiles on both decks, and how a tile that stands for several pages shows them.
export const TILE = {
  absent: 0,
  /** A page that nobody touched yet. */
  untouched: 1,
  /** A page that is on the other deck. */
  away: 2,
  system: 3,
  vram: 4,
  toVram: 5,
  toRam: 6,
  faulting: 7,
  pinned: 8,
  free: 9,
  /** Allocated for data; no page of the address space lies in it (yet). */
  allocated: 10,
  table: 11,
  reserve: 12,
} as const;

export const TILE_KINDS = 13;

/** Higher wins when pages of one tile differ in kind; equal ones by number. */
const RANK = new Uint8Array(TILE_KINDS);
RANK[TILE.pinned] = 1;
RANK[TILE.toRam] = 2;
RANK[TILE.toVram] = 2;
RANK[TILE.faulting] = 3;

/** Height of a full tile of each kind, in [0, 1]; nothing that is nowhere stands up. */
export const HEIGHT: Readonly<Float32Array> = heights();

function heights(): Float32Array {
  const height = new Float32Array(TILE_KINDS).fill(1);
  height[TILE.absent] = 0;
  height[TILE.untouched] = 0.08;
  height[TILE.away] = 0.08;
  height[TILE.free] = 0.08;
  height[TILE.reserve] = 0.08;
  height[TILE.allocated] = 0.2;
  height[TILE.toVram] = 0.45;
  height[TILE.toRam] = 0.45;
  height[TILE.table] = 0.6;
  return height;
}

const counts = new Uint32Array(TILE_KINDS);

/** One kind and one mean height for each tile from the kinds of its pages. True when any tile changed. */
export function composeTiles(
  kinds: Uint8Array,
  pagesPerTile: number,
  outKind: Uint8Array,
  outHeight: Float32Array,
): boolean {
  let changed = false;
  for (let tile = 0; tile < outKind.length; tile++) {
    const first = tile * pagesPerTile;
    const end = Math.min(kinds.length, first + pagesPerTile);
    counts.fill(0);
    let height = 0;
    for (let slot = first; slot < end; slot++) {
      const kind = kinds[slot] as number;
      counts[kind] = (counts[kind] as number) + 1;
      height += HEIGHT[kind] as number;
    }
    const kind = leading();
    const mean = end > first ? Math.fround(height / (end - first)) : 0;
    changed ||= kind !== outKind[tile] || mean !== outHeight[tile];
    outKind[tile] = kind;
    outHeight[tile] = mean;
  }
  return changed;
}

function leading(): number {
  let best: number = TILE.absent;
  for (let kind = 1; kind < TILE_KINDS; kind++) {
    if (counts[kind] === 0) continue;
    const rank = (RANK[kind] as number) - (RANK[best] as number);
    const more = (counts[kind] as number) >= (counts[best] as number);
    if (best === TILE.absent || rank > 0 || (rank === 0 && more)) best = kind;
  }
  return best;
}
