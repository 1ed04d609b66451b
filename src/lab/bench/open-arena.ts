// Opens the memory that jobs are measured on: as much as the adapter's kind asks for, less where that does not fit.
import { GpuUnavailable } from '../../engine/gpu/unavailable.ts';
import type { Executor } from '../../engine/plan/executor.ts';
import { arenaConfig, arenaSize, type ArenaSize } from '../measure/arena.ts';
import { warning, type Warning } from '../measure/warnings.ts';
import type { BenchHost } from './bench-host.ts';
import { BenchFailure } from './experiment.ts';

/** With less than this there is nothing to rotate over. */
const FEWEST_PAGES = 512;

export interface OpenedArena {
  readonly executor: Executor;
  readonly size: ArenaSize;
  /** Said when memory was stepped down. */
  readonly stepped: readonly Warning[];
}

/** Default sizes are stepped down until they fit (design.md §8 Sizes). Throws BenchFailure when there is too little. */
export async function openArena(host: BenchHost, quick: boolean): Promise<OpenedArena> {
  const size = arenaSize(host.adapter, quick, host.facts.lastLevelCacheBytes ?? null);
  let fitting = size;
  for (;;) {
    const executor = await host.open(arenaConfig(fitting));
    if (!(executor instanceof GpuUnavailable)) return { executor, size: fitting, stepped: stepsDown(size, fitting) };
    const half = { ...fitting, dataPages: fitting.dataPages / 2 };
    const memory = executor.reason === 'limits' || executor.reason === 'out-of-memory';
    if (!memory || half.dataPages < FEWEST_PAGES) throw new BenchFailure('no-memory', executor.message);
    fitting = half;
  }
}

function stepsDown(from: ArenaSize, to: ArenaSize): Warning[] {
  if (from.dataPages === to.dataPages) return [];
  return [warning('vram-stepped-down', `${to.dataPages / 256} MiB a space instead of ${from.dataPages / 256}`)];
}
