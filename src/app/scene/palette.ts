// Colours of the picture in both themes: Okabe–Ito for what pages do, neutrals for the rest; and the pattern that goes with each.
import { TILE, TILE_KINDS } from './tile-kinds.ts';

/** What is drawn on a tile beside its colour, so that colour is never alone. */
export const PATTERN = { plain: 0, hatch: 1, ring: 2, hollow: 3, dots: 4, stripes: 5 } as const;

export interface Palette {
  readonly ground: string;
  readonly plate: string;
  readonly line: string;
  readonly text: string;
  readonly quiet: string;
  /** By kind of tile. */
  readonly tile: readonly string[];
}

/** The same in every theme and everywhere on the page. */
export const STATE_COLOURS = {
  system: '#56b4e9',
  vram: '#e69f00',
  toVram: '#f0e442',
  toRam: '#009e73',
  faulting: '#cc79a7',
} as const;

export const TILE_PATTERN: Readonly<Uint8Array> = patterns();

function patterns(): Uint8Array {
  const pattern = new Uint8Array(TILE_KINDS);
  pattern[TILE.untouched] = PATTERN.hollow;
  pattern[TILE.away] = PATTERN.hollow;
  pattern[TILE.faulting] = PATTERN.hatch;
  pattern[TILE.pinned] = PATTERN.ring;
  pattern[TILE.toVram] = PATTERN.stripes;
  pattern[TILE.toRam] = PATTERN.stripes;
  pattern[TILE.allocated] = PATTERN.hollow;
  pattern[TILE.table] = PATTERN.dots;
  return pattern;
}

const DARK = { ground: '#0e1113', plate: '#14181b', line: '#2b3238', text: '#e7eaed', quiet: '#98a3ad' };
const LIGHT = { ground: '#f5f6f7', plate: '#eceef0', line: '#cfd5da', text: '#15191d', quiet: '#55606a' };

export function paletteOf(shade: 'dark' | 'light'): Palette {
  const dark = shade === 'dark';
  const tile: string[] = Array.from({ length: TILE_KINDS }, () => (dark ? '#2a3036' : '#d3d9de'));
  tile[TILE.untouched] = dark ? '#262c31' : '#d6dbe0';
  tile[TILE.away] = dark ? '#66531f' : '#dfc48a';
  tile[TILE.system] = STATE_COLOURS.system;
  tile[TILE.vram] = STATE_COLOURS.vram;
  tile[TILE.pinned] = STATE_COLOURS.vram;
  tile[TILE.allocated] = dark ? '#7a5a12' : '#d9b35a';
  tile[TILE.toVram] = STATE_COLOURS.toVram;
  tile[TILE.toRam] = STATE_COLOURS.toRam;
  tile[TILE.faulting] = STATE_COLOURS.faulting;
  tile[TILE.table] = dark ? '#aab3bb' : '#79848e';
  tile[TILE.reserve] = dark ? '#1d2226' : '#e1e5e8';
  return { ...(dark ? DARK : LIGHT), tile };
}

/** '#rrggbb' as three bytes. */
export function rgbOf(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
