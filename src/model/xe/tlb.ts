// TLB invalidation requests: the window that the hardware can express around an interval, and its command (xe.md §2.5).
import { assert } from '../../base/assert.ts';
import { alignDown, alignUp, floorLog2, type Vpn } from '../../base/units.ts';
import { TLB_INVAL_ALL, type TlbInval } from '../../engine/plan/commands.ts';

/** Pages of a 2 MiB window: from this size on, requests grow to 16 MiB. */
const LARGE_PAGES = 512;
const LARGE_WINDOW_PAGES = 4096;
/** A window of more pages than a 57-bit space has becomes a full invalidation. */
const MAX_LOG2_PAGES = 45;

/** [vpn, vpn + 2^log2Pages); `log2Pages` is also the size code of the request, TLB_INVAL_ALL drops the whole space. */
export interface TlbWindow {
  readonly vpn: Vpn;
  readonly log2Pages: number;
}

function roundUpPowerOfTwo(value: number): number {
  const floor = 2 ** floorLog2(value);
  return floor === value ? floor : floor * 2;
}

/** Smallest naturally aligned power-of-two window ⊇ [startVpn, endVpn), at least 16 MiB once it is 2 MiB (xe.md §2.5). */
export function tlbWindow(startVpn: Vpn, endVpn: Vpn): TlbWindow {
  assert(startVpn >= 0 && endVpn >= startVpn, () => `tlb window [${startVpn}, ${endVpn}) is no interval`);
  let length = roundUpPowerOfTwo(Math.max(endVpn - startVpn, 1));
  const end = alignUp(endVpn, length);
  let start = alignDown(startVpn, length);
  while (start + length < end) {
    length *= 2;
    start = alignDown(startVpn, length);
  }
  if (length >= LARGE_PAGES) {
    length = Math.max(length, LARGE_WINDOW_PAGES);
    start = alignDown(startVpn, length);
  }
  const log2Pages = floorLog2(length);
  return log2Pages > MAX_LOG2_PAGES ? { vpn: 0, log2Pages: TLB_INVAL_ALL } : { vpn: start, log2Pages };
}

/** Command that drops every line of `asid` reaching into [startVpn, endVpn). */
export function tlbInval(asid: number, startVpn: Vpn, endVpn: Vpn): TlbInval {
  return { op: 'tlbInval', asid, ...tlbWindow(startVpn, endVpn) };
}

/** Command that drops every line of `asid`. */
export function tlbInvalAll(asid: number): TlbInval {
  return { op: 'tlbInval', asid, vpn: 0, log2Pages: TLB_INVAL_ALL };
}
