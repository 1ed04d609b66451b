// The scene: ribbon above, decks below; owns the one animation loop, which runs only while something flies or changed.
import type { Snapshot } from '../../lab/session/protocol.ts';
import type { Preferences } from '../state/preferences.ts';
import type { Session } from '../state/session.ts';
import { paletteOf, type Palette } from './palette.ts';
import type { GroundPoint, Picture } from './picture.ts';
import { startPicture } from './start-picture.ts';
import { watchPointer, type PointerHits } from './pointer.ts';
import { Ribbon, RIBBON_HEIGHT } from './ribbon.ts';
import { SceneModel, type SceneLimits } from './scene-model.ts';
import { placeTile } from './deck-layout.ts';

const LIMITS: Readonly<Record<'hardware' | 'software', SceneLimits & { readonly frameMs: number }>> = {
  hardware: { mostTiles: 100_000, flights: 256, frameMs: 0 },
  // A CPU draws: fewer, larger tiles, and frames that leave the machine to the session most of the time.
  software: { mostTiles: 1_100, flights: 16, frameMs: 90 },
};

/** Faster than this, nobody reads a ribbon. */
const RIBBON_MS = 90;

/** A lost picture is started again this often before the plain canvas takes over. */
const MOST_RESTARTS = 3;

export interface SceneHooks {
  select(page: number | null): void;
  /** What lies under the pointer, in words; null for nothing. */
  hover(
    words: { readonly page: number; readonly pages: number; readonly frame: number; readonly kind: number } | null,
    x: number,
    y: number,
  ): void;
  started(kind: string): void;
}

export class SceneView implements PointerHits {
  readonly #into: HTMLElement;
  readonly #session: Session;
  readonly #preferences: Preferences;
  readonly #hooks: SceneHooks;
  readonly #ribbon = new Ribbon();
  readonly #limits: SceneLimits & { readonly frameMs: number };
  readonly #model: SceneModel;
  readonly #software: boolean;
  #picture: Picture | null = null;
  #palette: Palette;
  #selected: number | null = null;
  #dirty = true;
  #drawing = false;
  #lastMs = 0;
  #restarts = 0;
  #ribbonMs = 0;

