// The machine that all rooms of the model share: clock, jobs, page frames, processes, devices.
import type { JobCost } from './sched/job-queue.ts';
import { JobQueue } from './sched/job-queue.ts';
import { Sched } from './sched/sched.ts';
import { SILENT, type EventSink } from './event/event.ts';
import type { MmWorld } from './mm/mm.ts';
import { PageStore } from './mm/pages.ts';

export interface World extends MmWorld {
  /** Interconnect group of each device (gpusvm-and-pagemap.md §4.11): equal objects may read each other's pages. */
  readonly deviceOwners: (object | null)[];
}

export interface WorldConfig {
  /** Frames of RAM, the shared zero page included. */
  readonly systemPages: number;
  /** Frames of VRAM of each device. */
  readonly devicePages: readonly number[];
  /** Default: a first-come scheduler. */
  readonly sched?: Sched;
  /** Model duration of a job; default 0. Ignored when `jobs` is given. */
  readonly cost?: JobCost;
  readonly jobs?: JobQueue;
  /** Default: nobody listens. */
  readonly events?: EventSink;
}

/** A machine without processes and device drivers. */
export function createWorld(config: WorldConfig): World {
  const sched = config.sched ?? new Sched();
  return {
    sched,
    jobs: config.jobs ?? new JobQueue(sched, config.cost ?? (() => 0)),
    pages: new PageStore(config.systemPages, config.devicePages),
    events: config.events ?? SILENT,
    mms: new Map(),
    devices: [],
    deviceOwners: [],
  };
}
