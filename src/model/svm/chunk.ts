// The chunk ladder: the largest configured size around a fault that fits every window, overlaps nothing and is present.
import { alignDown, type Vpn } from '../../base/units.ts';
import type { Mm } from '../mm/mm.ts';
import type { Vma } from '../mm/vma.ts';
import type { Op } from '../sched/op.ts';
import type { SvmCtx } from './ctx.ts';
import type { SvmNotifier } from './notifier.ts';
import { checkPages } from './presence.ts';
import type { GpuSvm } from './svm.ts';

/** Where a new range may lie. */
export interface ChunkRequest {
  readonly svm: GpuSvm;
  readonly mm: Mm;
  readonly notifier: SvmNotifier;
  readonly vma: Vma;
  readonly vpn: Vpn;
  readonly gpuvaStart: Vpn;
  readonly gpuvaEnd: Vpn;
  readonly ctx: SvmCtx;
}

/**
 * Pages of the chunk to use, 0 when none fits. One page is never tested for overlap (the caller has looked) nor for
 * presence. mmapLock held (gpusvm-and-pagemap.md §2.2, `svm:range_chunk_size`).
 */
export function* rangeChunkPages(request: ChunkRequest): Op<number> {
  for (const chunk of request.svm.chunkPages) {
    const startVpn = alignDown(request.vpn, chunk);
    if (!fits(request, startVpn, startVpn + chunk)) continue;
    if (chunk === 1 || (yield* usable(request, startVpn, startVpn + chunk))) return chunk;
  }
  return 0;
}

function fits(request: ChunkRequest, startVpn: Vpn, endVpn: Vpn): boolean {
  const { vma, notifier, gpuvaStart, gpuvaEnd } = request;
  const start = Math.max(vma.startVpn, notifier.startVpn, gpuvaStart);
  const end = Math.min(vma.endVpn, notifier.endVpn, gpuvaEnd);
  return startVpn >= start && endVpn <= end;
}

/**
 * A chunk up to the threshold must be present as a whole: otherwise it could neither migrate at once nor be sure to meet
 * no foreign device page later.
 */
function* usable(request: ChunkRequest, startVpn: Vpn, endVpn: Vpn): Op<boolean> {
  const { svm, mm, notifier, ctx } = request;
  if (notifier.ranges.firstOverlap(startVpn, endVpn) !== null) return false;
  if (endVpn - startVpn > ctx.checkPagesThresholdPages) return true;
  return yield* checkPages(svm, mm, notifier, startVpn, endVpn, ctx.devicePrivatePageOwner);
}
