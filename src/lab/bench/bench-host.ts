// What a benchmark needs from whatever runs it, a command line or a page: memory on an adapter, a clock, someone to tell.
import type { HostFacts } from '../measure/environment.ts';
import type { ExperimentHost } from './experiment.ts';
import type { Tuned } from './tuning.ts';

export interface BenchHost extends ExperimentHost {
  /** What is measured: it decides how much memory a run asks for. */
  readonly adapter: 'hardware' | 'software' | 'twin';
  /** Why it is not what `auto` would rather have; null where there is nothing to explain. */
  readonly fallback: string | null;
  readonly facts: HostFacts;
  /** Copy shapes of the adapter, and what a reader should know about them; absent: the default ones. */
  readonly tuning?: Pick<Tuned, 'facts' | 'notes'> | undefined;
  /** `total` is null where nobody knows it. */
  progress(done: number, total: number | null, label: string): void;
  /** One line about what begins now. */
  note(text: string): void;
  /** Rises with everything that makes a clock's reading doubtful, such as a page that was hidden. Absent: nothing does. */
  disturbances?(): number;
  /** Waits while measuring makes no sense (a hidden page), or until cancelled; says whether it waited. */
  quiet?(): Promise<boolean>;
}
