// While an emulated GPU works, Node's thread sleeps between looks; short waits are left alone.
import { expect, test } from 'vitest';
import { Breather, breatherFor } from '../../../src/engine/gpu/breather.ts';

/** An event loop by hand: a turn takes `turnMs`, a sleep what it is asked for. */
class HandLoop {
  time = 0;
  readonly sleeps: number[] = [];
  #turns: (() => void)[] = [];
  readonly breather = new Breather({
    now: () => this.time,
    sleep: (ms) => {
      this.sleeps.push(this.time);
      this.time += ms;
    },
    nextTurn: (turn) => this.#turns.push(turn),
  });

  /** Turns for `ms`; true while somebody asked for the next one. */
  run(ms: number, turnMs = 0.05): boolean {
    for (const end = this.time + ms; this.time < end; this.time += turnMs) {
      const turns = this.#turns;
      this.#turns = [];
      for (const turn of turns) turn();
    }
    return this.#turns.length > 0;
  }
}

test('a long wait sleeps from half a millisecond on, and no longer than it lasts', () => {
  const loop = new HandLoop();
  loop.breather.begin();
  expect(loop.run(5)).toBe(true);
  expect(loop.sleeps[0]).toBeCloseTo(0.5, 0);
  expect(loop.sleeps.length).toBeGreaterThan(20);
  const before = loop.sleeps.length;
  loop.breather.end();
  expect(loop.run(5)).toBe(false);
  expect(loop.sleeps.length).toBe(before);
});

test('short waits, one after the other, never sleep', () => {
  const loop = new HandLoop();
  for (let i = 0; i < 50; i++) {
    loop.breather.begin();
    loop.run(0.3);
    loop.breather.end();
  }
  expect(loop.sleeps).toEqual([]);
});

test('what overlaps ends with the last one, and it can begin anew', () => {
  const loop = new HandLoop();
  loop.breather.begin();
  loop.breather.begin();
  loop.breather.end();
  expect(loop.run(2)).toBe(true);
  loop.breather.end();
  expect(loop.run(1)).toBe(false);
  loop.breather.begin();
  const before = loop.sleeps.length;
  loop.run(2);
  expect(loop.sleeps.length).toBeGreaterThan(before);
});

test('only software adapters get one', () => {
  expect(breatherFor(false)).toBeNull();
  expect(breatherFor(true)).not.toBeNull();
});
