// Where a range's pages are, as one word: the advice by which a driver skips a migration that is done already.
import type { Pfn } from '../../base/units.ts';
import type { Pagemap } from '../pagemap/pagemap.ts';
import type { Op } from '../sched/op.ts';
import { HMM_TIMEOUT_NS, type HmmScratch, isValid, mapOrder, walkUntil } from './hmm-scratch.ts';
import { compressedOrder } from './order.ts';
import type { SvmRange } from './range.ts';
import type { GpuSvm } from './svm.ts';

/**
 * In the kernel's order of enumeration: no page or not all of them; all in the asked pagemap; all in one other; all in
 * RAM; in several pagemaps; in RAM and device memory.
 */
export type ScanState = 'UNPOPULATED' | 'EQUAL' | 'OTHER' | 'SYSTEM' | 'MIXED_DEVICE' | 'MIXED';

/**
 * Looks without faulting. Any absent page, error or a second without a quiet moment is UNPOPULATED. Advisory: it may be
 * wrong as soon as it returns (gpusvm-and-pagemap.md §3.9, `svm:scan_mm`).
 */
export function* scanMm(range: SvmRange, owner: object | null, pagemap: Pagemap): Op<ScanState> {
  const { svm, startVpn, endVpn } = range;
  const { interval } = range.notifier;
  const { mm } = svm;
  if (mm === null || svm.failPoint('scratch')) return 'UNPOPULATED';
  const scratch = svm.scratch.take({ mm, interval, startVpn, endVpn, request: 'none', owner });
  const state = yield* scanUntilQuiet(svm, scratch, pagemap);
  svm.scratch.give(scratch);
  return state;
}

function* scanUntilQuiet(svm: GpuSvm, scratch: HmmScratch, pagemap: Pagemap): Op<ScanState> {
  const { sched } = svm.world;
  const deadline = sched.now + HMM_TIMEOUT_NS;
  const { notifier } = scratch;
  while (notifier !== null && sched.now <= deadline) {
    scratch.seq = yield* notifier.readBegin();
    if ((yield* walkUntil(svm, scratch, deadline)) !== 0) return 'UNPOPULATED';
    yield* svm.notifierLock.read();
    const state = notifier.readRetry(scratch.seq) ? null : foldPages(svm, scratch, pagemap);
    svm.notifierLock.unlockRead();
    if (state !== null) return state;
  }
  return 'UNPOPULATED';
}

function foldPages(svm: GpuSvm, scratch: HmmScratch, pagemap: Pagemap): ScanState {
  const npages = scratch.endVpn - scratch.startVpn;
  const seen: { other: Pagemap | null } = { other: null };
  let state: ScanState = 'UNPOPULATED';
  for (let i = 0; i < npages;) {
    const flags = scratch.flags[i] ?? 0;
    if (!isValid(flags)) return 'UNPOPULATED';
    const pfn = scratch.pfns[i] ?? 0;
    state = foldScan(state, classOf(svm, pfn, pagemap, seen));
    i += 1 << compressedOrder(svm.world.pages.frameOf(pfn), mapOrder(flags), i, npages);
  }
  return state;
}

/** Class of one page; `seen.other` is the first pagemap met that is not the asked one. */
function classOf(svm: GpuSvm, pfn: Pfn, asked: Pagemap, seen: { other: Pagemap | null }): ScanState {
  if (!svm.world.pages.isDevice(pfn)) return 'SYSTEM';
  const pagemap = svm.pagemaps.pagemapOf(pfn);
  if (pagemap === asked) return 'EQUAL';
  seen.other ??= pagemap;
  return seen.other === pagemap ? 'OTHER' : 'MIXED_DEVICE';
}

/** Adds one page's class to what the pages before it amount to. */
export function foldScan(state: ScanState, page: ScanState): ScanState {
  if (state === 'UNPOPULATED' || state === page) return page;
  if (state === 'SYSTEM' || page === 'SYSTEM' || state === 'MIXED') return 'MIXED';
  return 'MIXED_DEVICE';
}
