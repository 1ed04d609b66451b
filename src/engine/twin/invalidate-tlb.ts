// Twin of shaders/invalidate-tlb.wgsl: drops the TLB lines whose block shares a page with an interval of pages.
import type { TlbInval } from '../plan/commands.ts';
import { LINE_LOG2_PAGES, LINE_OWNER, LINE_PAGE_HI, LINE_PAGE_LO, TLB_ALL_LOG2, TLB_LINE_WORDS } from './tlb.ts';
import type { TwinMemory } from './twin-memory.ts';

/** Whether the block of the line at `at` and [vpn, vpn + 2^log2Pages) share a page. */
function covered(tlb: Uint32Array, at: number, vpn: number, log2Pages: number): boolean {
  if (log2Pages >= TLB_ALL_LOG2) return true;
  const first = (tlb[at + LINE_PAGE_HI] as number) * 2 ** 32 + (tlb[at + LINE_PAGE_LO] as number);
  const end = first + 2 ** (tlb[at + LINE_LOG2_PAGES] as number);
  return first < vpn + 2 ** log2Pages && vpn < end;
}

/** Empties the lines of `asid` that cover a page of [vpn, vpn + 2^log2Pages). */
function invalidateLines(tlb: Uint32Array, asid: number, vpn: number, log2Pages: number): void {
  for (let at = 0; at < tlb.length; at += TLB_LINE_WORDS)
    if (tlb[at + LINE_OWNER] === asid + 1 && covered(tlb, at, vpn, log2Pages)) tlb[at + LINE_OWNER] = 0;
}

/** Runs a TLB_INVAL. */
export function invalidateTlb(memory: TwinMemory, command: TlbInval): void {
  invalidateLines(memory.tlb, command.asid, command.vpn, command.log2Pages);
}
