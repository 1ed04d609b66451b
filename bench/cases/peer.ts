// What the copies are compared with, on the same chunks and buffers: the API's own copy and a plain linear shader.
import type { Command, CopyBaseline } from '../../src/engine/plan/commands.ts';
import type { BenchCase } from '../../src/lab/measure/bench-case.ts';
import { copyCase, planChunks, type ChunkPlan } from '../../src/lab/measure/chunk-plan.ts';
import { CHUNKS, DIRECTIONS, PAYLOAD } from './sizes.ts';

const METHODS = [
  { name: 'copyBufferToBuffer', about: "the API's copy" },
  { name: 'linear', about: 'a plain linear copy shader' },
] as const;

export const PEER_CASES: readonly BenchCase[] = DIRECTIONS.flatMap((direction) => [
  ...CHUNKS.flatMap((chunk) => METHODS.map((method) => peerOf(direction, chunk, method))),
  ...METHODS.map((method) => limitOf(direction, method)),
]);

function peerOf(
  direction: (typeof DIRECTIONS)[number],
  chunk: (typeof CHUNKS)[number],
  method: (typeof METHODS)[number],
): BenchCase {
  const key = `${direction.name}.${chunk.name}`;
  return {
    id: `peer.${method.name}.${key}`,
    about: `${direction.to}, the same ${chunk.name} chunks by ${method.about}, one call a chunk`,
    unit: 'B/s',
    measure: 'rate',
    convention: PAYLOAD,
    peer: null,
    limit: `limit.linear.${direction.name}`,
    group: `copy.${key}`,
    prepare: (arena, rng) => {
      const plan = planChunks(arena, direction.name, chunk.pages, rng);
      return copyCase(arena, plan, [], (first, count) => copies(plan, method.name, first, count));
    },
  };
}

/** All data in one call: what a copy can reach at best. */
function limitOf(direction: (typeof DIRECTIONS)[number], method: (typeof METHODS)[number]): BenchCase {
  return {
    id: `limit.${method.name}.${direction.name}`,
    about: `${direction.to}, everything in one call by ${method.about}: the upper bound`,
    unit: 'B/s',
    measure: 'rate',
    convention: PAYLOAD,
    peer: null,
    limit: null,
    group: `limit.${direction.name}`,
    prepare: (arena, rng) => {
      const plan = planChunks(arena, direction.name, arena.size.dataPages, rng);
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
