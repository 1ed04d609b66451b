// CPU touches: what a load or store of a process does to its page table before it can go on.
import type { Status } from '../../base/errno.ts';
import type { Pfn, Vpn } from '../../base/units.ts';
import type { Op } from '../sched/op.ts';
import { handleFault, reportFault, touchFresh, waitForEntry, type FaultOutcome } from './fault.ts';
import type { Mm } from './mm.ts';
import { PTE_KIND, pteKind, ptePfn, pteWritable } from './page-table.ts';
import { PAGE_FLAG } from './pages.ts';
import type { Vma } from './vma.ts';

/**
 * A CPU access to `vpn`: returns the system frame once the entry is present with the permission; the caller acts on
 * it before it waits for anything. 'SEGV': no area or no permission. 'BUS': the page cannot be had (failed migration,
 * RAM exhausted, or an area without pages). Takes the mmap lock itself; each trip through the handler that ends is one
 * 'cpu-fault' event: `gated` and `busy` (once in a row) are trips after which the CPU faults again.
 */
export function* cpuFault(mm: Mm, vpn: Vpn, write: boolean): Op<Pfn | 'SEGV' | 'BUS'> {
  const { sched } = mm.world;
  let last: FaultOutcome | null = null;
  for (;;) {
    const pfn = accessible(mm, vpn, write);
    if (pfn >= 0) return pfn;
    if (sched.exploring) yield* sched.point('mm.fault');
    const outcome = yield* trip(mm, vpn, write);
    if (outcome !== 'busy' || last !== 'busy') reportFault(mm, vpn, write, outcome);
    if (outcome === 'SEGV' || outcome === 'BUS') return outcome;
    if (outcome === 'gated' || outcome === 'busy') yield* waitForEntry(mm, vpn);
    last = outcome;
  }
}

/**
 * Touches every page of [start, end) as the CPU would, untouched runs in one go (MAP_POPULATE): 0, 'EFAULT' where no
 * area permits it, 'ENOMEM' where a page cannot be had. Pages before the failing one are populated.
 */
export function* populate(mm: Mm, start: Vpn, end: Vpn, write: boolean): Op<Status> {
  for (let vpn = start; vpn < end;) {
    const count = yield* touchRun(mm, vpn, end, write);
    if (count === 0) {
      const result = yield* cpuFault(mm, vpn, write);
      if (result === 'SEGV') return 'EFAULT';
      if (result === 'BUS') return 'ENOMEM';
    }
    vpn += Math.max(1, count);
  }
  return 0;
}

/** Pages faulted in from `vpn` on because they were untouched; 0 = `vpn` needs the ordinary handler. */
function* touchRun(mm: Mm, vpn: Vpn, end: Vpn, write: boolean): Op<number> {
  if (mm.table.get(vpn) !== 0) return 0;
  yield* mm.mmapLock.read();
  const vma = mm.findVma(vpn);
  const count = vma !== null && permits(vma, write) ? touchFresh(mm, vma, vpn, end, write) : 0;
  mm.mmapLock.unlockRead();
  return count;
}

/** The area allows the access. */
export function permits(vma: Vma, write: boolean): boolean {
  return write ? vma.write : vma.read;
}

/** What the CPU's own page walk finds: the frame, or −1 = fault. */
function accessible(mm: Mm, vpn: Vpn, write: boolean): Pfn | -1 {
  const word = mm.table.get(vpn);
  const kind = pteKind(word);
  if (kind !== PTE_KIND.present && kind !== PTE_KIND.zero) return -1;
  if (write && !pteWritable(word)) return -1;
  const vma = mm.findVma(vpn);
  // Entries outlive read permission (PROT_NONE) and, inside munmap, their area.
  if (vma === null || !permits(vma, write)) return -1;
  const { pages } = mm.world;
  if (write && pages.anyLazyFree) pages.clearFlag(ptePfn(word), PAGE_FLAG.lazyFree);
  return ptePfn(word);
}

function* trip(mm: Mm, vpn: Vpn, write: boolean): Op<FaultOutcome | 'SEGV'> {
  yield* mm.mmapLock.read();
  const { sched } = mm.world;
  const vma = mm.findVma(vpn);
  if (sched.injection !== null) yield* sched.point('mm.vma-found');
  const outcome = vma !== null && permits(vma, write) ? yield* handleFault(mm, vma, vpn, write) : 'SEGV';
  mm.mmapLock.unlockRead();
  return outcome;
}
