// How long a workload took, on the run's clock and on the wall's: pauses, population and verification are left out.
import { NS_PER_S } from '../../base/units.ts';
import { LiveClock, WorkTime, type WallClock } from './clock.ts';
import type { Driver } from './driver.ts';

export class RunTime {
  private readonly driver: Driver;
  /** Wall time less pauses, whatever clock the run has. */
  private readonly wall: LiveClock;
  private readonly onWall: WorkTime;
  private readonly onClock: WorkTime;

  constructor(driver: Driver, wall: WallClock) {
    this.driver = driver;
    this.wall = new LiveClock(wall);
    this.onWall = new WorkTime(() => this.wall.now());
    this.onClock = new WorkTime(() => driver.now());
  }

  /** Memory is populated: the workload begins. */
  begin(): void {
    this.onWall.begin();
    this.onClock.begin();
  }

  end(): void {
    this.onWall.end();
    this.onClock.end();
  }

  /** Nothing moves until `goOn`: time stands still. */
  rest(): void {
    this.driver.pause();
    this.wall.pause();
  }

  goOn(): void {
    this.driver.resume();
    this.wall.resume();
  }

  /** What follows is no part of the workload, until `work`. */
  setAside(): void {
    this.onWall.setAside();
    this.onClock.setAside();
  }

  work(): void {
    this.onWall.resume();
    this.onClock.resume();
  }

  get wallSeconds(): number {
    return this.onWall.elapsed / NS_PER_S;
  }

  /** On the run's clock: model time of a model run. */
  get clockSeconds(): number {
    return this.onClock.elapsed / NS_PER_S;
  }
}
