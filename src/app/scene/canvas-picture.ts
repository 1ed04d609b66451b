// The same decks from above on a plain canvas, for browsers in which three.js cannot start at all.
import { placeTile, type TilePlace } from './deck-layout.ts';
import { FLIGHT_MS } from './flights.ts';
import { PATTERN, STATE_COLOURS, TILE_PATTERN, type Palette } from './palette.ts';
import type { GroundPoint, Picture } from './picture.ts';
import type { Deck, SceneModel } from './scene-model.ts';
import { TILE } from './tile-kinds.ts';

export class CanvasPicture implements Picture {
  readonly canvas = document.createElement('canvas');
  readonly kind = 'canvas';
  readonly #context: CanvasRenderingContext2D;
  #palette: Palette;
  #spots: readonly GroundPoint[] = [];
  #width = 1;
  #height = 1;
  #scale = 1;

  constructor(palette: Palette) {
    const context = this.canvas.getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('this browser draws on no canvas');
    this.#context = context;
    this.#palette = palette;
  }

  show(): void {
    // Everything is drawn from the model.
  }

  recolour(palette: Palette): void {
    this.#palette = palette;
  }

  resize(width: number, height: number): void {
    this.#width = width;
    this.#height = height;
    this.canvas.width = width * devicePixelRatio;
    this.canvas.height = height * devicePixelRatio;
  }

  draw(model: SceneModel, nowMs: number): Promise<void> {
    const { decks } = model;
    const context = this.#context;
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.fillStyle = this.#palette.ground;
    context.fillRect(0, 0, this.#width, this.#height);
    if (decks !== null) {
      this.#scale = Math.min((this.#width - 32) / decks.width, (this.#height - 80) / decks.depth);
      context.translate(this.#width / 2, this.#height / 2);
      for (const deck of [decks.system, decks.vram]) this.#deck(deck);
      this.#flights(model, nowMs);
      this.#select();
    }
    return Promise.resolve();
  }

  groundAt(x: number, y: number): GroundPoint {
    return { x: (x - this.#width / 2) / this.#scale, z: (y - this.#height / 2) / this.#scale };
  }

  select(spots: readonly GroundPoint[]): void {
    this.#spots = spots;
  }

  turn(): void {
    // Seen from above only.
  }

  zoom(): void {
    // Always fitted.
  }

  resetView(): void {
    // Always the same.
  }

  dispose(): void {
    this.canvas.remove();
  }

  #deck({ layout, left, top, tileKinds }: Deck): void {
    const place: TilePlace = { x: 0, z: 0, column: 0, row: 0 };
    const [width, depth] = [(this.#scale * 0.82) / layout.tileColumns, (this.#scale * 0.82) / layout.tileRows];
    for (let tile = 0; tile < layout.tiles; tile++) {
      const kind = tileKinds[tile] as number;
      if (kind === TILE.absent) continue;
      placeTile(layout, tile, place);
      this.#tile(kind, (left + place.x) * this.#scale, (top + place.z) * this.#scale, width, depth);
    }
  }

  #tile(kind: number, x: number, y: number, width: number, depth: number): void {
    const context = this.#context;
    const colour = this.#palette.tile[kind] as string;
    const pattern = TILE_PATTERN[kind];
    context.fillStyle = context.strokeStyle = colour;
    if (pattern === PATTERN.hollow) return context.strokeRect(x + 0.5, y + 0.5, width - 1, depth - 1);
    context.fillRect(x, y, width, depth);
    context.fillStyle = this.#palette.ground;
    if (pattern === PATTERN.hatch || pattern === PATTERN.stripes)
      context.fillRect(x + width * 0.4, y, width * 0.2, depth);
    if (pattern === PATTERN.dots) context.fillRect(x + width * 0.35, y + depth * 0.35, width * 0.3, depth * 0.3);
    context.strokeStyle = this.#palette.text;
    if (pattern === PATTERN.ring) context.strokeRect(x + 0.5, y + 0.5, width - 1, depth - 1);
  }

  #flights(model: SceneModel, nowMs: number): void {
    const context = this.#context;
    for (const flight of model.flights.pool) {
      const t = (nowMs - flight.startMs) / FLIGHT_MS;
      if (!flight.active || t < 0 || t > 1) continue;
      const [home, frame] = [model.homeOf(flight.firstPage, flight.pages), model.frameAt(flight.frame, flight.pages)];
      const [from, to] = flight.toVram ? [home, frame] : [frame, home];
      const side = Math.max(6, this.#scale * 0.7 * Math.sqrt(flight.pages / 512));
      const x = (from.x + (to.x - from.x) * t) * this.#scale;
      const y = (from.z + (to.z - from.z) * t) * this.#scale - 90 * t * (1 - t);
      context.fillStyle = flight.toVram ? STATE_COLOURS.toVram : STATE_COLOURS.toRam;
      context.fillRect(x - side / 2, y - side / 2, side, side);
    }
  }

  #select(): void {
    this.#context.strokeStyle = this.#palette.text;
    for (const { x, z } of this.#spots) this.#context.strokeRect(x * this.#scale - 6, z * this.#scale - 6, 12, 12);
  }
}
