// What fills and hashes vary: pieces of VRAM by size and order; and the linear copy of the same bytes beside them.
import { PAGE_SIZE } from '../../src/base/units.ts';
import { SPACES } from '../../src/lab/measure/arena.ts';
import type { BenchCase } from '../../src/lab/measure/bench-case.ts';
import { copyCase, planChunks, type Placement } from '../../src/lab/measure/chunk-plan.ts';
import { PAYLOAD } from './sizes.ts';

export interface Piece {
  readonly name: string;
  readonly pages: number;
  readonly placement: Placement;
}

export const PIECES: readonly Piece[] = [
  { name: '4K', pages: 1, placement: 'scattered' },
  { name: '4K.contiguous', pages: 1, placement: 'contiguous' },
  { name: '2M', pages: 512, placement: 'scattered' },
  { name: '2M.contiguous', pages: 512, placement: 'contiguous' },
];

export function pieceText({ pages, placement }: Piece): string {
  const size = pages * PAGE_SIZE === 4096 ? '4K' : '2M';
  return `${size} pieces ${placement === 'contiguous' ? 'in order' : 'in random places'}`;
}

/** All bytes in one linear copy: it reads as much as it writes, and so bounds neither readers nor writers. */
export function linearPeer(group: string, what: string): BenchCase {
  return {
    id: `peer.linear.${group}`,
    about: `${what}, everything in one call by a plain linear copy shader, beside ${group}`,
    unit: 'B/s',
    measure: 'rate',
    convention: PAYLOAD,
    peer: null,
    limit: null,
    tier: 'core',
    group,
    prepare: (arena, rng) => {
      const pages = arena.size.dataPages;
      const plan = planChunks(arena, 'up', { chunkPages: pages, placement: 'contiguous', totalPages: null }, rng);
      const { system, vram } = SPACES;
      return copyCase(arena, plan, [], (_, count) =>
        Array.from({ length: count }, () => ({
          op: 'copyBaseline',
          method: 'linear',
          srcSpace: system,
          srcFrame: 0,
          dstSpace: vram,
          dstFrame: 0,
          pages,
        })),
      );
    },
  };
}
