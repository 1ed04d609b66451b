// Which chunk goes where in a copy benchmark: every chunk of the source once, to a random place of the destination.
import type { Rng } from '../../base/rng.ts';
import { PAGE_SIZE, WORDS_PER_PAGE } from '../../base/units.ts';
import type { Command, SpaceId } from '../../engine/plan/commands.ts';
import type { Completion } from '../../engine/plan/job.ts';
import { SPACES, type Arena } from './arena.ts';
import type { Check, PreparedCase, Region } from './bench-case.ts';
import { shuffled } from './sampler.ts';
import type { Verification } from './report.ts';

export type Direction = 'up' | 'down';

/** A seeded pairing of all source chunks with all destination chunks of an arena. */
export interface ChunkPlan {
  readonly srcSpace: SpaceId;
  readonly dstSpace: SpaceId;
  readonly chunkPages: number;
  readonly chunks: number;
  /** First frame of the k-th chunk to copy, and where it goes. */
  readonly src: readonly number[];
  readonly dst: readonly number[];
}

/** `chunkPages` divides the arena's data pages. */
export function planChunks(arena: Arena, direction: Direction, chunkPages: number, rng: Rng): ChunkPlan {
  const chunks = arena.size.dataPages / chunkPages;
  const frames = Array.from({ length: chunks }, (_, i) => i * chunkPages);
  const [srcSpace, dstSpace] = direction === 'up' ? [SPACES.system, SPACES.vram] : [SPACES.vram, SPACES.system];
  return { srcSpace, dstSpace, chunkPages, chunks, src: shuffled(frames, rng), dst: shuffled(frames, rng) };
}

/** Most chunks of one region: several rounds through the arena, bounded by what a job's description may weigh. */
const MAX_CHUNKS = 1 << 17;

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
    maxOps: Math.max(plan.chunks, Math.min(MAX_CHUNKS, (64 * arena.size.dataPages) / plan.chunkPages)),
    amountPerOp: bytes,
    region: (ops, start) => cyclicRegion(plan.chunks, ops, start, copy),
    check: copyCheck(arena, plan, copy),
    params: { chunkBytes: bytes, workingSetBytes: 2 * arena.size.dataPages * PAGE_SIZE },
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
  const commands = [arena.poison(plan.dstSpace), ...copy(0, plan.chunks), arena.hashAll(plan.dstSpace)];
  return { commands, judge: (completion) => judgeHashes(arena, plan, completion) };
}

/** The page that was page s of the source must have the hash of the seeded page s. */
function judgeHashes(arena: Arena, plan: ChunkPlan, { io, status }: Completion): Verification {
  const expected = arena.hashes();
  let mismatchedPages = 0;
  for (let chunk = 0; chunk < plan.chunks; chunk++)
    for (let i = 0; i < plan.chunkPages; i++) {
      const src = 2 * ((plan.src[chunk] as number) + i);
      const dst = 2 * ((plan.dst[chunk] as number) + i);
      const equal = io[dst] === expected[src] && io[dst + 1] === expected[src + 1];
      if (!equal || status !== 'ok') mismatchedPages++;
    }
  return { pagesChecked: arena.size.dataPages, mismatchedPages };
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
