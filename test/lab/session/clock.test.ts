// Clocks of a run: pauses and what is set aside do not count, in whatever order they begin and end.
import { describe, expect, it } from 'vitest';
import { LiveClock, WorkTime } from '../../../src/lab/session/clock.ts';

describe('WorkTime', () => {
  it('leaves out what came before, what is set aside and what comes after', () => {
    let now = 0;
    const work = new WorkTime(() => now);
    now = 5;
    work.begin();
    now = 15;
    work.setAside();
    now = 35;
    expect(work.elapsed).toBe(10);
    work.resume();
    now = 40;
    expect(work.elapsed).toBe(15);
    work.end();
    now = 90;
    work.setAside();
    now = 95;
    work.resume();
    expect(work.elapsed).toBe(15);
  });

  it('that ends while something is set aside ends where that began', () => {
    let now = 0;
    const work = new WorkTime(() => now);
    now = 7;
    work.setAside();
    now = 20;
    work.end();
    expect(work.elapsed).toBe(7);
  });
});

it('a live clock stands still while paused, however often that is said', () => {
  let wall = 100;
  const clock = new LiveClock(() => wall);
  wall = 103;
  clock.pause();
  wall = 110;
  clock.pause();
  expect([clock.paused, clock.now()]).toEqual([true, 3e6]);
  clock.resume();
  wall = 111;
  expect([clock.paused, clock.now()]).toEqual([false, 4e6]);
});
