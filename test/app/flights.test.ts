import { describe, expect, it } from 'vitest';
import { Flights, FLIGHT_MS } from '../../src/app/scene/flights.ts';
import { locateSpans, type LocatedSpan } from '../../src/app/scene/locate-spans.ts';
import { FakeMemory } from '../support/fake-session.ts';

const span = (firstPage: number, order = 0): LocatedSpan => ({
  direction: 'to-vram',
  firstPage,
  pages: 512,
  frame: 0,
  order,
});

describe('flights', () => {
  it('stay in the air for the whole of their time, however short the copy was', () => {
    const flights = new Flights(4);
    expect(flights.add([span(0)], 1, 1000, 100)).toEqual([0]);
    expect(flights.land(1000 + FLIGHT_MS - 1)).toBe(false);
    expect(flights.airborne).toBe(true);
    expect(flights.land(1000 + FLIGHT_MS)).toBe(true);
    expect(flights.airborne).toBe(false);
  });

  it('leave in the order of the migrations, spread over the time since the last snapshot', () => {
    const flights = new Flights(8);
    flights.add([span(0, 0), span(512, 0.5), span(1024, 1)], 3, 1000, 100);
    expect(flights.pool.slice(0, 3).map(({ startMs }) => startMs)).toEqual([1000, 1050, 1100]);
  });

  it('become a stream above 150 a second, and flights again only below 100', () => {
    const flights = new Flights(4);
    const launched = (rate: number): number => flights.add([span(0)], rate, 0, 0).length;
    expect([launched(150), launched(151), launched(120), launched(100)]).toEqual([1, 0, 0, 1]);
  });

  it('never exceed their pool: of many an even sample flies', () => {
    const flights = new Flights(8);
    const many = Array.from({ length: 100 }, (_, i) => span(i * 512, i / 100));
    expect(flights.add(many, 100, 0, 0).length).toBeLessThanOrEqual(8);
  });

  it('need a frame: a migration that cannot be placed does not fly', () => {
    expect(new Flights(4).add([{ ...span(0), frame: -1 }], 1, 0, 0)).toEqual([]);
  });
});

describe('places of migrations', () => {
  it('finds the pages of an eviction, which knows frames only, by what left VRAM (seed 1)', () => {
    const memory = new FakeMemory(16, 8, 0);
    let before = memory.step();
    for (let i = 0; i < 7; i++) before = memory.step();
    const located = locateSpans(memory.step(), before);
    expect(located.map(({ direction, firstPage, pages, frame }) => ({ direction, firstPage, pages, frame }))).toEqual([
      { direction: 'to-ram', firstPage: 0, pages: 512, frame: 0 },
      { direction: 'to-vram', firstPage: 8 * 512, pages: 512, frame: 0 },
    ]);
  });

  it('leaves out what failed', () => {
    const memory = new FakeMemory(16, 8, 0);
    const snapshot = memory.step();
    const failed = { ...snapshot, spans: snapshot.spans.map((one) => ({ ...one, status: 'EBUSY' })) };
    expect(locateSpans(snapshot, null)).toHaveLength(1);
    expect(locateSpans(failed, null)).toHaveLength(0);
  });
});
