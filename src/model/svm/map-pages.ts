// The mapping loop of get_pages: turns walked pages into entries, enforces the mixing rules, undoes everything on an error.
import { assert } from '../../base/assert.ts';
import type { Status } from '../../base/errno.ts';
import type { Pfn } from '../../base/units.ts';
import type { PageStore } from '../mm/pages.ts';
import type { Pagemap } from '../pagemap/pagemap.ts';
import { NO_ZDD, type ZddId } from '../pagemap/zdd.ts';
import type { SvmCtx } from './ctx.ts';
import { type HmmScratch, mapOrder } from './hmm-scratch.ts';
import { compressedOrder } from './order.ts';
import { ACQUIRED, DMA_DIR, encodeMeta, PROTO, publishMapping, type SvmPages } from './pages.ts';
import type { GpuSvm } from './svm.ts';
import { unmapLocked } from './unmap.ts';

/** State of the loop (gpusvm-and-pagemap.md §3.4). */
interface MapRun {
  readonly svm: GpuSvm;
  readonly pages: SvmPages;
  readonly store: PageStore;
  readonly ctx: SvmCtx;
  readonly dir: number;
  /** Of the last device page. */
  zdd: ZddId;
  /** The one pagemap seen so far. */
  pagemap: Pagemap | null;
}

/**
 * Fills the entries of `pages` from a finished walk and publishes them. Runs without a yield under notifierLock held for
 * reading, after the sequence check. Errors as in `getPages`; afterwards nothing is mapped (§3.4, §3.5).
 */
export function mapPages(svm: GpuSvm, pages: SvmPages, scratch: HmmScratch, ctx: SvmCtx): Status {
  assert(pages.dpagemap === null && pages.dmaMapped === 0, 'get_pages maps over live mappings');
  const dir = ctx.readOnly ? DMA_DIR.toDevice : DMA_DIR.bidirectional;
  const run: MapRun = { svm, pages, store: svm.world.pages, ctx, dir, zdd: NO_ZDD, pagemap: null };
  const status = mapAll(run, scratch);
  // Published even when a page failed: unwinding is an ordinary unmap of what got so far (B2, B12).
  publishMapping(pages, run.pagemap !== null, true);
  pages.dpagemap = run.pagemap?.get() ?? null;
  pages.acquired = acquiredBits(ctx);
  if (status !== 0) unmapLocked(svm, pages);
  return status;
}

function mapAll(run: MapRun, scratch: HmmScratch): Status {
  const { npages } = run.pages;
  run.pages.count = 0;
  for (let i = 0; i < npages;) {
    const pfn = scratch.pfns[i] ?? 0;
    const order = compressedOrder(run.store.frameOf(pfn), mapOrder(scratch.flags[i] ?? 0), i, npages);
    const status = run.store.isDevice(pfn) ? mapDevicePage(run, pfn, i, order) : mapSystemPage(run, pfn, order);
    if (status !== 0) return status;
    i += 1 << order;
  }
  return 0;
}

function mapDevicePage(run: MapRun, pfn: Pfn, index: number, order: number): Status {
  const { svm, ctx } = run;
  const zdd = svm.pagemaps.zddOf(pfn);
  if (!ctx.allowMixed && index > 0 && zdd !== run.zdd) return 'EOPNOTSUPP';
  run.zdd = zdd;
  const { dpagemap } = svm.pagemaps.zdds.allocation(zdd);
  if (run.pagemap !== null && run.pagemap !== dpagemap) return 'EOPNOTSUPP';
  run.pagemap = dpagemap;
  const addr = dpagemap.ops.deviceMap(dpagemap, svm.device, pfn, order);
  if (addr === null) return 'EFAULT';
  push(run, addr.frame, encodeMeta(addr.proto, order, run.dir));
  return 0;
}

function mapSystemPage(run: MapRun, pfn: Pfn, order: number): Status {
  if (run.pagemap !== null && !run.ctx.allowMixed) return 'EOPNOTSUPP';
  if (run.ctx.devmemOnly) return 'EFAULT';
  run.pages.dmaMapped += 1 << order;
  push(run, pfn, encodeMeta(PROTO.SYSTEM, order, run.dir));
  return 0;
}

function push(run: MapRun, frame: number, meta: number): void {
  const { pages } = run;
  if (pages.frames === null || pages.meta === null) return;
  pages.frames[pages.count] = frame;
  pages.meta[pages.count] = meta;
  pages.count++;
}

function acquiredBits(ctx: SvmCtx): number {
  const { readOnly, allowMixed, devmemOnly } = ctx;
  return (
    (readOnly ? ACQUIRED.readOnly : 0) | (allowMixed ? ACQUIRED.allowMixed : 0) | (devmemOnly ? ACQUIRED.devmemOnly : 0)
  );
}
