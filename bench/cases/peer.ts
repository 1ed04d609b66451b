// What the copies are compared with, on the same chunks and buffers: the API's own copy and a plain linear shader.
import type { Command, CopyBaseline } from '../../src/engine/plan/commands.ts';
import type { BenchCase } from '../../src/lab/measure/bench-case.ts';
import { copyCase, planChunks, type ChunkPlan } from '../../src/lab/measure/chunk-plan.ts';
import {
  DIRECTIONS,
  isCore,
  PAYLOAD,
  spanGroup,
  spanKey,
  spansOf,
  spanText,
  TOTALS,
  totalSuffix,
  type CopySpan,
} from './sizes.ts';

const METHODS = [
  { name: 'copyBufferToBuffer', other: 'linear', about: "the API's copy" },
  { name: 'linear', other: 'copyBufferToBuffer', about: 'a plain linear copy shader' },
] as const;

export const PEER_CASES: readonly BenchCase[] = DIRECTIONS.flatMap((direction) => [
  ...spansOf(direction).flatMap((span) => METHODS.map((method) => peerOf(span, method))),
  ...TOTALS.flatMap((total) => METHODS.map((method) => limitOf(direction, total, method))),
]);

/** Id of the API's copy of the same chunks, one command each. */
export function apiPeer(span: CopySpan): string {
  return peerId('copyBufferToBuffer', span);
}

/** Id of the linear copy of the same bytes in one call. */
export function linearLimit({ direction, total }: Pick<CopySpan, 'direction' | 'total'>): string {
  return `limit.linear.${direction}${totalSuffix(total)}`;
}

function peerId(method: string, span: CopySpan): string {
  return `peer.${method}.${spanKey(span)}${totalSuffix(span.total)}`;
}

function peerOf(span: CopySpan, method: (typeof METHODS)[number]): BenchCase {
  return {
    id: peerId(method.name, span),
    about: `${span.to}, the same ${spanText(span)} by ${method.about}, one call a chunk`,
    unit: 'B/s',
    measure: 'rate',
    convention: PAYLOAD,
    peer: null,
    limit: linearLimit(span),
    // One dispatch a chunk is how nobody would copy: the linear shader's whole copy is the limit of every case.
    tier: isCore(span) && method.name === 'copyBufferToBuffer' ? 'core' : 'more',
    group: spanGroup(span),
    prepare: (arena, rng) => {
      const { direction, chunk, placement, total } = span;
      const chunks = { chunkPages: chunk.pages, placement, totalPages: total.pages };
      const plan = planChunks(arena, direction, chunks, rng);
      return copyCase(arena, plan, [], (first, count) => copies(plan, method.name, first, count));
    },
  };
}

/** All bytes in one call: what a copy can reach at best. */
function limitOf(
  { name, to }: (typeof DIRECTIONS)[number],
  total: CopySpan['total'],
  method: (typeof METHODS)[number],
): BenchCase {
  const end = totalSuffix(total);
  return {
    id: `limit.${method.name}.${name}${end}`,
    about: `${to}, ${total.name ?? 'everything'} in one call by ${method.about}: the upper bound`,
    unit: 'B/s',
    measure: 'rate',
    convention: PAYLOAD,
    peer: `limit.${method.other}.${name}${end}`,
    limit: null,
    tier: total.name === null ? 'core' : 'more',
    group: spanGroup({ direction: name, total }),
    prepare: (arena, rng) => {
      const pages = Math.min(total.pages ?? Number.POSITIVE_INFINITY, arena.size.dataPages);
      const plan = planChunks(arena, name, { chunkPages: pages, placement: 'contiguous', totalPages: pages }, rng);
      return copyCase(arena, plan, [], (first, count) => copies(plan, method.name, first, count));
    },
  };
}

function copies(plan: ChunkPlan, method: CopyBaseline['method'], first: number, count: number): Command[] {
  const { srcSpace, dstSpace, src, dst, chunkPages: pages } = plan;
  return Array.from({ length: count }, (_, i) => ({
    op: 'copyBaseline',
    method,
    srcSpace,
    srcFrame: src[first + i] as number,
    dstSpace,
    dstFrame: dst[first + i] as number,
    pages,
  }));
}
