// Migration copies as the engine makes them: random chunks of one size, by frame numbers or through the copy engine's tables.
import type { Rng } from '../../src/base/rng.ts';
import type { Command } from '../../src/engine/plan/commands.ts';
import type { Arena } from '../../src/lab/measure/arena.ts';
import type { BenchCase, PreparedCase } from '../../src/lab/measure/bench-case.ts';
import { copyCase, planChunks, type ChunkPlan, type Direction } from '../../src/lab/measure/chunk-plan.ts';
import { CopyWindow } from '../../src/lab/measure/copy-window.ts';
import { CHUNKS, DIRECTIONS, PAYLOAD } from './sizes.ts';

const MODES = ['physical', 'translated'] as const;
const HOW = {
  physical: 'by frame numbers',
  translated: "through the copy engine's page tables; entering the pages into its window is part of the time",
} as const;

export const COPY_CASES: readonly BenchCase[] = DIRECTIONS.flatMap((direction) => [
  ...CHUNKS.flatMap((chunk) => MODES.map((mode) => copyOf(direction, chunk, mode))),
  gatherOf(direction),
]);

function copyOf(
  direction: (typeof DIRECTIONS)[number],
  chunk: (typeof CHUNKS)[number],
  mode: (typeof MODES)[number],
): BenchCase {
  const key = `${direction.name}.${chunk.name}`;
  const prepare = mode === 'physical' ? preparePhysical : prepareTranslated;
  return {
    id: `copy.${key}.${mode}`,
    about: `${direction.to}, ${chunk.name} chunks in random places, ${mode} copies`,
    unit: 'B/s',
    measure: 'rate',
    convention: `${PAYLOAD}; ${HOW[mode]}`,
    peer: `peer.copyBufferToBuffer.${key}`,
    limit: `limit.linear.${direction.name}`,
    group: `copy.${key}`,
    prepare: (arena, rng) => prepare(arena, planChunks(arena, direction.name, chunk.pages, rng), direction.name),
  };
}

function preparePhysical(arena: Arena, plan: ChunkPlan): PreparedCase {
  return copyCase(arena, plan, [], (first, count) => physicalCopies(plan, first, count));
}

function physicalCopies(plan: ChunkPlan, first: number, count: number): Command[] {
  const { srcSpace, dstSpace, src, dst, chunkPages: pages } = plan;
  return Array.from({ length: count }, (_, i) => ({
    op: 'copy',
    srcSpace,
    srcFrame: src[first + i] as number,
    dstSpace,
    dstFrame: dst[first + i] as number,
    pages,
  }));
}

function prepareTranslated(arena: Arena, plan: ChunkPlan, direction: Direction): PreparedCase {
  const window = new CopyWindow(arena);
  const atATime = window.chunksAtATime(plan.chunkPages);
  const [system, vram] = direction === 'up' ? [plan.src, plan.dst] : [plan.dst, plan.src];
  return copyCase(arena, plan, window.setup(), (first, count) => {
    const commands: Command[] = [];
    for (let at = first; at < first + count; at += atATime) {
      const end = Math.min(at + atATime, first + count);
      const pages = pagesOf(system.slice(at, end), plan.chunkPages);
      commands.push(...window.copy(direction, plan.chunkPages, pages, vram.slice(at, end)));
    }
    return commands;
  });
}

/** Frames of the pages of chunks; chunks of 2 MiB are entered by their first frame. */
function pagesOf(chunks: readonly number[], chunkPages: number): number[] {
  if (chunkPages === 512) return [...chunks];
  return chunks.flatMap((first) => Array.from({ length: chunkPages }, (_, i) => first + i));
}

/** What page tables are for: 512 scattered system pages and one 2 MiB block of VRAM, in one copy. */
function gatherOf(direction: (typeof DIRECTIONS)[number]): BenchCase {
  return {
    id: `copy.${direction.name}.2M.scattered`,
    about: `${direction.to}, 2M blocks of VRAM and scattered 4K system pages, translated copies`,
    unit: 'B/s',
    measure: 'rate',
    convention: `${PAYLOAD}; ${HOW.translated}`,
    peer: `peer.copyBufferToBuffer.${direction.name}.4K`,
    limit: `limit.linear.${direction.name}`,
    group: `copy.${direction.name}.4K`,
    prepare: (arena, rng) => prepareGather(arena, direction.name, rng),
  };
}

function prepareGather(arena: Arena, direction: Direction, rng: Rng): PreparedCase {
  const window = new CopyWindow(arena);
  const pages = planChunks(arena, direction, 1, rng);
  const blocks = planChunks(arena, direction, 512, rng);
  const system = direction === 'up' ? pages.src : pages.dst;
  const vram = direction === 'up' ? blocks.dst : blocks.src;
  // The plan by pages that these copies amount to, for the check.
  const vramPages = pagesOfBlocks(vram);
  const plan = { ...pages, src: direction === 'up' ? system : vramPages, dst: direction === 'up' ? vramPages : system };
  const whole = copyCase(arena, plan, window.setup(), () => copyBlocks(0, blocks.chunks));
  return {
    ...whole,
    maxOps: 64 * blocks.chunks,
    amountPerOp: 512 * whole.amountPerOp,
    region: copyCase(arena, blocks, [], copyBlocks).region,
    params: { ...whole.params, chunkBytes: 512 * whole.amountPerOp },
  };

  function copyBlocks(first: number, count: number): Command[] {
    const commands: Command[] = [];
    for (let at = first; at < first + count; at += 4) {
      const end = Math.min(at + 4, first + count);
      commands.push(...window.copy(direction, 512, system.slice(at * 512, end * 512), vram.slice(at, end)));
    }
    return commands;
  }
}

function pagesOfBlocks(blocks: readonly number[]): number[] {
  return blocks.flatMap((first) => Array.from({ length: 512 }, (_, i) => first + i));
}
