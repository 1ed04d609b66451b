// Decides with which copy shapes a run goes on a device: kept ones of this adapter, driver and version, or tuned ones.
import { probeAdapter } from '../../engine/gpu/adapter.ts';
import { autotune, type Autotuned } from '../../engine/gpu/autotune.ts';
import { COPY_DIRECTIONS, type CopyDirection } from '../../engine/gpu/copy-shape.ts';
import { tuningFor, tuningKey, type TuningTable } from '../../engine/gpu/tuning.ts';
import { GpuUnavailable } from '../../engine/gpu/unavailable.ts';
import type { ExecutorInfo } from '../../engine/plan/executor.ts';
import { TOOL } from '../measure/environment.ts';
import type { TuningFacts } from '../measure/report.ts';
import type { ChosenAdapter } from '../session/open-executor.ts';

type Trials = NonNullable<TuningFacts['trials']>;

/** What a store keeps: shapes that executors take, and for people how they were found. Both by key. */
export interface KeptTuning {
  readonly table: TuningTable;
  readonly trials: Readonly<Record<string, Trials>>;
}

export const NOTHING_KEPT: KeptTuning = { table: {}, trials: {} };

/** Where tunings outlive a run: a file, or what a browser keeps. Neither method rejects: nothing depends on a cache. */
export interface TuningStore {
  /** `note`: why what is there was not used; null where all is well or nothing is there. */
  read(): Promise<{ readonly kept: KeptTuning; readonly note: string | null }>;
  /** Keeps `tuned` beside what is there. Gives a note where it could not, else null. */
  add(tuned: KeptTuning): Promise<string | null>;
}

/** `stored`: kept shapes or default ones; `auto`: tune where none are kept; `always`: tune; `never`: default shapes. */
export type TuningMode = 'stored' | 'auto' | 'always' | 'never';

export interface TuningOptions {
  readonly store: TuningStore;
  readonly mode: TuningMode;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Told once, when tuning begins. */
  readonly note: (text: string) => void;
}

export interface Tuned {
  readonly chosen: ChosenAdapter;
  /** Null on the twin, which has no shapes. */
  readonly facts: TuningFacts | null;
  /** What a reader should know about where the shapes come from. */
  readonly notes: readonly string[];
}

/** The chosen adapter with shapes. Rejects with what an executor throws when the device is lost while it is tuned. */
export async function withTuning(
  gpu: GPU | undefined,
  chosen: ChosenAdapter,
  { store, mode, now, note }: TuningOptions,
): Promise<Tuned> {
  const probe = chosen.kind === 'twin' ? null : await probeAdapter(gpu, chosen.kind);
  if (chosen.kind === 'twin' || probe === null || probe instanceof GpuUnavailable)
    return { chosen, facts: null, notes: [] };
  const { info } = probe;
  if (mode === 'never') return { chosen, facts: factsOf(info, NOTHING_KEPT, 'default'), notes: [] };
  const { kept, note: unread } = await store.read();
  const notes = unread === null ? [] : [unread];
  const has = Object.hasOwn(kept.table, tuningKey(info, TOOL.version));
  if (mode === 'stored' || (mode === 'auto' && has))
    return { chosen: { ...chosen, tuning: kept.table }, facts: factsOf(info, kept, has ? 'table' : 'default'), notes };
  note(`choosing copy shapes on ${info.name} …`);
  const tuned = await autotune(gpu, { adapter: chosen.kind, toolVersion: TOOL.version, clock: now });
  if (tuned instanceof GpuUnavailable)
    return { chosen, facts: factsOf(info, NOTHING_KEPT, 'default'), notes: [...notes, `not tuned: ${tuned.message}`] };
  const found = { table: tuned.table, trials: trialsOf(tuned) };
  const unkept = worthKeeping(info, tuned) ? await store.add(found) : null;
  return {
    chosen: { ...chosen, tuning: found.table },
    facts: factsOf(info, found, 'tuned'),
    notes: unkept === null ? notes : [...notes, unkept],
  };
}

/** A GPU that was too busy to be tuned gets another chance; a CPU is as slow the next time. */
function worthKeeping({ software }: ExecutorInfo, { choices }: Autotuned): boolean {
  return software || COPY_DIRECTIONS.every((direction) => choices[direction].reason !== 'too few rounds');
}

/** With the shapes that an executor makes of the table, not those that stand there. */
function factsOf(info: ExecutorInfo, { table, trials }: KeptTuning, source: TuningFacts['source']): TuningFacts {
  const { key, shapes } = tuningFor(info, table, TOOL.version);
  const { up, down, within } = shapes;
  const found = Object.hasOwn(trials, key) ? trials[key] : undefined;
  return {
    source,
    key,
    shapes: { up: { ...up }, down: { ...down }, within: { ...within } },
    ...(found === undefined || source === 'default' ? {} : { trials: found }),
  };
}

function trialsOf({ table, choices }: Autotuned): Record<string, Trials> {
  const one = (direction: CopyDirection): Trials['up'] => {
    const { gain, rounds, reason, times } = choices[direction];
    return {
      gain,
      rounds,
      reason,
      times: times.map(({ shape, median, mad }) => ({ shape: { ...shape }, medianNs: median, madNs: mad })),
    };
  };
  const trials = Object.fromEntries(COPY_DIRECTIONS.map((direction) => [direction, one(direction)]));
  return Object.fromEntries(Object.keys(table).map((key) => [key, trials as Trials]));
}
