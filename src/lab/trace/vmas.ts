// Derives the address space of a capture: touched pages, merged over small gaps and widened (design.md §8 Accesses).
import { present } from '../../base/assert.ts';
import { alignDown, alignUp, KIB, MIB, PAGE_SIZE, vpnOf, type Vpn } from '../../base/units.ts';
import type { VmaSpec } from '../workload/workload.ts';
import { TRACE_KIND, type AccessTrace } from './access-trace.ts';

/** Gaps below this are part of one mapping. */
const GAP_PAGES = (2 * MIB) / PAGE_SIZE;
/** Mappings are widened to multiples of this. */
const WIDEN_PAGES = (64 * KIB) / PAGE_SIZE;

export interface TraceVmas {
  readonly vmas: readonly VmaSpec[];
  readonly touchedPages: number;
  readonly note: string;
}

/** VMAs that hold every byte of the trace, ascending; writable where the trace stores. */
export function vmasOf(trace: AccessTrace): TraceVmas {
  const pages = touchedPages(trace);
  const vmas = mergePages(pages);
  const total = vmas.reduce((sum, vma) => sum + vma.pages, 0);
  const note =
    `${vmas.length} VMAs derived from ${pages.length} touched pages: gaps below 2 MiB merged, ` +
    `widened to 64 KiB (${total} pages in all); the merging decides which chunks fit`;
  return { vmas, touchedPages: pages.length, note };
}

/** Page numbers touched by any byte of a record, ascending, each once. */
function touchedPages(trace: AccessTrace): Float64Array {
  const seen = new Set<Vpn>();
  for (let i = 0; i < trace.count; i++) {
    const lo = present(trace.lo[i], 'record');
    const first = vpnOf(lo, present(trace.hi[i], 'record'));
    const last = first + Math.floor(((lo % PAGE_SIZE) + present(trace.sizes[i], 'record') - 1) / PAGE_SIZE);
    for (let vpn = first; vpn <= last; vpn++) seen.add(vpn);
  }
  return Float64Array.from(seen).sort();
}

function mergePages(pages: Float64Array): VmaSpec[] {
  const vmas: VmaSpec[] = [];
  let start = present(pages[0], 'page');
  for (let i = 1; i <= pages.length; i++) {
    const previous = present(pages[i - 1], 'page');
    const page = pages[i];
    if (page !== undefined && page - previous - 1 < GAP_PAGES) continue;
    vmas.push(widened(vmas.length, start, previous + 1));
    if (page !== undefined) start = page;
  }
  return vmas;
}

function widened(index: number, start: Vpn, end: Vpn): VmaSpec {
  const startVpn = alignDown(start, WIDEN_PAGES);
  return { name: `trace ${index}`, startVpn, pages: alignUp(end, WIDEN_PAGES) - startVpn, write: true };
}

/** True when the record stores. */
export function stores(kind: number): boolean {
  return kind !== TRACE_KIND.load;
}
