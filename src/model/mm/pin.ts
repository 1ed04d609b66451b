// Long-term pins (FOLL_LONGTERM): references for somebody who reads or writes frames without looking at page tables
// (mm/gup.c). Pinned pages are in RAM, belong to their process alone, and do not migrate until they are let go.
import type { Errno } from '../../base/errno.ts';
import type { Pfn, Vpn } from '../../base/units.ts';
import type { Op } from '../sched/op.ts';
import { cpuFault } from './access.ts';
import { unsharePage } from './cow.ts';
import type { Mm, MmWorld } from './mm.ts';
import { PTE_KIND, pteKind, ptePfn } from './page-table.ts';

/** Frames that were pinned together. */
export class Pins {
  readonly pfns: readonly Pfn[];
  private readonly world: MmWorld;
  private live = true;

  constructor(world: MmWorld, pfns: readonly Pfn[]) {
    this.world = world;
    this.pfns = pfns;
  }

  /** Lets the frames go; once. */
  release(): void {
    if (this.live) for (const pfn of this.pfns) unpin(this.world, pfn);
    this.live = false;
  }
}

/**
 * Pins [start, end): pages come home from devices, and private ones that other processes share are copied first, also for
 * a pin that only reads. EFAULT: an access that is not permitted; ENOMEM: no frame. Nothing stays pinned then.
 */
export function* pinPages(mm: Mm, start: Vpn, end: Vpn, write: boolean): Op<Pins | Errno> {
  const pfns: Pfn[] = [];
  for (let vpn = start; vpn < end; vpn++) {
    const pfn = yield* pinPage(mm, vpn, write);
    if (typeof pfn === 'number') {
      pfns.push(pfn);
      continue;
    }
    for (const pinned of pfns) unpin(mm.world, pinned);
    return pfn;
  }
  return new Pins(mm.world, pfns);
}

function* pinPage(mm: Mm, vpn: Vpn, write: boolean): Op<Pfn | Errno> {
  for (;;) {
    const found = yield* cpuFault(mm, vpn, write);
    if (found === 'SEGV') return 'EFAULT';
    if (found === 'BUS') return 'ENOMEM';
    if (write || !mustUnshare(mm, vpn)) return pin(mm.world, found);
    yield* mm.mmapLock.read();
    const vma = mm.findVma(vpn);
    const own = vma === null || (yield* unsharePage(mm, vma, vpn));
    mm.mmapLock.unlockRead();
    if (!own) return 'ENOMEM';
  }
}

/** gup_must_unshare: the content is another process's too, and the next write of this one would leave the pinned frame. */
function mustUnshare(mm: Mm, vpn: Vpn): boolean {
  const vma = mm.findVma(vpn);
  const word = mm.table.get(vpn);
  return vma !== null && !vma.shared && pteKind(word) === PTE_KIND.present && mm.world.pages.isForked(ptePfn(word));
}

function pin(world: MmWorld, pfn: Pfn): Pfn {
  const { pages } = world;
  // The zero page is never counted.
  if (pfn === pages.zeroPfn) return pfn;
  pages.get(pfn);
  pages.pins.set(pfn, (pages.pins.get(pfn) ?? 0) + 1);
  return pfn;
}

function unpin(world: MmWorld, pfn: Pfn): void {
  const { pages } = world;
  if (pfn === pages.zeroPfn) return;
  const left = (pages.pins.get(pfn) ?? 0) - 1;
  if (left > 0) pages.pins.set(pfn, left);
  else pages.pins.delete(pfn);
  pages.put(pfn);
}
