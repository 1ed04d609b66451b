// Contention: half of the bytes go up and half go down in one job, as when eviction makes room for what comes in.
import type { Rng } from '../../src/base/rng.ts';
import { PAGE_SIZE } from '../../src/base/units.ts';
import type { Command } from '../../src/engine/plan/commands.ts';
import { SPACES, type Arena } from '../../src/lab/measure/arena.ts';
import type { BenchCase, Check, PreparedCase } from '../../src/lab/measure/bench-case.ts';
import {
  chunkFrames,
  cyclicRegion,
  judgeHashes,
  mostChunks,
  type ChunkPlan,
  type Direction,
} from '../../src/lab/measure/chunk-plan.ts';
import { shuffled } from '../../src/lab/measure/sampler.ts';
import { copier, HOW, MODES, type CopyMode } from './copy.ts';
import { CHUNKS, PAYLOAD } from './sizes.ts';

/** 8 MiB, what one job of the driver copies at most (xe.md §4.3), and the copy engine's window holds. */
const JOB_PAGES = 2048;

export const BOTH_CASES: readonly BenchCase[] = CHUNKS.flatMap((chunk) => MODES.map((mode) => bothOf(chunk, mode)));

/** Measured in turns with the copies up, one of which moves as many bytes one way. */
function bothOf({ name, pages }: (typeof CHUNKS)[number], mode: CopyMode): BenchCase {
  const core = mode === 'physical' && (name === '4K' || name === '2M');
  return {
    id: `copy.both.${name}.${mode}`,
    about: `both ways in one job, ${name} chunks in random places, up to 8 MiB up and as much down in turns, ${mode} copies`,
    unit: 'B/s',
    measure: 'rate',
    convention: `${PAYLOAD}; both ways together, ${HOW[mode]}`,
    peer: `copy.up.${name}.${mode}`,
    limit: 'limit.linear.up',
    tier: core ? 'core' : 'more',
    group: 'copy.up',
    prepare: (arena, rng) => prepareBoth(arena, pages, mode, rng),
  };
}

/** The lower half of system memory goes up, the upper half of VRAM comes down: no byte is in both ways. */
function prepareBoth(arena: Arena, chunkPages: number, mode: CopyMode, rng: Rng): PreparedCase {
  const { dataPages } = arena.size;
  const [up, down] = [
    planHalf('up', chunkFrames(0, dataPages / 2, chunkPages), rng),
    planHalf('down', chunkFrames(dataPages / 2, dataPages, chunkPages), rng),
  ];
  const ways = [copier(arena, up, 'up', mode), copier(arena, down, 'down', mode)];
  // One operation is a chunk up and a chunk down; as many as one job of the driver moves go one way before the other's turn.
  const atATime = JOB_PAGES / chunkPages;
  const copy = (first: number, count: number): Command[] => {
    const commands: Command[] = [];
    for (let at = first; at < first + count; at += atATime)
      for (const way of ways) commands.push(...way.copy(at, Math.min(atATime, first + count - at)));
    return commands;
  };
  const bytes = chunkPages * PAGE_SIZE;
  return {
    setup: [arena.fill(SPACES.system), arena.fill(SPACES.vram), ...ways.flatMap(({ setup }) => setup)],
    maxOps: Math.max(1, mostChunks(dataPages, chunkPages) / 2),
    amountPerOp: 2 * bytes,
    region: (ops, start) => cyclicRegion(up.chunks, ops, start, copy),
    check: checkBoth(arena, up, down, copy),
    params: { chunkBytes: bytes, ...arena.workingSet(2 * dataPages * PAGE_SIZE) },
  };

  function planHalf(direction: Direction, frames: readonly number[], order: Rng): ChunkPlan {
    const { system, vram } = SPACES;
    const [srcSpace, dstSpace] = direction === 'up' ? [system, vram] : [vram, system];
    const [src, dst] = [shuffled(frames, order), shuffled(frames, order)];
    return { srcSpace, dstSpace, chunkPages, chunks: frames.length, src, dst };
  }
}

function checkBoth(
  arena: Arena,
  up: ChunkPlan,
  down: ChunkPlan,
  copy: (first: number, count: number) => Command[],
): Check {
  const half = arena.size.dataPages / 2;
  const commands = [
    arena.fill(SPACES.system),
    arena.fill(SPACES.vram),
    arena.poison(SPACES.vram, 0, half),
    arena.poison(SPACES.system, half, half),
    ...copy(0, up.chunks),
    arena.hashAll(SPACES.vram),
    arena.hashAll(SPACES.system),
  ];
  return {
    commands,
    judge: (completion) => {
      const [there, back] = [judgeHashes(arena, up, completion), judgeHashes(arena, down, completion, 4 * half)];
      return {
        pagesChecked: there.pagesChecked + back.pagesChecked,
        mismatchedPages: there.mismatchedPages + back.mismatchedPages,
      };
    },
  };
}
