// What is to be drawn, without a word about how: tiles of both decks, flights, streams, and what lies under a point.
import type { Snapshot, VmaView } from '../../lab/session/protocol.ts';
import { framesOf, systemKinds, vramKinds } from './deck-kinds.ts';
import { layoutDeck, middleOf, pagesPerTileFor, tileAt, type DeckLayout } from './deck-layout.ts';
import { Flights } from './flights.ts';
import { locateSpans } from './locate-spans.ts';
import { slotPages, type PageSlots } from './page-slots.ts';
import { composeTiles, TILE } from './tile-kinds.ts';

/** One deck: its layout, where its corner lies in the scene, and its tiles. */
export interface Deck {
  readonly layout: DeckLayout;
  readonly left: number;
  readonly top: number;
  /** Kind of every page place. */
  readonly kinds: Uint8Array;
  readonly tileKinds: Uint8Array;
  readonly tileHeights: Float32Array;
}

export interface Decks {
  readonly system: Deck;
  readonly vram: Deck;
  /** Extent of both, centred on the origin, in cell widths. */
  readonly width: number;
  readonly depth: number;
}

export interface SceneLimits {
  readonly mostTiles: number;
  readonly flights: number;
}

/** Width over depth of a deck that fills its half of the picture. */
const DECK_ASPECT = 1.5;
const MIN_GAP = 1.1;
const SMOOTH_SECONDS = 0.8;

export class SceneModel {
  decks: Decks | null = null;
  /** Rises when the layout changed, and meshes must be made anew. */
  generation = 0;
  readonly flights: Flights;
  /** Bytes per second, smoothed, for the streams. */
  upBytes = 0;
  downBytes = 0;
  still = false;
  /** True when the last `compose` changed a tile. */
  changed = false;
  readonly #limits: SceneLimits;
  #slots: PageSlots = { slots: 0, slotOfPage: new Uint32Array(), pageOfSlot: new Int32Array() };
  #pageOfFrame = new Int32Array();
  #before: Snapshot | null = null;
  #beforeMs = 0;
  /** Migrations, smoothed. */
  #perSecond = 0;

  constructor(limits: SceneLimits) {
    this.#limits = limits;
    this.flights = new Flights(limits.flights);
  }

