// RAM destinations of pages that come home: locked system pages, and the copy that fills them.
import { assert } from '../../base/assert.ts';
import type { Status } from '../../base/errno.ts';
import type { MigrateVectors } from '../mm/migrate.ts';
import { NO_PFN } from '../mm/pages.ts';
import type { Op } from '../sched/op.ts';
import { type CopyVector, type DevmemAllocation, pushCopy } from './devmem.ts';
import type { PagemapState } from './pagemap-state.ts';

/**
 * Gives every collected slot whose page belongs to `zdd` a locked RAM page; pages of other allocations keep no
 * destination and stay where they are (I53). Returns how many, or ENOMEM with none left behind.
 */
export function allocateRam(
  state: PagemapState,
  vectors: MigrateVectors,
  npages: number,
  zdd: number,
): number | 'ENOMEM' {
  const { pages } = state.world;
  let count = 0;
  for (let i = 0; i < npages; i++) {
    if (!vectors.isMigrating(i) || state.zddOf(vectors.src[i] ?? NO_PFN) !== zdd) continue;
    const pfn = state.failPoint('ram-page') ? -1 : pages.allocSystem();
    if (pfn < 0) {
      dropRam(state, vectors, npages);
      return 'ENOMEM';
    }
    assert(pages.tryLock(pfn), () => `I47: new RAM page ${pfn} is locked`);
    vectors.setDst(i, pfn);
    count++;
  }
  return count;
}

/** Copies every slot that has a destination home; on an error no destination is left. */
export function* copyHome(
  state: PagemapState,
  alloc: DevmemAllocation,
  vectors: MigrateVectors,
  npages: number,
): Op<Status> {
  const copy = state.takeCopy(npages);
  for (let i = 0; i < npages; i++) {
    const moves = vectors.hasDestination(i);
    pushCopy(copy, moves ? (vectors.src[i] ?? NO_PFN) : NO_PFN, moves ? (vectors.dst[i] ?? NO_PFN) : NO_PFN);
  }
  const status = state.failPoint('dma-map') ? 'EFAULT' : yield* copyMapped(state, alloc, copy);
  state.giveCopy(npages, copy);
  // The mappings are gone before the destinations are (B7).
  if (status !== 0) dropRam(state, vectors, npages);
  return status;
}

function* copyMapped(state: PagemapState, alloc: DevmemAllocation, copy: CopyVector): Op<Status> {
  const mapped = copy.n;
  state.dmaMapped += mapped;
  const status = yield* alloc.ops.copyToRam(alloc, copy);
  state.dmaMapped -= mapped;
  return status;
}

/** Frees every destination. */
function dropRam(state: PagemapState, vectors: MigrateVectors, npages: number): void {
  const { pages } = state.world;
  for (let i = 0; i < npages; i++) {
    if (!vectors.hasDestination(i)) continue;
    const dst = vectors.dst[i] ?? NO_PFN;
    vectors.clearDst(i);
    pages.unlock(dst);
    pages.put(dst);
  }
}

/** Slots that really moved; asked between the commit and the end. */
export function movedPages(vectors: MigrateVectors, npages: number): number {
  let moved = 0;
  for (let i = 0; i < npages; i++) if (vectors.isMigrating(i) && vectors.hasSource(i)) moved++;
  return moved;
}
