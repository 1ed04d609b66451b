// Decides from interleaved samples whether a shape beats the default beyond the noise; in doubt the default stays.
//
// The rule. Every round times each shape once and the default twice. Rounds of even number only pick the candidate: the
// shape with the best median ratio to the default. Rounds of odd number, which had no say in that, judge it: the whole 95 %
// interval of its median ratio must lie above that of the default against itself, and above MIN_GAIN. So the luck of being
// the best of several cannot win, and neither can a drift, since both sides of a ratio come from one round.
import { medianInterval } from '../../base/median-interval.ts';
import type { CopyShape } from './copy-shape.ts';

/** A smaller gain is not worth a shape that nobody else runs. */
export const MIN_GAIN = 1.03;
/** With fewer judging rounds no 95 % interval of a median exists. */
export const MIN_ROUNDS = 12;

/** Times of one round, in any unit. */
export interface Round {
  readonly baseline: number;
  /** The default again: what a difference without a cause looks like. */
  readonly again: number;
  /** Of the other shapes, in their order. */
  readonly others: readonly number[];
}

/** What one shape took, over all rounds, in the unit of the rounds. */
export interface ShapeTime {
  readonly shape: CopyShape;
  readonly median: number;
  /** Median absolute deviation from the median. */
  readonly mad: number;
}

export interface Choice {
  readonly shape: CopyShape;
  /** Median gain of the shape that came out best, in the judging rounds; null when there were too few. */
  readonly gain: number | null;
  readonly rounds: number;
  readonly reason: 'wins' | 'no difference shown' | 'too few rounds';
  /** The default first; empty without a round. */
  readonly times: readonly ShapeTime[];
}

/** `baseline` is the default shape, `others` are those that the rounds timed beside it. */
export function chooseShape(baseline: CopyShape, others: readonly CopyShape[], rounds: readonly Round[]): Choice {
  const count = rounds.length;
  const times = timesOf(baseline, others, rounds);
  if (count < MIN_ROUNDS || others.length === 0)
    return { shape: baseline, gain: null, rounds: count, reason: 'too few rounds', times };
  const picking = rounds.filter((_, i) => i % 2 === 0);
  const judging = rounds.filter((_, i) => i % 2 === 1);
  const best = bestOf(picking, others.length);
  const gain = medianInterval(judging.map((round) => gainOf(round, best)));
  const noise = medianInterval(judging.map((round) => round.baseline / round.again));
  const wins = gain.low > Math.max(MIN_GAIN, noise.high);
  const shape = wins ? (others[best] as CopyShape) : baseline;
  return { shape, gain: gain.median, rounds: count, reason: wins ? 'wins' : 'no difference shown', times };
}

function timesOf(baseline: CopyShape, others: readonly CopyShape[], rounds: readonly Round[]): ShapeTime[] {
  if (rounds.length === 0) return [];
  return [
    timeOf(
      baseline,
      rounds.flatMap((round) => [round.baseline, round.again]),
    ),
    ...others.map((shape, i) =>
      timeOf(
        shape,
        rounds.map((round) => round.others[i] as number),
      ),
    ),
  ];
}

function timeOf(shape: CopyShape, times: readonly number[]): ShapeTime {
  const { median } = medianInterval(times);
  return { shape, median, mad: medianInterval(times.map((time) => Math.abs(time - median))).median };
}

function gainOf(round: Round, other: number): number {
  return round.baseline / (round.others[other] as number);
}

function bestOf(rounds: readonly Round[], others: number): number {
  let best = 0;
  let bestGain = 0;
  for (let other = 0; other < others; other++) {
    const gain = medianInterval(rounds.map((round) => gainOf(round, other))).median;
    if (gain > bestGain) [best, bestGain] = [other, gain];
  }
  return best;
}
