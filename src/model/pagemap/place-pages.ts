// The middle of a migration to a device: reserve destination pages, copy run by run, and undo all of it when a run fails.
import { assert } from '../../base/assert.ts';
import type { Status } from '../../base/errno.ts';
import type { Pfn } from '../../base/units.ts';
import type { MigrateVectors } from '../mm/migrate.ts';
import { NO_PFN } from '../mm/pages.ts';
import type { Op } from '../sched/op.ts';
import { type CopyVector, type DevmemAllocation, pushCopy } from './devmem.ts';
import type { ToDevmem } from './to-devmem.ts';
import type { ZddId } from './zdd.ts';

/**
 * Steps 7 to 11 of gpusvm-and-pagemap.md §4.2: every slot gets a staged destination page and its content. On an error no
 * slot has a destination, so that the caller's commit puts everything back.
 */
export function* placePages(job: ToDevmem, vectors: MigrateVectors, zdd: ZddId): Op<Status> {
  const { state, alloc, npages } = job;
  const populated = alloc.ops.populateDevmemPfn(alloc, vectors.dst.subarray(0, npages));
  if (populated !== 0) {
    vectors.dst.fill(NO_PFN, 0, npages);
    return populated;
  }
  const copy = state.takeCopy(npages);
  const status = yield* copyAll(job, vectors, zdd, copy);
  state.giveCopy(npages, copy);
  if (status !== 0) {
    unstage(job, vectors);
    return status;
  }
  assert(job.ownPages === 0, () => `I46: ${job.ownPages} own pages left after the copy`);
  alloc.preMigrateFence = null;
  alloc.timesliceExpiration = state.world.sched.now + job.details.timesliceNs;
  return 0;
}

/** Steps 8 and 9: consecutive slots with the same copier are one copy; a change of copier flushes. */
function* copyAll(job: ToDevmem, vectors: MigrateVectors, zdd: ZddId, copy: CopyVector): Op<Status> {
  let copier = job.alloc;
  for (let i = 0; i < job.npages; i++) {
    const next = copierOf(job, vectors, i);
    if (next !== copier && copy.n > 0) {
      const status = yield* flush(job, copier, copy);
      if (status !== 0) return status;
    }
    copier = next;
    stage(job, vectors, zdd, i);
    pushSlot(job, vectors, copy, i);
  }
  return yield* flush(job, copier, copy);
}

/** A page in device memory is copied by the allocation that holds it, everything else by the destination. */
function copierOf(job: ToDevmem, vectors: MigrateVectors, slot: number): DevmemAllocation {
  const src = sourceOf(vectors, slot);
  const onDevice = src !== NO_PFN && job.state.world.pages.isDevice(src);
  return onDevice ? job.state.allocationOf(src) : job.alloc;
}

/** Source page of a slot; none for a hole. */
function sourceOf(vectors: MigrateVectors, slot: number): Pfn {
  return vectors.hasSource(slot) ? (vectors.src[slot] ?? NO_PFN) : NO_PFN;
}

function stage(job: ToDevmem, vectors: MigrateVectors, zdd: ZddId, slot: number): void {
  const { pages } = job.state.world;
  const dst = vectors.dst[slot] ?? NO_PFN;
  pages.initDevicePage(dst, zdd);
  job.state.zdds.get(zdd);
  vectors.setDst(slot, dst);
}

function pushSlot(job: ToDevmem, vectors: MigrateVectors, copy: CopyVector, slot: number): void {
  const { pages } = job.state.world;
  const src = sourceOf(vectors, slot);
  const dst = vectors.dst[slot] ?? NO_PFN;
  if (src === NO_PFN || !pages.isDevice(src)) {
    pushCopy(copy, dst, src);
    return;
  }
  if (pages.deviceOf(src) === job.alloc.device) job.ownPages--;
  pushCopy(copy, src, dst);
}

/** One copy: map what it reads or writes beyond the copier's own memory, copy, unmap in any case. */
function* flush(job: ToDevmem, copier: DevmemAllocation, copy: CopyVector): Op<Status> {
  const { state } = job;
  if (!mapOtherSide(job, copier, copy)) return 'EFAULT';
  const before = state.dmaMapped;
  state.dmaMapped = before + copy.n;
  const ops = copier.ops;
  const status = yield* copier === job.alloc ? ops.copyToDevmem(copier, copy) : ops.copyToRam(copier, copy);
  state.dmaMapped -= copy.n;
  copy.n = 0;
  return status;
}

/** Whether the copier can reach the pages that are not its own. */
function mapOtherSide(job: ToDevmem, copier: DevmemAllocation, copy: CopyVector): boolean {
  if (job.state.failPoint('dma-map')) return false;
  if (copier.device === job.alloc.device) return true;
  const { dpagemap } = job.alloc;
  for (let i = 0; i < copy.n; i++) {
    if (dpagemap.ops.deviceMap(dpagemap, copier.device, copy.ramPfn[i] ?? NO_PFN, 0) === null) return false;
  }
  return true;
}

/** Step 11: every staged page goes back to its allocation. */
function unstage(job: ToDevmem, vectors: MigrateVectors): void {
  const { pages } = job.state.world;
  for (let i = 0; i < job.npages; i++) {
    if (vectors.hasDestination(i)) {
      const dst = vectors.dst[i] ?? NO_PFN;
      pages.unlock(dst);
      pages.put(dst);
    }
    vectors.clearDst(i);
  }
}
