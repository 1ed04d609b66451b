// Pages that are only read: hashes of VRAM, by which copies are verified where the bytes are.
import type { Rng } from '../../src/base/rng.ts';
import { PAGE_SIZE } from '../../src/base/units.ts';
import type { Command } from '../../src/engine/plan/commands.ts';
import type { Completion } from '../../src/engine/plan/job.ts';
import { SPACES, type Arena } from '../../src/lab/measure/arena.ts';
import type { BenchCase, PreparedCase } from '../../src/lab/measure/bench-case.ts';
import { cyclicRegion, mostChunks, planChunks, type ChunkPlan } from '../../src/lab/measure/chunk-plan.ts';
import type { Verification } from '../../src/lab/measure/report.ts';
import { linearPeer, PIECES, pieceText, type Piece } from './pieces.ts';

const CONVENTION = 'bytes read a second; two words a page are written';

export const HASH_CASES: readonly BenchCase[] = [
  ...PIECES.map((piece) => hashOf(piece)),
  limitCase(),
  linearPeer('hash', 'system memory to VRAM'),
];

function hashOf(piece: Piece): BenchCase {
  return {
    id: `hash.${piece.name}`,
    about: `pages of VRAM hashed, ${pieceText(piece)}`,
    unit: 'B/s',
    measure: 'rate',
    convention: CONVENTION,
    peer: 'peer.linear.hash',
    limit: 'limit.hash',
    tier: piece.placement === 'scattered' ? 'core' : 'more',
    group: 'hash',
    prepare: (arena, rng) => prepareHash(arena, piece, rng),
  };
}

function limitCase(): BenchCase {
  return {
    id: 'limit.hash',
    about: 'pages of VRAM hashed, everything in one command: the upper bound',
    unit: 'B/s',
    measure: 'rate',
    convention: CONVENTION,
    peer: 'peer.linear.hash',
    limit: null,
    tier: 'core',
    group: 'hash',
    prepare: (arena, rng) => prepareHash(arena, { pages: arena.size.dataPages, placement: 'contiguous' }, rng),
  };
}

function prepareHash(arena: Arena, { pages, placement }: Pick<Piece, 'pages' | 'placement'>, rng: Rng): PreparedCase {
  const plan = planChunks(arena, 'down', { chunkPages: pages, placement, totalPages: null }, rng);
  const hash = (first: number, count: number): Command[] =>
    Array.from({ length: count }, (_, i) => ({
      op: 'hash',
      space: SPACES.vram,
      frame: plan.src[first + i] as number,
      pages,
    }));
  return {
    setup: [arena.fill(SPACES.vram)],
    maxOps: mostChunks(arena.size.dataPages, pages),
    amountPerOp: pages * PAGE_SIZE,
    region: (ops, start) => cyclicRegion(plan.chunks, ops, start, hash),
    check: {
      commands: [arena.fill(SPACES.vram), ...hash(0, plan.chunks)],
      judge: (completion) => judge(arena, plan, completion),
    },
    params: { chunkBytes: pages * PAGE_SIZE, ...arena.workingSet(arena.size.dataPages * PAGE_SIZE) },
  };
}

/** Hashes come in the order of the commands: the k-th are those of the k-th chunk. */
function judge(arena: Arena, { src, chunks, chunkPages }: ChunkPlan, { io, status }: Completion): Verification {
  const expected = arena.hashes();
  const pagesChecked = chunks * chunkPages;
  let mismatchedPages = 0;
  for (let page = 0; page < pagesChecked; page++) {
    const of = 2 * ((src[Math.floor(page / chunkPages)] as number) + (page % chunkPages));
    const equal = io[2 * page] === expected[of] && io[2 * page + 1] === expected[of + 1];
    if (!equal || status !== 'ok') mismatchedPages++;
  }
  return { pagesChecked, mismatchedPages };
}
