// Messages of a benchmark between the page and the session worker; the worker refuses what is out of bounds, by name.
import type { HostFacts } from '../measure/environment.ts';
import type { Report } from '../measure/report.ts';
import type { AdapterChoice } from '../session/open-executor.ts';
import { NOTHING_KEPT, type KeptTuning, type TuningMode } from './tuning.ts';

/** What is to be measured, and how. Bounds: choices.ts·BOUNDS. */
export interface BenchRequest {
  /** Ids or their first parts; none: the core, unless `all` or `filter` ask for more. */
  readonly ids: readonly string[];
  readonly all: boolean;
  /** Keeps those whose id contains it; null: all. */
  readonly filter: string | null;
  /** With each case those that it is to be compared with. */
  readonly peers: boolean;
  readonly adapter: AdapterChoice;
  readonly quick: boolean;
  /** Null: as many as a full or quick run takes. */
  readonly samples: number | null;
  readonly seed: number;
  readonly repeat: number;
  /** Null: no limit. */
  readonly budgetSeconds: number | null;
  /** Trials of one case against itself; null: no A/A. */
  readonly aa: number | null;
  /** How copy shapes are chosen, and what the asker has kept of earlier benchmarks. */
  readonly tuning: { readonly mode: TuningMode; readonly kept: KeptTuning };
  /** What the asker knows of the machine, which no page is told; empty on a page. */
  readonly machine: Partial<Omit<HostFacts, 'runtime' | 'version'>>;
  /** What a user typed, for the report; '' on a page. */
  readonly command: string;
}

/** Page → worker. `bench-cancel` ends a benchmark: what it has comes as a partial result. */
export type ToBench = ({ readonly type: 'bench' } & BenchRequest) | { readonly type: 'bench-cancel' };

/**
 * `refused`: the request is out of bounds or chooses nothing; `busy`: something else runs; `no-adapter`: none of the kind
 * asked for, or it gives no memory; `device-lost`; `unfinished`: a run of the model failed; `bug`.
 */
export type BenchFailureReason = 'refused' | 'busy' | 'no-adapter' | 'device-lost' | 'unfinished' | 'bug';

/** Worker → page. Each `bench` is answered by one `bench-result` or `bench-failed`, and by any number of progress before. */
export type FromBench =
  | {
      readonly type: 'bench-progress';
      readonly done: number;
      /** Null where nobody knows it. */
      readonly total: number | null;
      readonly label: string;
      /** An estimate; null before there is one. */
      readonly secondsLeft: number | null;
    }
  /** A cancelled one says `partial`. `tuned`: copy shapes that the asker may keep; null where none were chosen anew. */
  | { readonly type: 'bench-result'; readonly report: Report; readonly tuned: KeptTuning | null }
  | {
      readonly type: 'bench-failed';
      readonly reason: BenchFailureReason;
      /** What was refused; null for other reasons. */
      readonly field: string | null;
      readonly message: string;
    };

/** What a page asks for unless its user says otherwise: the core, quickly. */
export const QUICK_REQUEST: BenchRequest = {
  ids: [],
  all: false,
  filter: null,
  peers: true,
  adapter: 'auto',
  quick: true,
  samples: null,
  seed: 1,
  repeat: 1,
  budgetSeconds: null,
  aa: null,
  tuning: { mode: 'auto', kept: NOTHING_KEPT },
  machine: {},
  command: '',
};

/** How long the rest will take when it goes on as it did; null where that cannot be told. */
export function secondsLeft(done: number, total: number | null, elapsedMs: number): number | null {
  return total === null || done === 0 ? null : Math.ceil(((elapsedMs / done) * (total - done)) / 1000);
}
