// Migrations as they are seen: each leaves, travels for long enough to be followed, and lands. A fixed pool; no allocation in flight.
import type { LocatedSpan } from './locate-spans.ts';

/** Long enough for an eye to follow, however short the copy was. */
export const FLIGHT_MS = 750;
/** Above this rate single flights say nothing: a stream takes their place. */
const STREAM_ABOVE_PER_SECOND = 150;
/** Below this it falls apart into flights again; the gap keeps it from flickering. */
const FLIGHTS_BELOW_PER_SECOND = 100;

export interface Flight {
  active: boolean;
  toVram: boolean;
  firstPage: number;
  pages: number;
  frame: number;
  startMs: number;
}

export class Flights {
  readonly pool: readonly Flight[];
  /** True when rates are too high for single flights. */
  streaming = false;
  #next = 0;

  constructor(capacity: number) {
    this.pool = Array.from({ length: capacity }, () => ({
      active: false,
      toVram: true,
      firstPage: 0,
      pages: 0,
      frame: 0,
      startMs: 0,
    }));
  }

  /** Starts flights for migrations of one snapshot, spread over `spreadMs` in their order. Returns the changed places of the pool. */
  add(spans: readonly LocatedSpan[], perSecond: number, nowMs: number, spreadMs: number): number[] {
    const limit = this.streaming ? FLIGHTS_BELOW_PER_SECOND : STREAM_ABOVE_PER_SECOND;
    this.streaming = perSecond > limit;
    if (this.streaming) return [];
    // More than the pool holds: an even sample of them, so that both directions stay visible.
    const every = Math.max(1, Math.ceil((2 * spans.length) / this.pool.length));
    const places: number[] = [];
    for (let i = 0; i < spans.length; i += every) {
      const span = spans[i] as LocatedSpan;
      if (span.frame >= 0) places.push(this.#launch(span, nowMs + span.order * spreadMs));
    }
    return places;
  }

  /** Ends what has landed; true when anything did. */
  land(nowMs: number): boolean {
    let landed = false;
    for (const flight of this.pool) {
      if (!flight.active || nowMs < flight.startMs + FLIGHT_MS) continue;
      flight.active = false;
      landed = true;
    }
    return landed;
  }

  get airborne(): boolean {
    return this.pool.some(({ active }) => active);
  }

  clear(): void {
    for (const flight of this.pool) flight.active = false;
  }

  #launch(span: LocatedSpan, startMs: number): number {
    const place = this.#next;
    this.#next = (place + 1) % this.pool.length;
    const flight = this.pool[place] as Flight;
    flight.active = true;
    flight.toVram = span.direction === 'to-vram';
    flight.firstPage = span.firstPage;
    flight.pages = span.pages;
    flight.frame = span.frame;
    flight.startMs = startMs;
    return place;
  }
}
