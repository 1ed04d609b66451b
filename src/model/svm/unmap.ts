// Dropping what a pages object has mapped: idempotent, and mandatory for every overlapping range inside an invalidation.
import { assert } from '../../base/assert.ts';
import type { Op } from '../sched/op.ts';
import type { SvmCtx } from './ctx.ts';
import { PROTO, publishMapping, slotOrder, slotProto, type SvmPages } from './pages.ts';
import type { SvmRange } from './range.ts';
import type { GpuSvm } from './svm.ts';

/**
 * Unmaps all entries and clears the mapping flags; the arrays stay until the next get_pages. With `ctx.inNotifier` the
 * caller holds notifierLock for writing and nothing is waited for; otherwise the lock is taken for reading
 * (gpusvm-and-pagemap.md §3.6, `svm:unmap_pages`).
 */
export function* unmapPages(svm: GpuSvm, pages: SvmPages, ctx: Pick<SvmCtx, 'inNotifier'>): Op<void> {
  if (ctx.inNotifier) {
    unmapPagesInNotifier(svm, pages);
    return;
  }
  yield* svm.notifierLock.read();
  unmapLocked(svm, pages);
  svm.notifierLock.unlockRead();
}

/** The same for callers inside the invalidate callback, as a plain function. */
export function unmapPagesInNotifier(svm: GpuSvm, pages: SvmPages): void {
  svm.assertNotifierWrite('unmap_pages in the notifier');
  unmapLocked(svm, pages);
}

/** Unmaps and gives the arrays back, from any state (gpusvm-and-pagemap.md §1.6). Takes notifierLock for reading. */
export function* freePages(svm: GpuSvm, pages: SvmPages): Op<void> {
  yield* svm.notifierLock.read();
  unmapLocked(svm, pages);
  freeSlots(svm, pages);
  svm.notifierLock.unlockRead();
}

export function* rangeUnmapPages(svm: GpuSvm, range: SvmRange, ctx: Pick<SvmCtx, 'inNotifier'>): Op<void> {
  yield* unmapPages(svm, range.pages, ctx);
}

/** Needs notifierLock in either mode: what the two callers above have in common. */
export function unmapLocked(svm: GpuSvm, pages: SvmPages): void {
  if (!pages.flags.hasDmaMapping) return;
  unmapSlots(svm, pages);
  publishMapping(pages, false, false);
  pages.dpagemap?.put();
  pages.dpagemap = null;
}

/** Gives the entry arrays back to the pool; nothing may be mapped any more (I16). */
export function freeSlots(svm: GpuSvm, pages: SvmPages): void {
  assert(!pages.flags.hasDmaMapping, 'arrays freed while mapped');
  if (pages.frames === null || pages.meta === null) return;
  svm.slots.give(pages.npages, { frames: pages.frames, meta: pages.meta });
  pages.frames = null;
  pages.meta = null;
  pages.count = 0;
}

function unmapSlots(svm: GpuSvm, pages: SvmPages): void {
  const pagemap = pages.dpagemap;
  for (let slot = 0; slot < pages.count; slot++) {
    const proto = slotProto(pages, slot);
    const order = slotOrder(pages, slot);
    if (proto === PROTO.SYSTEM) pages.dmaMapped -= 1 << order;
    else pagemap?.ops.deviceUnmap?.(pagemap, svm.device, proto, pages.frames?.[slot] ?? 0, order);
  }
  pages.count = 0;
  assert(pages.dmaMapped === 0, () => `${pages.dmaMapped} DMA mappings left after unmap`);
}
