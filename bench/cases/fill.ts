// Pages of VRAM that are written without a source: with one pattern, as clears of new memory are, and with seeded contents.
import { hashPage } from '../../src/base/mix.ts';
import type { Rng } from '../../src/base/rng.ts';
import { PAGE_SIZE, WORDS_PER_PAGE, type Frame } from '../../src/base/units.ts';
import type { Command } from '../../src/engine/plan/commands.ts';
import type { Completion } from '../../src/engine/plan/job.ts';
import { SPACES, type Arena } from '../../src/lab/measure/arena.ts';
import type { BenchCase, PreparedCase } from '../../src/lab/measure/bench-case.ts';
import { cyclicRegion, judgeHashes, mostChunks, planChunks, type ChunkPlan } from '../../src/lab/measure/chunk-plan.ts';
import type { Verification } from '../../src/lab/measure/report.ts';
import { linearPeer, PIECES, pieceText, type Piece } from './pieces.ts';

/** Neither what a check spoils memory with, nor likely in random data. */
const PATTERN = 0x5eed1e55;
const CONVENTION = 'bytes written a second; nothing is read';

const KINDS = [
  { name: 'pattern', about: 'one word' },
  { name: 'seeded', about: 'pseudo-random words, computed on the device' },
] as const;
type Kind = (typeof KINDS)[number];

export const FILL_CASES: readonly BenchCase[] = [
  ...KINDS.flatMap((kind) => [...PIECES.map((piece) => fillOf(kind, piece)), limitOf(kind)]),
  linearPeer('fill', 'system memory to VRAM'),
];

function fillOf(kind: Kind, piece: Piece): BenchCase {
  return {
    id: `fill.${kind.name}.${piece.name}`,
    about: `VRAM filled with ${kind.about}, ${pieceText(piece)}`,
    unit: 'B/s',
    measure: 'rate',
    convention: CONVENTION,
    peer: 'peer.linear.fill',
    limit: `limit.fill.${kind.name}`,
    tier: kind.name === 'pattern' && piece.placement === 'scattered' ? 'core' : 'more',
    group: 'fill',
    prepare: (arena, rng) => prepareFill(arena, kind, piece, rng),
  };
}

function limitOf(kind: Kind): BenchCase {
  return {
    id: `limit.fill.${kind.name}`,
    about: `VRAM filled with ${kind.about}, everything in one command: the upper bound`,
    unit: 'B/s',
    measure: 'rate',
    convention: CONVENTION,
    peer: 'peer.linear.fill',
    limit: null,
    tier: kind.name === 'pattern' ? 'core' : 'more',
    group: 'fill',
    prepare: (arena, rng) => prepareFill(arena, kind, { pages: arena.size.dataPages, placement: 'contiguous' }, rng),
  };
}

function prepareFill(arena: Arena, kind: Kind, piece: Pick<Piece, 'pages' | 'placement'>, rng: Rng): PreparedCase {
  const { pages, placement } = piece;
  // Seeded contents have a source after all: which seeded page goes where.
  const plan = planChunks(arena, 'up', { chunkPages: pages, placement, totalPages: null }, rng);
  const seeded = kind.name === 'seeded';
  const fill = (first: number, count: number): Command[] =>
    Array.from({ length: count }, (_, i) =>
      fillCommand(arena, seeded ? (plan.src[first + i] as number) : null, plan.dst[first + i] as Frame, pages),
    );
  return {
    setup: [],
    maxOps: mostChunks(arena.size.dataPages, pages),
    amountPerOp: pages * PAGE_SIZE,
    region: (ops, start) => cyclicRegion(plan.chunks, ops, start, fill),
    check: {
      commands: [arena.poison(SPACES.vram), ...fill(0, plan.chunks), arena.hashAll(SPACES.vram)],
      judge: (completion) => (seeded ? judgeHashes(arena, plan, completion) : judgePattern(plan, completion)),
    },
    params: { chunkBytes: pages * PAGE_SIZE, ...arena.workingSet(arena.size.dataPages * PAGE_SIZE) },
  };
}

function fillCommand({ seed }: Arena, pageLo: number | null, frame: Frame, pages: number): Command {
  const where = { space: SPACES.vram, frame, pages };
  return pageLo === null ? { op: 'fill', ...where, pattern: PATTERN } : { op: 'fillSeeded', ...where, seed, pageLo };
}

/** Every page must have the hash of a page full of the pattern. */
function judgePattern({ chunks, chunkPages }: ChunkPlan, { io, status }: Completion): Verification {
  const expected = new Uint32Array(2);
  hashPage(new Uint32Array(WORDS_PER_PAGE).fill(PATTERN), 0, expected, 0);
  const pagesChecked = chunks * chunkPages;
  let mismatchedPages = 0;
  for (let page = 0; page < pagesChecked; page++)
    if (status !== 'ok' || io[2 * page] !== expected[0] || io[2 * page + 1] !== expected[1]) mismatchedPages++;
  return { pagesChecked, mismatchedPages };
}
