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

  pause(): void {
    this.pausedAt ??= this.wall();
  }

  resume(): void {
    if (this.pausedAt === null) return;
    this.pausedMs += this.wall() - this.pausedAt;
    this.pausedAt = null;
  }
}