  /** Takes a snapshot; returns the places of the flight pool that changed. */
  update(snapshot: Snapshot, vmas: readonly VmaView[], nowMs: number): number[] {
    this.#layOut(snapshot, vmas);
    this.#smooth(snapshot);
    const spread = Math.min(600, nowMs - this.#beforeMs);
    const spans = this.still ? [] : locateSpans(snapshot, this.#before);
    const places = this.flights.add(spans, this.still ? 0 : this.#perSecond, nowMs, spread);
    this.#before = snapshot;
    this.#beforeMs = nowMs;
    this.compose();
    return places;
  }

  /** Tiles from the newest snapshot; places where a flight has yet to land show it in flight. */
  compose(): void {
    const [decks, snapshot] = [this.decks, this.#before];
    if (decks === null || snapshot === null) return;
    systemKinds(snapshot, this.#slots, decks.system.kinds);
    vramKinds(snapshot, decks.vram.kinds, this.#pageOfFrame);
    for (const flight of this.flights.pool) {
      if (!flight.active) continue;
      if (flight.toVram) decks.vram.kinds.fill(TILE.toVram, flight.frame, flight.frame + flight.pages);
      else this.#markHome(flight.firstPage, flight.pages, decks.system.kinds);
    }
    this.changed = false;
    for (const { kinds, layout, tileKinds, tileHeights } of [decks.system, decks.vram])
      if (composeTiles(kinds, layout.pagesPerTile, tileKinds, tileHeights)) this.changed = true;
  }

  /** Middle of the pages of a span, on the left deck, in the scene. */
  homeOf(firstPage: number, pages: number): { x: number; z: number } {
    return this.#inScene(this.decks?.system, this.#slots.slotOfPage[firstPage] ?? 0, pages);
  }

  /** Middle of frames, on the right deck. */
  frameAt(frame: number, pages: number): { x: number; z: number } {
    return this.#inScene(this.decks?.vram, frame, pages);
  }

  /** The page (or only the frame, page −1) under a point of the scene's ground; null where nothing lies. */
  under(x: number, z: number): { page: number; pages: number; frame: number; kind: number } | null {
    if (this.decks === null) return null;
    for (const deck of [this.decks.system, this.decks.vram]) {
      const tile = tileAt(deck.layout, x - deck.left, z - deck.top);
      if (tile < 0) continue;
      const slot = tile * deck.layout.pagesPerTile;
      const kind = deck.tileKinds[tile] as number;
      if (kind === TILE.absent) return null;
      const isVram = deck === this.decks.vram;
      const pages = deck.layout.pagesPerTile;
      const page = isVram ? this.#firstPageIn(slot, pages) : (this.#slots.pageOfSlot[slot] ?? -1);
      return { page, pages, frame: isVram ? slot : -1, kind };
    }
    return null;
  }

  /** Where a page is drawn on both decks: the frame is −1 when it is in no frame of VRAM. */
  placesOf(page: number): { slot: number; frame: number } {
    const frame = this.#pageOfFrame.indexOf(page);
    return { slot: this.#slots.slotOfPage[page] ?? -1, frame };
  }

  #firstPageIn(frame: number, pages: number): number {
    for (let i = frame; i < frame + pages; i++)
      if ((this.#pageOfFrame[i] ?? -1) >= 0) return this.#pageOfFrame[i] as number;
    return -1;
  }

  #inScene(deck: Deck | undefined, slot: number, pages: number): { x: number; z: number } {
    if (deck === undefined) return { x: 0, z: 0 };
    const { x, z } = middleOf(deck.layout, slot, pages);
    return { x: deck.left + x, z: deck.top + z };
  }

  #markHome(firstPage: number, pages: number, kinds: Uint8Array): void {
    for (let page = firstPage; page < firstPage + pages; page++) {
      const slot = this.#slots.slotOfPage[page];
      if (slot !== undefined && kinds[slot] === TILE.system) kinds[slot] = TILE.toRam;
    }
  }

  #smooth({ rates }: Snapshot): void {
    if (rates.seconds <= 0) return;
    // Snapshots are so short that single ones see one migration or none.
    const weight = 1 - Math.exp(-rates.seconds / SMOOTH_SECONDS);
    const blend = (old: number, now: number): number => old + (now - old) * weight;
    this.#perSecond = blend(this.#perSecond, rates.migrations / rates.seconds);
    this.upBytes = blend(this.upBytes, rates.upBytes / rates.seconds);
    this.downBytes = blend(this.downBytes, rates.downBytes / rates.seconds);
  }

  #layOut(snapshot: Snapshot, vmas: readonly VmaView[]): void {
    const frames = framesOf(snapshot.vramBlocks);
    const pages = snapshot.pageState.length;
    const same = frames === this.#pageOfFrame.length && pages === this.#slots.slotOfPage.length;
    if (same && snapshot.vmas === null && this.decks !== null) return;
    this.#slots = slotPages(vmas);
    this.#pageOfFrame = new Int32Array(frames).fill(-1);
    this.#before = null;
    this.flights.clear();
    this.decks = decksOf(this.#slots.slots, frames, this.#limits.mostTiles);
    this.generation++;
  }
}

function decksOf(slots: number, frames: number, mostTiles: number): Decks {
  const pagesPerTile = pagesPerTileFor(slots + frames, mostTiles);
  const system = layoutDeck(slots, pagesPerTile, DECK_ASPECT);
  const vram = layoutDeck(frames, pagesPerTile, DECK_ASPECT);
  const gap = Math.max(MIN_GAP, 0.22 * Math.max(system.width, vram.width));
  const width = system.width + gap + vram.width;
  const depth = Math.max(system.depth, vram.depth);
  const left = -width / 2;
  return {
    system: deckOf(system, slots, left, -system.depth / 2),
    vram: deckOf(vram, frames, left + system.width + gap, -vram.depth / 2),
    width,
    depth,
  };
}

function deckOf(layout: DeckLayout, slots: number, left: number, top: number): Deck {
  const { tiles } = layout;
  return {
    layout,
    left,
    top,
    kinds: new Uint8Array(slots),
    tileKinds: new Uint8Array(tiles),
    tileHeights: new Float32Array(tiles),
  };
}
