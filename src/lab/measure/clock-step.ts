// How finely the clocks step, measured: browsers coarsen them, and no flag can be trusted to say by how much.
import type { Command } from '../../engine/plan/commands.ts';
import type { ClockFacts } from './environment.ts';
import type { JobRunner } from './job-runner.ts';

/** Jobs of different length whose durations share no divisor but the step. */
const PROBES = 24;
/** So many durations above 0 are enough; work that takes no time is made larger, up to this. */
const ENOUGH = 12;
const MAX_SCALE = 512;
/** Steps of the wall clock to see; a clock that stands still for so many readings has stopped. */
const WALL_STEPS = 16;
const MAX_READINGS = 2_000_000;

/** Greatest common divisor of whole numbers ≥ 0; 0 for none or only zeros. */
export function commonStep(values: readonly number[]): number {
  return values.reduce((a, b) => gcd(a, Math.round(b)), 0);
}

/** `work(size)` gives commands that take longer the larger `size` is (1 …). */
export async function measureClocks(
  runner: JobRunner,
  work: (size: number) => readonly Command[],
): Promise<ClockFacts> {
  const wallStepNs = wallStep(runner.now);
  if (!runner.executor.info.timestamps) return { gpuStepNs: null, wallStepNs };
  let durations: number[] = [];
  for (let scale = 1; scale <= MAX_SCALE && durations.length < ENOUGH; scale *= 8)
    durations = await durationsOf(runner, work, scale);
  const step = commonStep(durations);
  return { gpuStepNs: step === 0 ? null : step, wallStepNs };
}

/** Times above 0 of jobs of every size: on a coarse clock, small ones take no time at all. */
async function durationsOf(
  runner: JobRunner,
  work: (size: number) => readonly Command[],
  scale: number,
): Promise<number[]> {
  const durations: number[] = [];
  for (let size = 1; size <= PROBES; size++) {
    const { gpuNs } = await runner.run('clock step', work(size * scale), true);
    if (gpuNs !== null && gpuNs > 0) durations.push(gpuNs);
  }
  return durations;
}

/** Smallest difference between neighbouring readings, in ns; null when the clock does not move. */
export function wallStep(now: () => number): number | null {
  let smallest = Number.POSITIVE_INFINITY;
  let last = now();
  for (let steps = 0, readings = 0; steps < WALL_STEPS && readings < MAX_READINGS; readings++) {
    const time = now();
    if (time === last) continue;
    smallest = Math.min(smallest, time - last);
    last = time;
    steps++;
  }
  return Number.isFinite(smallest) ? Math.max(1, Math.round(smallest * 1e6)) : null;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
