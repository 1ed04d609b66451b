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

const KEPT_SAMPLES = 600;
const KEPT_MARKS = 40;

export class History {
  readonly samples: Sample[] = [];
  readonly marks: Mark[] = [];
  /** The newest window of each phase that saw anything. */
  phases: readonly PhaseView[] = [];

  clear(): void {
    this.samples.length = 0;
    this.marks.length = 0;
    this.phases = [];
  }

  add(snapshot: Snapshot): void {
    const at = snapshot.nowNs / 1e9;
    for (const label of snapshot.marks) keep(this.marks, { at, label }, KEPT_MARKS);
    this.phases = mergePhases(this.phases, snapshot.phases);
    const last = this.samples.at(-1);
    // A paused run posts the same moment again; a chart wants time to rise.
    if (snapshot.rates.seconds > 0 && (last === undefined || at > last.at))
      keep(this.samples, sampleOf(snapshot), KEPT_SAMPLES);
  }
}

function sampleOf({ nowNs, rates }: Snapshot): Sample {
  const per = (amount: number): number => amount / rates.seconds;
  return {
    at: nowNs / 1e9,
    upBytes: per(rates.upBytes),
    downBytes: per(rates.downBytes),
    faults: per(rates.faults),
    migrations: per(rates.migrations),
    residentPages: rates.residentPages,
    totalPages: rates.totalPages,
  };
}

/** A phase without news keeps its last figures, so that a slow run does not flicker. */
function mergePhases(old: readonly PhaseView[], fresh: readonly PhaseView[]): readonly PhaseView[] {
  return fresh.map((view) => (view.count > 0 ? view : (old.find(({ phase }) => phase === view.phase) ?? view)));
}

function keep<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length > most) list.shift();
}
