// Migration copies as the engine makes them: chunks of one size, by frame numbers or through the copy engine's tables.
import type { Rng } from '../../src/base/rng.ts';
import type { Command } from '../../src/engine/plan/commands.ts';
import type { Arena } from '../../src/lab/measure/arena.ts';
import type { BenchCase, PreparedCase } from '../../src/lab/measure/bench-case.ts';
import { copyCase, planChunks, type ChunkPlan, type Direction } from '../../src/lab/measure/chunk-plan.ts';
import { CopyWindow } from '../../src/lab/measure/copy-window.ts';
import { apiPeer, linearLimit } from './peer.ts';
import {
  DIRECTIONS,
  isCore,
  PAYLOAD,
  spanGroup,
  spanKey,
  spansOf,
  spanText,
  totalSuffix,
  type CopySpan,
} from './sizes.ts';

export const MODES = ['physical', 'translated'] as const;
export type CopyMode = (typeof MODES)[number];
export const HOW = {
  physical: 'by frame numbers',
  translated: "through the copy engine's page tables; entering the pages into its window is part of the time",
} as const;

export const COPY_CASES: readonly BenchCase[] = DIRECTIONS.flatMap((direction) => [
  ...spansOf(direction).flatMap((span) => MODES.map((mode) => copyOf(span, mode))),
  gatherOf(direction),
]);

function copyId(span: CopySpan, mode: CopyMode): string {
  return `copy.${spanKey(span)}.${mode}${totalSuffix(span.total)}`;
}

function copyOf(span: CopySpan, mode: CopyMode): BenchCase {
  const { direction, chunk, placement, total } = span;
  const chunks = { chunkPages: chunk.pages, placement, totalPages: total.pages };
  return {
    id: copyId(span, mode),
    about: `${span.to}, ${spanText(span)}, ${mode} copies`,
    unit: 'B/s',
    measure: 'rate',
    convention: `${PAYLOAD}; ${HOW[mode]}`,
    peer: mode === 'translated' ? copyId(span, 'physical') : apiPeer(span),
    limit: linearLimit(span),
    tier: isCore(span) ? 'core' : 'more',
    group: spanGroup(span),
    prepare: (arena, rng) => prepareCopy(arena, planChunks(arena, direction, chunks, rng), direction, mode),
  };
}

function prepareCopy(arena: Arena, plan: ChunkPlan, direction: Direction, mode: CopyMode): PreparedCase {
  const { setup, copy } = copier(arena, plan, direction, mode);
  return copyCase(arena, plan, setup, copy);
}

/** How chunks of a plan are copied; `setup` comes first, once. */
export function copier(
  arena: Arena,
  plan: ChunkPlan,
  direction: Direction,
  mode: CopyMode,
): { readonly setup: readonly Command[]; readonly copy: (first: number, count: number) => Command[] } {
  if (mode === 'physical') return { setup: [], copy: (first, count) => physicalCopies(plan, first, count) };
  const window = new CopyWindow(arena);
  return { setup: window.setup(), copy: (first, count) => windowCopies(window, plan, direction, first, count) };
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

function windowCopies(
  window: CopyWindow,
  plan: ChunkPlan,
  direction: Direction,
  first: number,
  count: number,
): Command[] {
  const atATime = window.chunksAtATime(plan.chunkPages);
  const [system, vram] = direction === 'up' ? [plan.src, plan.dst] : [plan.dst, plan.src];
  const commands: Command[] = [];
  for (let at = first; at < first + count; at += atATime) {
    const end = Math.min(at + atATime, first + count);
    const pages = pagesOf(system.slice(at, end), plan.chunkPages);
    commands.push(...window.copy(direction, plan.chunkPages, pages, vram.slice(at, end)));
  }
  return commands;
}

/** Frames of the pages of chunks; chunks of 2 MiB are entered by their first frame. */
function pagesOf(chunks: readonly number[], chunkPages: number): number[] {
  if (chunkPages === 512) return [...chunks];
  return chunks.flatMap((first) => Array.from({ length: chunkPages }, (_, i) => first + i));
}

/** What page tables are for: 512 scattered system pages and one 2 MiB block of VRAM, in one copy. */
function gatherOf({ name, to }: (typeof DIRECTIONS)[number]): BenchCase {
  return {
    id: `copy.${name}.2M.scattered`,
    about: `${to}, 2M blocks of VRAM and scattered 4K system pages, translated copies`,
    unit: 'B/s',
    measure: 'rate',
    convention: `${PAYLOAD}; ${HOW.translated}`,
    peer: `copy.${name}.4K.physical`,
    limit: `limit.linear.${name}`,
    tier: 'core',
    group: `copy.${name}`,
    prepare: (arena, rng) => prepareGather(arena, name, rng),
  };
}

function prepareGather(arena: Arena, direction: Direction, rng: Rng): PreparedCase {
  const window = new CopyWindow(arena);
  const everywhere = { placement: 'scattered', totalPages: null } as const;
  const pages = planChunks(arena, direction, { chunkPages: 1, ...everywhere }, rng);
  const blocks = planChunks(arena, direction, { chunkPages: 512, ...everywhere }, rng);
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
