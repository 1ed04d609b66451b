// Every doubt about a measurement is one of these: a stable code, what was seen, and what the reader can do about it.
import * as v from 'valibot';

/** What to do about each kind of doubt. The keys are stable: reports carry them. */
const ADVICE = {
  'software-adapter': 'A CPU ran the shaders: compare ratios within this report, never absolute rates with a GPU.',
  'nothing-on-gpu': 'The CPU twin ran the jobs. Use --adapter to choose a GPU or a software adapter.',
  'coarse-clock':
    'Timestamps step coarsely; regions were made long enough. In Chrome, enable WebGPU developer features for finer ones.',
  'too-small-to-measure':
    'The measured region is short against the step of the clock: take the figure as an order of magnitude.',
  drift: 'The machine slowed down or sped up while measuring (heat, other load): run again on a quiet machine.',
  outliers: 'Some samples lie far from the rest; the median ignores them. Close other programs for a smaller spread.',
  'few-samples': 'Fewer samples than asked for fitted into the time: run without --quick for a tighter figure.',
  unverified: 'Bytes were not compared after this run: do not trust its figures further than that.',
  'verification-failed': 'Wrong bytes were found: no figure of this report means anything until that is mended.',
  'vram-stepped-down':
    'The device had less memory than the default asks for: choose a smaller footprint or VRAM to be sure.',
  'working-set-small':
    'Cached: repeats may find their bytes in the last-level cache, so that rates may be those of a cache.',
  'dropped-timestamps':
    'The device returned impossible or no timestamps for some samples; they were left out and counted.',
  'uploads-fell-back':
    'Mapped staging buffers ran out, and part of the bytes went by writeBuffer: the figure is that of both paths together.',
  'no-valid-samples': 'Every sample was lost or disturbed, so there is no figure: measure again on a quiet machine.',
  'no-timestamps': 'The adapter has no timestamp queries: times are wall time and include submission and waiting.',
  'hidden-tab': 'The page was in the background for a while: browsers slow such pages down.',
  partial: 'The run was stopped before its end: what is here was measured, the rest is missing.',
  'device-lost': 'The device went away during the run. Start again; update the driver if it happens often.',
  'chunk-ladder': 'Add 4K to the chunk ladder, or expect faults that cannot be served.',
  'placeholder-costs': 'Model times rest on constants that are not calibrated yet: compare runs, do not quote times.',
  'unserved-accesses': 'Some accesses could not be served and were left out: see the notes.',
  'out-of-time': 'The time of --budget was used up: allow more seconds, or choose fewer cases.',
  'passes-differ': 'Not every pass of --repeat is in this figure: another clock timed it, or it was cut short.',
  'adapters-differ': 'Ratios compare the adapters, not versions: measure both reports on one machine for a verdict.',
  'software-and-hardware': 'One side ran on a CPU: no verdict is possible. Measure both on adapters of one kind.',
  'modes-differ': 'The two runs did different work: measure both with the same settings for a verdict.',
  'clocks-differ': 'Different clocks time different things: measure both where the same clock is available.',
  'setups-differ': 'A difference may come from what is named here: keep it the same to compare one change alone.',
  'parameters-differ': 'The case was set up differently: look at its params in both reports before trusting the ratio.',
  'units-differ': 'Figures of different units have no ratio.',
  'unknown-unit': 'Whether more is better is known for rates and times only.',
  'few-to-compare': 'A verdict needs at least five samples on each side: measure again with --samples.',
  'no-ratio': 'A ratio needs samples that are above 0.',
  'claims-too-often': 'Equal runs look different here: something disturbs one side more. Trust only large differences.',
  'unknown-url-key': 'The address holds settings that this version does not know.',
} as const;

export type WarningCode = keyof typeof ADVICE;

const CODES = Object.keys(ADVICE) as [WarningCode, ...WarningCode[]];

/** Codes of a newer version are kept as they are: a report outlives the program that wrote it. */
export const WarningSchema = v.object({ code: v.string(), message: v.string(), advice: v.string() });

/** A doubt about a measurement or a run. */
export interface Warning {
  readonly code: string;
  /** What was seen, with its values. */
  readonly message: string;
  readonly advice: string;
}

export function warning(code: WarningCode, message: string): Warning {
  return { code, message, advice: ADVICE[code] };
}

export function warningCodes(): readonly WarningCode[] {
  return CODES;
}
