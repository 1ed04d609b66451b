// The benchmark behind the page: at most one at a time, answered by one report or one failure; a cancelled one keeps what it has.
import { GpuUnavailable } from '../../engine/gpu/unavailable.ts';
import { DeviceLostError } from '../../engine/plan/executor.ts';
import { browserHost } from '../measure/environment.ts';
import { openExecutor, type ChosenAdapter } from '../session/open-executor.ts';
import type { BenchHost } from './bench-host.ts';
import { secondsLeft, type BenchFailureReason, type BenchRequest, type FromBench } from './bench-protocol.ts';
import { BenchFailure, type AnyCase } from './experiment.ts';
import { findBenchAdapter } from './find-adapter.ts';
import { judgeRequest, type Judged } from './judge-request.ts';
import { PageVisibility } from './page-visibility.ts';
import { runRequest } from './run-request.ts';
import { withTuning, type KeptTuning, type Tuned, type TuningStore } from './tuning.ts';

/** Progress is for eyes: the same thing is said again after this at the earliest. */
const PROGRESS_MS = 100;

/** The name under which tabs of one browser agree on who measures. */
const LOCK = 'pageferry-bench';

/** `locks` is absent where the page is not served securely, and outside browsers. */
export type BenchNavigator = Pick<Navigator, 'userAgent' | 'hardwareConcurrency'> & { readonly locks?: LockManager };

export interface BenchSessionHost {
  readonly gpu: GPU | undefined;
  readonly navigator: BenchNavigator;
  readonly wall: () => number;
  readonly catalogue: readonly AnyCase[];
  post(message: FromBench): void;
}

/** One benchmark under way. */
interface Live {
  readonly startMs: number;
  lastProgressMs: number;
  lastLabel: string;
  cancelled: boolean;
  /** Ends what runs now at once; null where it looks at `cancelled` itself. */
  stop: (() => void) | null;
}

export class BenchSession {
  readonly #host: BenchSessionHost;
  readonly #visibility = new PageVisibility();
  #live: Live | null = null;

  constructor(host: BenchSessionHost) {
    this.#host = host;
  }

  get busy(): boolean {
    return this.#live !== null;
  }

  /** Never throws and never rejects: what goes wrong is posted. */
  async start(request: BenchRequest): Promise<void> {
    if (this.busy) return this.refuse('busy', 'a benchmark is under way: wait for it, or cancel it');
    const judged = judgeRequest(this.#host.catalogue, request);
    if (!judged.ok) {
      const { field, given, allowed } = judged;
      return this.refuse('refused', `${field} is ${JSON.stringify(given)}, allowed: ${allowed}`, field);
    }
    const startMs = this.#host.wall();
    const live = { startMs, lastProgressMs: 0, lastLabel: '', cancelled: false, stop: null };
    this.#live = live;
    const answer = await this.#alone(() => this.#measure(judged, live));
    this.#live = null;
    return this.#host.post(answer);
  }

  /** Two tabs that measure at once would be in each other's figures. */
  #alone(measure: () => Promise<FromBench>): Promise<FromBench> {
    const { locks } = this.#host.navigator;
    if (locks === undefined) return measure();
    return locks.request(LOCK, { ifAvailable: true }, (lock) =>
      lock === null
        ? failed('busy', 'another tab of this browser measures: wait for it, or cancel it there')
        : measure(),
    );
  }

  /** What there is so far comes as a partial result. */
  cancel(): void {
    if (this.#live === null) return;
    this.#live.cancelled = true;
    this.#live.stop?.();
    this.#visibility.release();
  }

  hide(hidden: boolean): void {
    this.#visibility.set(hidden);
  }

  /** Answers a request that is not begun. */
  refuse(reason: BenchFailureReason, message: string, field: string | null = null): void {
    this.#host.post({ type: 'bench-failed', reason, field, message });
  }

  async #measure(judged: Judged, live: Live): Promise<FromBench> {
    try {
      const createdAt = new Date().toISOString();
      const chosen = await findBenchAdapter(this.#host.gpu, judged.request.adapter);
      if (chosen instanceof GpuUnavailable) return failed('no-adapter', chosen.message);
      const host = this.#hostOf(chosen, judged.request, live);
      const { tuned, ...tuning } = await this.#tune(host, chosen, judged.request);
      const open: BenchHost['open'] = (config) => openExecutor(this.#host.gpu, tuning.chosen, config);
      const report = await runRequest({ ...host, tuning, open }, judged, createdAt);
      return { type: 'bench-result', report, tuned };
    } catch (error) {
      if (error instanceof DeviceLostError) return failed('device-lost', error.message);
      if (error instanceof BenchFailure)
        return failed(error.reason === 'no-memory' ? 'no-adapter' : 'unfinished', error.message);
      return failed('bug', error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  /** Shapes that were chosen while the page was hidden are used, and not kept. */
  async #tune(
    host: BenchHost,
    chosen: ChosenAdapter,
    { tuning: { mode, kept } }: BenchRequest,
  ): Promise<Tuned & { readonly tuned: KeptTuning | null }> {
    const { gpu, wall } = this.#host;
    await this.#visibility.shown();
    const before = this.#visibility.disturbances();
    const { store, added } = keptBy(kept);
    const note = (text: string): void => host.note(text);
    const tuning = await withTuning(gpu, chosen, { store, mode, now: wall, note });
    return { ...tuning, tuned: this.#visibility.disturbances() === before ? added() : null };
  }

  #hostOf(chosen: ChosenAdapter, { machine }: BenchRequest, live: Live): BenchHost {
    const { gpu, navigator, wall } = this.#host;
    return {
      adapter: chosen.kind === 'any' ? 'hardware' : chosen.kind,
      fallback: chosen.fallback,
      facts: { ...browserHost(navigator), ...machine },
      open: (config) => openExecutor(gpu, chosen, config),
      now: wall,
      cancelled: () => live.cancelled,
      running: (stop, label) => {
        live.stop = stop;
        if (label !== '') this.#progress(live, 0, null, label);
      },
      progress: (done, total, label) => this.#progress(live, done, total, label),
      note: (text) => this.#progress(live, 0, null, text),
      disturbances: () => this.#visibility.disturbances(),
      quiet: () => (live.cancelled ? Promise.resolve(false) : this.#visibility.shown()),
    };
  }

  #progress(live: Live, done: number, total: number | null, label: string): void {
    const now = this.#host.wall();
    if (label === live.lastLabel && now - live.lastProgressMs < PROGRESS_MS) return;
    Object.assign(live, { lastProgressMs: now, lastLabel: label });
    const left = secondsLeft(done, total, now - live.startMs);
    this.#host.post({ type: 'bench-progress', done, total, label, secondsLeft: left });
  }
}

function failed(reason: BenchFailureReason, message: string): FromBench {
  return { type: 'bench-failed', reason, field: null, message };
}

/** The asker keeps tunings: a worker has nowhere to. */
function keptBy(kept: KeptTuning): { store: TuningStore; added: () => KeptTuning | null } {
  let added: KeptTuning | null = null;
  const store: TuningStore = {
    read: () => Promise.resolve({ kept, note: null }),
    add: (tuned) => {
      added = tuned;
      return Promise.resolve(null);
    },
  };
  return { store, added: () => added };
}
