// The clock of a run: wall time less pauses for live runs, or a number that only the driver moves for model runs.
import { NS_PER_MS, type Ns } from '../../base/units.ts';

/** Monotonic wall milliseconds; `performance.now` in the worker and in Node. */
export type WallClock = () => number;

export class LiveClock {
  private readonly wall: WallClock;
  private readonly startMs: number;
  private pausedAt: number | null = null;
  private pausedMs = 0;

  constructor(wall: WallClock) {
    this.wall = wall;
    this.startMs = wall();
  }

  /** Nanoseconds of running time. */
  now(): Ns {
    const end = this.pausedAt ?? this.wall();
    return Math.max(0, Math.round((end - this.startMs - this.pausedMs) * NS_PER_MS));
  }

  get paused(): boolean {
    return this.pausedAt !== null;
  }

  pause(): void {
    this.pausedAt ??= this.wall();
  }

  resume(): void {
    if (this.pausedAt === null) return;
    this.pausedMs += this.wall() - this.pausedAt;
    this.pausedAt = null;
  }
}

/** Time spent on the workload, on one clock: from `begin` to `end`, less what is set aside in between. */
export class WorkTime {
  private readonly clock: () => number;
  private from: number;
  private until: number | null = null;
  private aside = 0;
  private asideSince: number | null = null;

  constructor(clock: () => number) {
    this.clock = clock;
    this.from = clock();
  }

  begin(): void {
    this.from = this.clock();
    this.aside = 0;
  }

  end(): void {
    this.until = this.asideSince ?? this.clock();
  }

  /** What follows is no part of the workload, until `resume`. */
  setAside(): void {
    this.asideSince ??= this.clock();
  }

  resume(): void {
    if (this.asideSince !== null && this.until === null) this.aside += this.clock() - this.asideSince;
    this.asideSince = null;
  }

  /** In the units of the clock. */
  get elapsed(): number {
    return (this.until ?? this.asideSince ?? this.clock()) - this.from - this.aside;
  }
}
