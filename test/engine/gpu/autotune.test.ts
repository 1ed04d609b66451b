// The tuner's rule and its use of time, on made-up clocks: a real gain is found, luck is not, the budget is kept.
import { describe, expect, test } from 'vitest';
import { createRng, type Rng } from '../../../src/base/rng.ts';
import type { Command } from '../../../src/engine/plan/commands.ts';
import { tuneCopies, type TimeShape } from '../../../src/engine/gpu/autotune.ts';
import { medianInterval } from '../../../src/base/median-interval.ts';
import { chooseShape, type Choice, type Round } from '../../../src/engine/gpu/choose-shape.ts';
import { COPY_SHAPES, DEFAULT_SHAPE, shapeName, type CopyShape } from '../../../src/engine/gpu/copy-shape.ts';

const OTHERS = COPY_SHAPES.slice(1);
const JOB: readonly Command[] = [{ op: 'fill', space: 0, frame: 0, pages: 1, pattern: 0 }];

/** A factor of 1 … 1.1, one time in eight of up to 3: what others do on the machine. */
function noise(rng: Rng): number {
  const small = 1 + rng.below(1000) / 10_000;
  return rng.below(8) === 0 ? small * (1 + rng.below(2000) / 1000) : small;
}

/** Rounds in which shape number `fast` of the others takes `share` of the default's time, while the machine slows down. */
function rounds(rng: Rng, count: number, fast: number, share: number): Round[] {
  return Array.from({ length: count }, (_, i) => {
    const drift = 1 + i / count;
    const one = (): number => 1000 * drift * noise(rng);
    return { baseline: one(), again: one(), others: OTHERS.map((_shape, j) => one() * (j === fast ? share : 1)) };
  });
}

describe('the rule', () => {
  test('finds a shape that is clearly faster', () => {
    const rng = createRng(1);
    const runs = Array.from({ length: 200 }, () => chooseShape(DEFAULT_SHAPE, OTHERS, rounds(rng, 30, 2, 0.6)));
    const found = runs.filter(({ shape }) => shape === OTHERS[2]);
    expect(found.length).toBeGreaterThan(180);
    expect(found.every(({ reason, gain }) => reason === 'wins' && gain !== null && gain > 1.3)).toBe(true);
    // Never another one.
    expect(runs.every(({ shape }) => shape === OTHERS[2] || shape === DEFAULT_SHAPE)).toBe(true);
  });

  test.each([12, 20, 40])('is not taken in by luck in %i rounds of equal shapes', (count) => {
    const rng = createRng(2);
    const runs = Array.from({ length: 1000 }, () => chooseShape(DEFAULT_SHAPE, OTHERS, rounds(rng, count, -1, 1)));
    expect(runs.filter(({ reason }) => reason === 'wins').length).toBeLessThan(25);
  });

  test('would be taken in, were the best judged by the rounds that picked it (control)', () => {
    const rng = createRng(2);
    const lucky = Array.from({ length: 1000 }, () => rounds(rng, 12, -1, 1)).filter((each) =>
      OTHERS.some((_, i) => medianInterval(each.map((r) => r.baseline / (r.others[i] as number))).low > 1),
    );
    expect(lucky.length).toBeGreaterThan(25);
  });

  test('keeps the default for a gain below three per cent, however sure', () => {
    const sure = Array.from({ length: 40 }, () => ({ baseline: 102, again: 102, others: OTHERS.map(() => 100) }));
    expect(chooseShape(DEFAULT_SHAPE, OTHERS, sure)).toMatchObject({
      shape: DEFAULT_SHAPE,
      gain: 1.02,
      reason: 'no difference shown',
    });
  });

  test('keeps the default where the default itself differs as much', () => {
    const odd = Array.from({ length: 40 }, () => ({ baseline: 120, again: 100, others: OTHERS.map(() => 100) }));
    expect(chooseShape(DEFAULT_SHAPE, OTHERS, odd).reason).toBe('no difference shown');
  });

  test('needs twelve rounds', () => {
    const rng = createRng(3);
    expect(chooseShape(DEFAULT_SHAPE, OTHERS, rounds(rng, 11, 0, 0.2)).reason).toBe('too few rounds');
    expect(chooseShape(DEFAULT_SHAPE, OTHERS, rounds(rng, 12, 0, 0.2)).reason).toBe('wins');
  });

  test.each([
    [6, 1, 3.5, 6],
    [8, 1, 4.5, 8],
    [9, 2, 5, 8],
    [20, 6, 10.5, 15],
  ])('knows the ranks of an interval of %i values', (n, low, median, high) => {
    // Tables of the sign test at 95 %.
    const values = Array.from({ length: n }, (_, i) => n - i);
    expect(medianInterval(values)).toEqual({ low, median, high });
  });
});

interface Run {
  readonly choice: Choice;
  readonly order: string[];
  readonly endedAt: number;
}

/** Tunes on a clock that each sample moves on by the time that the shape takes. */
async function tune(seed: number, deadline: number, msOf: (shape: CopyShape) => number): Promise<Run> {
  let now = 0;
  const order: string[] = [];
  const time: TimeShape = (shape, job) => {
    order.push(shapeName(shape));
    const ms = msOf(shape) * job.length;
    now += ms;
    return Promise.resolve(ms * 1e6);
  };
  const choice = await tuneCopies(JOB, OTHERS, { time, clock: () => now, deadline, rng: createRng(seed) });
  return { choice, order, endedAt: now };
}

const fastWide = ({ lanes }: CopyShape): number => (lanes === 256 ? 2 : 3);

describe('tuning a direction', () => {
  test('takes the faster shape', async () => {
    const { choice } = await tune(1, 600, fastWide);
    expect(choice).toMatchObject({ shape: { lanes: 256, unroll: 1, groups: 1 }, reason: 'wins', gain: 1.5 });
  });

  test.each([0, 10, 100, 300, 600])('ends by %i ms, and has chosen by the rule whatever it got', async (deadline) => {
    const { choice, endedAt } = await tune(1, deadline, fastWide);
    // The first round, whose length nobody knows yet, may pass the end.
    expect(endedAt).toBeLessThanOrEqual(Math.max(deadline, 3 * (COPY_SHAPES.length + 2)));
    expect(choice.reason).toBe(choice.rounds >= 12 ? 'wins' : 'too few rounds');
  });

  test('mixes the shapes, in an order that the seed gives', async () => {
    const [a, b, c] = await Promise.all([1, 1, 2].map(async (seed) => (await tune(seed, 400, fastWide)).order));
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
    const round = a?.slice(1, 2 + COPY_SHAPES.length) ?? [];
    expect(new Set(round).size).toBe(COPY_SHAPES.length);
    // The default twice: how much it differs from itself is the noise.
    expect(round.filter((name) => name === '64x4').length).toBe(2);
  });

  test('repeats a job that is too short to time', async () => {
    const { choice } = await tune(1, 400, () => 0.1);
    expect(choice.rounds).toBeGreaterThanOrEqual(12);
    expect(choice.reason).toBe('no difference shown');
  });

  test('makes nothing of a clock that stands still', async () => {
    const time: TimeShape = () => Promise.resolve(0);
    let now = 0;
    const choice = await tuneCopies(JOB, OTHERS, { time, clock: () => now++, deadline: 500, rng: createRng(1) });
    expect(choice).toMatchObject({ shape: DEFAULT_SHAPE, rounds: 0, reason: 'too few rounds' });
  });
});
