// Rates of the last minute or so, sample by sample, in rings of fixed size; and the marks where live fields changed.
import type { PhaseView, Snapshot } from '../../lab/session/protocol.ts';

/** One point of every chart. Rates are per second of wall time. */
export interface Sample {
  /** Seconds on the clock of the run. */
  readonly at: number;
  readonly upBytes: number;
  readonly downBytes: number;
  readonly faults: number;
  readonly migrations: number;
  readonly residentPages: number;
  readonly totalPages: number;
}

export interface Mark {
  readonly at: number;
  readonly label: string;
}

/** Snapshots are gathered into samples at least this long: shorter ones show single migrations as spikes. */
const SAMPLE_SECONDS = 0.5;
const KEPT_SAMPLES = 600;
const KEPT_MARKS = 40;

export class History {
  readonly samples: Sample[] = [];
  readonly marks: Mark[] = [];
  /** The newest window of each phase that saw anything. */
  phases: readonly PhaseView[] = [];
  #lastAt = -1;
  #gathered = { seconds: 0, upBytes: 0, downBytes: 0, faults: 0, migrations: 0 };

  clear(): void {
    this.samples.length = 0;
    this.marks.length = 0;
    this.phases = [];
    this.#lastAt = -1;
    this.#empty();
  }

  add(snapshot: Snapshot): void {
    const at = snapshot.nowNs / 1e9;
    for (const label of snapshot.marks) keep(this.marks, { at, label }, KEPT_MARKS);
    this.phases = mergePhases(this.phases, snapshot.phases);
    // A paused run posts the same moment again.
    if (at <= this.#lastAt) return;
    this.#lastAt = at;
    this.#gather(snapshot);
    if (this.#gathered.seconds < SAMPLE_SECONDS) return;
    keep(this.samples, this.#sample(snapshot), KEPT_SAMPLES);
    this.#empty();
  }

  #gather({ rates }: Snapshot): void {
    const sum = this.#gathered;
    sum.seconds += rates.seconds;
    sum.upBytes += rates.upBytes;
    sum.downBytes += rates.downBytes;
    sum.faults += rates.faults;
    sum.migrations += rates.migrations;
  }

  #sample({ nowNs, rates }: Snapshot): Sample {
    const { seconds, upBytes, downBytes, faults, migrations } = this.#gathered;
    return {
      at: nowNs / 1e9,
      upBytes: upBytes / seconds,
      downBytes: downBytes / seconds,
      faults: faults / seconds,
      migrations: migrations / seconds,
      residentPages: rates.residentPages,
      totalPages: rates.totalPages,
    };
  }

  #empty(): void {
    this.#gathered = { seconds: 0, upBytes: 0, downBytes: 0, faults: 0, migrations: 0 };
  }
}

/** A phase without news keeps its last figures, so that a slow run does not flicker. */
function mergePhases(old: readonly PhaseView[], fresh: readonly PhaseView[]): readonly PhaseView[] {
  return fresh.map((view) => (view.count > 0 ? view : (old.find(({ phase }) => phase === view.phase) ?? view)));
}

function keep<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length > most) list.shift();
}
