// What each chart shows: title, unit, series from samples, colours; the table twin is made from the same columns.
import type { Sample } from '../state/history.ts';
import { byteRateScale, trimmed, trimmedCount, type Scale } from './format.ts';

export interface SeriesSpec {
  readonly label: string;
  /** A name of the page's palette (CSS custom property without dashes). */
  readonly colour: string;
  readonly dash?: readonly number[];
  readonly fill?: boolean;
  value(sample: Sample): number;
}

export interface ChartSpec {
  readonly id: string;
  readonly title: string;
  readonly series: readonly SeriesSpec[];
  /** Unit and divisor for the largest value that is shown. */
  scale(largest: number): Scale;
  /** Fixed top of the axis, in unscaled values; null follows the data. */
  readonly top: number | null;
  text(scaled: number): string;
}

export const CHARTS: readonly ChartSpec[] = [
  {
    id: 'throughput',
    title: 'Migration',
    series: [
      { label: 'to VRAM', colour: 'to-vram', value: (sample) => sample.upBytes },
      { label: 'home', colour: 'to-ram', dash: [6, 3], value: (sample) => sample.downBytes },
    ],
    scale: byteRateScale,
    top: null,
    text: trimmed,
  },
  {
    id: 'faults',
    title: 'GPU faults',
    series: [{ label: 'faults', colour: 'faulting', value: (sample) => sample.faults }],
    scale: () => ({ by: 1, unit: '/s' }),
    top: null,
    text: trimmedCount,
  },
  {
    id: 'residency',
    title: 'In VRAM',
    series: [
      {
        label: 'resident',
        colour: 'vram',
        fill: true,
        value: (sample) => (sample.totalPages === 0 ? 0 : (100 * sample.residentPages) / sample.totalPages),
      },
    ],
    scale: () => ({ by: 1, unit: '%' }),
    top: 100,
    text: (value) => String(Math.round(value)),
  },
];

/** Columns of a chart, scaled: times first, then one array a series; and the unit that they are in. */
export function columnsOf(spec: ChartSpec, samples: readonly Sample[]): { columns: number[][]; unit: string } {
  const raw = spec.series.map((series) => samples.map((sample) => series.value(sample)));
  const largest = raw.reduce((most, values) => values.reduce((a, b) => Math.max(a, b), most), 0);
  const { by, unit } = spec.scale(largest);
  const scaled = raw.map((values) => values.map((value) => value / by));
  return { columns: [samples.map(({ at }) => at), ...scaled], unit };
}

/** Samples of the last `seconds`. */
export function recent(samples: readonly Sample[], seconds: number): readonly Sample[] {
  const end = samples.at(-1)?.at ?? 0;
  const from = samples.findIndex(({ at }) => at >= end - seconds);
  return from <= 0 ? samples : samples.slice(from);
}
