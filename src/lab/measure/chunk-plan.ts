// Which chunk goes where in a benchmark: every chunk of a source once, in order or to a random place of the destination.
import type { Rng } from '../../base/rng.ts';
import { PAGE_SIZE, WORDS_PER_PAGE } from '../../base/units.ts';
import type { Command, SpaceId } from '../../engine/plan/commands.ts';
import type { Completion } from '../../engine/plan/job.ts';
import { SPACES, type Arena } from './arena.ts';
import type { Check, PreparedCase, Region } from './bench-case.ts';
import { shuffled } from './sampler.ts';
import type { Verification } from './report.ts';

export type Direction = 'up' | 'down';

/** `contiguous`: source and destination in order; `scattered`: both in random order. */
export type Placement = 'contiguous' | 'scattered';

export interface Chunks {
  /** Divides the arena's data pages. */
  readonly chunkPages: number;
  readonly placement: Placement;
  /** Pages of each space that are used, from the first on: what is copied again and again. Null: all of the arena. */
  readonly totalPages: number | null;
}

/** A seeded pairing of source chunks with destination chunks of an arena. */
export interface ChunkPlan {
  readonly srcSpace: SpaceId;
  readonly dstSpace: SpaceId;
  readonly chunkPages: number;
  readonly chunks: number;
  /** First frame of the k-th chunk to copy, and where it goes. */
  readonly src: readonly number[];
  readonly dst: readonly number[];
}

/** A total beyond the arena is all of it. */
export function planChunks(arena: Arena, direction: Direction, wanted: Chunks, rng: Rng): ChunkPlan {
  const { chunkPages } = wanted;
  const total = Math.min(wanted.totalPages ?? Number.POSITIVE_INFINITY, arena.size.dataPages);
  const frames = chunkFrames(0, total, chunkPages);
  const order = (): readonly number[] => (wanted.placement === 'contiguous' ? frames : shuffled(frames, rng));
  const [srcSpace, dstSpace] = direction === 'up' ? [SPACES.system, SPACES.vram] : [SPACES.vram, SPACES.system];
  return { srcSpace, dstSpace, chunkPages, chunks: frames.length, src: order(), dst: order() };
}

/** First frames of the chunks of [from, to). */
export function chunkFrames(from: number, to: number, chunkPages: number): readonly number[] {
  return Array.from({ length: (to - from) / chunkPages }, (_, i) => from + i * chunkPages);
}

/** Most chunks of one region: several rounds through the arena, bounded by what a job's description may weigh. */
const MAX_CHUNKS = 1 << 17;

/** Operations that one region may have: several rounds through `pages` of them. */
export function mostChunks(pages: number, chunkPages: number): number {
  return Math.max(pages / chunkPages, Math.min(MAX_CHUNKS, (64 * pages) / chunkPages));
}

/** A copy case: `copy` gives the commands for chunks `first` … `first + count` of the plan (count within the plan). */
export function copyCase(
  arena: Arena,
  plan: ChunkPlan,
  setup: readonly Command[],
  copy: (first: number, count: number) => Command[],
): PreparedCase {
  const bytes = plan.chunkPages * PAGE_SIZE;
  return {
    setup: [arena.fill(plan.srcSpace), ...setup],
    maxOps: mostChunks(arena.size.dataPages, plan.chunkPages),
    amountPerOp: bytes,
    region: (ops, start) => cyclicRegion(plan.chunks, ops, start, copy),
    check: copyCheck(arena, plan, copy),
    params: { chunkBytes: bytes, ...arena.workingSet(2 * plan.chunks * bytes) },
  };
}

/** `ops` operations from number `start` of a sequence that repeats after `cycle`. */
export function cyclicRegion(
  cycle: number,
  ops: number,
  start: number,
  commands: (first: number, count: number) => readonly Command[],
): Region {
  const timed: Command[] = [];
  for (let at = start, left = ops; left > 0;) {
    const first = at % cycle;
    const count = Math.min(left, cycle - first);
    for (const command of commands(first, count)) timed.push(command);
    at += count;
    left -= count;
  }
  return { before: [], timed };
}

function copyCheck(arena: Arena, plan: ChunkPlan, copy: (first: number, count: number) => Command[]): Check {
  // Other cases of the group may have written to the source.
  const before = [arena.fill(plan.srcSpace), arena.poison(plan.dstSpace)];
  const commands = [...before, ...copy(0, plan.chunks), arena.hashAll(plan.dstSpace)];
  return { commands, judge: (completion) => judgeHashes(arena, plan, completion) };
}

/**
 * The page that was page s of the source must have the hash of the seeded page s. The job's io holds the hashes of all
 * pages of the destination, from word `at` on.
 */
export function judgeHashes(
  arena: Arena,
  plan: Pick<ChunkPlan, 'src' | 'dst' | 'chunks' | 'chunkPages'>,
  { io, status }: Completion,
  at = 0,
): Verification {
  const expected = arena.hashes();
  let mismatchedPages = 0;
  for (let chunk = 0; chunk < plan.chunks; chunk++)
    for (let i = 0; i < plan.chunkPages; i++) {
      const src = 2 * ((plan.src[chunk] as number) + i);
      const dst = at + 2 * ((plan.dst[chunk] as number) + i);
      const equal = io[dst] === expected[src] && io[dst + 1] === expected[src + 1];
      if (!equal || status !== 'ok') mismatchedPages++;
    }
  return { pagesChecked: plan.chunks * plan.chunkPages, mismatchedPages };
}

/** Compares frames read back with what they must hold, page by page. */
export function judgeFrames(completion: Completion, expected: readonly Uint32Array[]): Verification {
  let mismatchedPages = 0;
  for (const [page, words] of expected.entries()) {
    const at = page * WORDS_PER_PAGE;
    if (!words.every((word, i) => completion.io[at + i] === word)) mismatchedPages++;
  }
  return { pagesChecked: expected.length, mismatchedPages };
}