  constructor(into: HTMLElement, session: Session, preferences: Preferences, software: boolean, hooks: SceneHooks) {
    this.#into = into;
    this.#session = session;
    this.#preferences = preferences;
    this.#hooks = hooks;
    this.#software = software;
    this.#limits = LIMITS[software ? 'software' : 'hardware'];
    this.#model = new SceneModel(this.#limits);
    this.#palette = paletteOf(preferences.shade.value);
    into.append(this.#ribbon.canvas);
    watchPointer(into, this.#ribbon.canvas, this);
    new ResizeObserver(() => this.#resize()).observe(into);
  }

  async start(): Promise<void> {
    await this.#open();
    this.#preferences.shade.watch((shade) => this.#recolour(paletteOf(shade)));
    this.#preferences.still.watch((still) => (this.#model.still = still));
    this.#session.snapshot.watch((snapshot) => snapshot !== null && this.#update(snapshot));
    document.addEventListener('visibilitychange', () => this.#request());
  }

  /** Marks a page in every part of the scene. */
  mark(page: number | null): void {
    this.#selected = page;
    this.#showMark();
    this.#drawRibbon();
    this.#request();
  }

  resetView(): void {
    this.#picture?.resetView();
    this.#request();
  }

  turn(dx: number, dy: number): void {
    this.#picture?.turn(dx, dy);
    this.#request();
  }

  zoom(factor: number): void {
    this.#picture?.zoom(factor);
    this.#request();
  }

  hover(x: number, y: number): void {
    this.#hooks.hover(this.#under(x, y), x, y);
  }

  leave(): void {
    this.#hooks.hover(null, 0, 0);
  }

  click(x: number, y: number): void {
    const hit = this.#under(x, y);
    this.#hooks.select(hit === null || hit.page < 0 ? null : hit.page);
  }

  /** x, y from the corner of the scene. */
  #under(x: number, y: number) {
    if (y < RIBBON_HEIGHT) {
      const page = this.#ribbon.pageAt(x);
      return page === null ? null : { page, pages: 1, frame: -1, kind: -1 };
    }
    const point = this.#picture?.groundAt(x, y - RIBBON_HEIGHT) ?? null;
    return point === null ? null : this.#model.under(point.x, point.z);
  }

  async #open(): Promise<void> {
    const lost = (): void => void this.#reopen();
    const plain = this.#restarts > MOST_RESTARTS;
    this.#picture = await startPicture(this.#palette, this.#limits.flights, this.#software, plain, lost);
    this.#into.append(this.#picture.canvas);
    this.#hooks.started(this.#picture.kind);
    this.#resize();
  }

  /** The device of the picture went away, alone or together with the session's. */
  async #reopen(): Promise<void> {
    const old = this.#picture;
    if (old === null) return;
    this.#picture = null;
    this.#restarts++;
    old.canvas.remove();
    // Right after a crash there is no adapter yet.
    await new Promise((resolve) => setTimeout(resolve, 600 * this.#restarts));
    await this.#open();
    this.#showAll();
    this.#showMark();
    this.#request();
  }

  #update(snapshot: Snapshot): void {
    const now = performance.now();
    const { generation } = this.#model;
    const launched = this.#model.update(snapshot, this.#session.vmas.value, now);
    if (now - this.#ribbonMs > RIBBON_MS) this.#drawRibbon();
    if (!this.#model.changed && launched.length === 0) return;
    this.#picture?.show(this.#model, launched, now);
    if (generation !== this.#model.generation) this.#showMark();
    this.#request();
  }

  #recolour(palette: Palette): void {
    this.#palette = palette;
    this.#picture?.recolour(palette, this.#model);
    this.#drawRibbon();
    this.#request();
  }

  #drawRibbon(): void {
    this.#ribbonMs = performance.now();
    const snapshot = this.#session.snapshot.value;
    if (snapshot !== null && !document.hidden)
      this.#ribbon.draw(snapshot, this.#session.vmas.value, this.#palette, this.#selected);
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#into;
    if (clientWidth === 0) return;
    this.#ribbon.resize(clientWidth);
    this.#picture?.resize(clientWidth, Math.max(40, clientHeight - RIBBON_HEIGHT));
    this.#drawRibbon();
    this.#request();
  }

  #showAll(): void {
    this.#picture?.show(this.#model, [], performance.now());
  }

  #showMark(): void {
    const { decks } = this.#model;
    if (this.#picture === null || decks === null) return;
    const { tileColumns, tileRows } = decks.system.layout;
    this.#picture.select(this.#spots(), { width: 1 / tileColumns, depth: 1 / tileRows });
  }

  #spots(): GroundPoint[] {
    const { decks } = this.#model;
    if (this.#selected === null || decks === null) return [];
    const { slot, frame } = this.#model.placesOf(this.#selected);
    const at = { x: 0, z: 0, column: 0, row: 0 };
    return (
      [
        [decks.system, slot],
        [decks.vram, frame],
      ] as const
    ).flatMap(([deck, place]) => {
      if (place < 0) return [];
      placeTile(deck.layout, Math.floor(place / deck.layout.pagesPerTile), at);
      return [{ x: deck.left + at.x + 0.5 / deck.layout.tileColumns, z: deck.top + at.z + 0.5 / deck.layout.tileRows }];
    });
  }

  #request(): void {
    this.#dirty = true;
    if (this.#drawing || document.hidden) return;
    this.#drawing = true;
    requestAnimationFrame((now) => void this.#frame(now));
  }

  /** One frame, then another while something moves. */
  async #frame(now: number): Promise<void> {
    const picture = this.#picture;
    const due = this.#lastMs + this.#limits.frameMs;
    if (picture !== null && now >= due) {
      if (this.#model.flights.land(now)) this.#land(now);
      this.#dirty = false;
      const started = performance.now();
      await picture.draw(this.#model, now).catch(() => {});
      // As long a rest as the drawing took: a slow machine keeps at least half of its time.
      this.#lastMs = this.#software ? Math.max(now, 2 * performance.now() - started - this.#limits.frameMs) : now;
    }
    this.#drawing = false;
    if (this.#dirty || this.#moving()) this.#again();
  }

  #again(): void {
    if (this.#drawing || document.hidden || this.#picture === null) return;
    this.#drawing = true;
    requestAnimationFrame((now) => void this.#frame(now));
  }

  #land(now: number): void {
    this.#model.compose();
    this.#picture?.show(this.#model, [], now);
    this.#showMark();
  }

  #moving(): boolean {
    const { flights, still } = this.#model;
    return !still && (flights.airborne || (flights.streaming && this.#session.status.value.state === 'running'));
  }
}
