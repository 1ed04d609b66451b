// How a benchmark is measured, whoever chose it.
import { FULL_SAMPLES, QUICK_SAMPLES } from '../measure/bench-runner.ts';
import type { SampleOptions } from '../measure/sampler.ts';

export interface Choices {
  readonly sampling: SampleOptions;
  readonly seed: number;
  readonly quick: boolean;
  /** How often the whole selection is measured. */
  readonly repeat: number;
  /** Time for everything; null: no limit. */
  readonly budgetMs: number | null;
}

export interface Bounds {
  /** Whole numbers only. */
  readonly whole: boolean;
  readonly min: number;
  readonly max: number;
  /** For whoever chose something else. */
  readonly allowed: string;
}

export const BOUNDS = {
  samples: { whole: true, min: 5, max: 10_000, allowed: 'a whole number from 5 to 10000' },
  repeat: { whole: true, min: 1, max: 1000, allowed: 'a whole number from 1 to 1000' },
  budgetSeconds: { whole: false, min: Number.MIN_VALUE, max: 86_400, allowed: 'a number above 0 up to 86400' },
  aa: { whole: true, min: 200, max: 100_000, allowed: 'a whole number from 200 to 100000' },
} as const satisfies Record<string, Bounds>;

export function isWithin(value: number, { whole, min, max }: Bounds): boolean {
  return value >= min && value <= max && (!whole || Number.isInteger(value));
}

/** The sampling of a full or a quick run; `samples` replaces the number of them. */
export function samplingOf(quick: boolean, samples: number | null): SampleOptions {
  return { ...(quick ? QUICK_SAMPLES : FULL_SAMPLES), ...(samples === null ? {} : { samples }) };
}

/** Samples of one side of one trial of A/A, unless somebody says: the fewest that a run takes for a figure. */
export function aaSampling({ sampling, quick }: Choices, asked: boolean): SampleOptions {
  return asked || quick ? sampling : { ...sampling, samples: FULL_SAMPLES.minSamples };
}
