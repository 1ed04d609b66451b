// What a comparison is judged on: medians of passes where both sides have enough of them, else the samples themselves.
//
// Samples of one pass are alike in what differs between passes (placement of memory, clocks, other load), and a test that takes
// them for independent claims too much. A pass is a unit of its own: the device is opened anew.
import type { Metric } from './report.ts';
import { median } from './stats.ts';
import { LEAST_SAMPLES } from './verdict.ts';

export interface Basis {
  readonly kind: 'samples' | 'passes';
  readonly a: readonly number[];
  readonly b: readonly number[];
}

export function basisOf(a: Metric, b: Metric): Basis {
  const [ours, theirs] = [passMedians(a), passMedians(b)];
  if (ours.length < LEAST_SAMPLES || theirs.length < LEAST_SAMPLES)
    return { kind: 'samples', a: a.samples, b: b.samples };
  return { kind: 'passes', a: ours, b: theirs };
}

/** Empty where the report does not say which samples are whose, or contradicts itself. */
function passMedians({ samples, passSizes = [] }: Metric): number[] {
  const filled = passSizes.filter((size) => size > 0);
  if (filled.reduce((sum, size) => sum + size, 0) !== samples.length) return [];
  let from = 0;
  return filled.map((size) => {
    from += size;
    return median(samples.slice(from - size, from));
  });
}
