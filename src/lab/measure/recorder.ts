// Listens to a model and keeps what a report, a chart and an inspector ask for: counts, latencies, a hash, a timeline.
import { PAGE_SIZE, type Ns } from '../../base/units.ts';
import type { EventSink, ModelEvent, Phase } from '../../model/event/event.ts';
import { EventHash } from './event-hash.ts';
import { LogHistogram } from './histogram.ts';

/** Events kept for the timeline; older ones make room and are counted. */
const TIMELINE_CAP = 65_536;

export const PHASES: readonly Phase[] = ['queue', 'service', 'copy', 'get-pages', 'bind'];

export interface TimedEvent {
  readonly now: Ns;
  readonly event: ModelEvent;
}

/** Latencies of one phase, in ns of the run's clock. */
export interface PhaseHistograms {
  /** Since the start. */
  readonly total: LogHistogram;
  /** Since `startWindow`. */
  readonly window: LogHistogram;
}

/** Totals since the start, in bytes and counts: rates are their differences. */
export interface Totals {
  bytesToVram: number;
  bytesToRam: number;
  migrations: number;
  evictions: number;
  faults: number;
}

export class Recorder implements EventSink {
  readonly #cap: number;
  #counts = new Map<string, number>();
  #hash = new EventHash();
  #ring: TimedEvent[] = [];
  #seen = 0;
  #totals = noTotals();
  #phases = newPhases();
  #served = new LogHistogram();

  constructor(timelineCap = TIMELINE_CAP) {
    this.#cap = timelineCap;
  }

  emit(now: Ns, event: ModelEvent): void {
    this.#hash.add(event);
    this.#keep({ now, event });
    this.#count(event);
    this.#fold(now, event);
  }

  /** How often each kind of event happened: names `x_event_…`, beside the driver's own counters. */
  counters(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Hash over events and their order, without times. */
  get eventHash(): string {
    return this.#hash.digest();
  }

  get totals(): Readonly<Totals> {
    return this.#totals;
  }

  phase(phase: Phase): PhaseHistograms {
    return this.#phases[phase];
  }

  /** From a fault's arrival to its answer, in ns. */
  get faultService(): LogHistogram {
    return this.#served;
  }

  startWindow(): void {
    for (const phase of PHASES) this.#phases[phase].window.reset();
  }

  /** The newest events, oldest first. */
  timeline(): readonly TimedEvent[] {
    const at = this.#ring.length < this.#cap ? 0 : this.#seen % this.#cap;
    return [...this.#ring.slice(at), ...this.#ring.slice(0, at)];
  }

  /** Events that the timeline no longer holds. */
  get timelineDropped(): number {
    return this.#seen - this.#ring.length;
  }

  reset(): void {
    this.#counts = new Map();
    this.#hash = new EventHash();
    this.#ring = [];
    this.#seen = 0;
    this.#totals = noTotals();
    this.#phases = newPhases();
    this.#served = new LogHistogram();
  }

  #keep(entry: TimedEvent): void {
    this.#ring[this.#seen % this.#cap] = entry;
    this.#seen++;
  }

  #count(event: ModelEvent): void {
    const name = counterName(event);
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  #fold(now: Ns, event: ModelEvent): void {
    switch (event.kind) {
      case 'migrate':
        if (event.status === 0) this.#migrated(event.direction, event.moved * PAGE_SIZE);
        return;
      case 'phase':
        this.#phases[event.phase].total.add(event.endNs - event.startNs);
        this.#phases[event.phase].window.add(event.endNs - event.startNs);
        return;
      case 'fault-done':
        this.#served.add(now - event.startNs);
        return;
      case 'fault':
        this.#totals.faults++;
        return;
      case 'evict':
        if (event.status === 0) this.#totals.evictions++;
        return;
      default:
    }
  }

  #migrated(direction: 'to-vram' | 'to-ram', bytes: number): void {
    this.#totals.migrations++;
    if (direction === 'to-vram') this.#totals.bytesToVram += bytes;
    else this.#totals.bytesToRam += bytes;
  }
}

/** Kinds that people tell apart get a counter each. */
function counterName(event: ModelEvent): string {
  switch (event.kind) {
    case 'migrate':
      return `x_event_migrate_${snake(event.direction)}${event.status === 0 ? '' : '_failed'}`;
    case 'copy':
      return `x_event_copy_${snake(event.direction)}`;
    case 'cpu-fault':
      return `x_event_cpu_fault_${event.outcome.toLowerCase()}`;
    case 'fault-done':
      return event.status === 0 ? 'x_event_fault_served' : 'x_event_fault_failed';
    case 'phase':
      return `x_event_phase_${snake(event.phase)}`;
    case 'evict':
      return event.status === 0 ? 'x_event_evict' : 'x_event_evict_failed';
    default:
      return `x_event_${snake(event.kind)}`;
  }
}

function snake(text: string): string {
  return text.replaceAll('-', '_');
}

function noTotals(): Totals {
  return { bytesToVram: 0, bytesToRam: 0, migrations: 0, evictions: 0, faults: 0 };
}

function newPhases(): Record<Phase, PhaseHistograms> {
  const one = (): PhaseHistograms => ({ total: new LogHistogram(), window: new LogHistogram() });
  return { queue: one(), service: one(), copy: one(), 'get-pages': one(), bind: one() };
}
