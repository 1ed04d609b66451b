// The HMM walker: reports, and where asked makes present, the pages of a span for a device
// (gpusvm-and-pagemap.md §3.1; mm/hmm.c).
import { present } from '../../base/assert.ts';
import type { Status } from '../../base/errno.ts';
import { alignDown, type Vpn } from '../../base/units.ts';
import type { Op } from '../sched/op.ts';
import { writePresent } from './cow.ts';
import { handleFault, replaceZeroPages, reportFault, touchFresh, waitForEntry } from './fault.ts';
import type { Mm } from './mm.ts';
import type { IntervalNotifier } from './notifier.ts';
import { PTE_KIND, leafEnd, pteHuge, pteKind, ptePfn, pteWritable, LEAF_PAGES } from './page-table.ts';
import { NO_PFN, PAGE_FLAG } from './pages.ts';
import type { Vma } from './vma.ts';

/** Bits of `HmmRange.flags`; bits 3–7 hold the order of the CPU mapping. */
export const HMM_FLAG = { VALID: 1, WRITE: 2, ERROR: 4 } as const;
export const HMM_ORDER_SHIFT = 3;
/** Order of a 2 MiB CPU mapping. */
const HUGE_ORDER = 9;

export interface HmmRange {
  readonly mm: Mm;
  /** Null: no sequence check. */
  readonly notifier: IntervalNotifier | null;
  /** What `notifier.readBegin` returned. */
  readonly seq: number;
  readonly startVpn: Vpn;
  readonly endVpn: Vpn;
  /** 'none' only reports; 'fault' makes pages readable, 'write' writable. */
  readonly request: 'none' | 'fault' | 'write';
  /** Device pages with this owner are reported as they are; others are foreign. Null matches none. */
  readonly owner: object | null;
  /** Output by page offset; NO_PFN where the flags lack VALID. */
  readonly pfns: Uint32Array;
  readonly flags: Uint8Array;
}

/** What stopped a walk before the end. */
type Stop = 'end' | 'fault' | 'wait' | 'EFAULT';

/** Answers of `classify` that are not a flags byte. */
const MUST_FAULT = -1;
const MUST_WAIT = -2;
const BAD = -3;

/**
 * Fills `range.pfns` and `range.flags`. The caller holds the mmap lock, also while this waits. EBUSY: the notifier was
 * invalidated, begin again with a new sequence; EFAULT: no memory there; EPERM: write request, read-only area.
 * There is no time limit in here: pages under a timeslice are waited for (S3).
 */
export function* hmmRangeFault(range: HmmRange): Op<Status> {
  const walk = new Walk(range);
  const { sched } = range.mm.world;
  for (;;) {
    if (range.notifier !== null && range.notifier.readRetry(range.seq)) return 'EBUSY';
    const stop = walk.run();
    if (stop === 'end') return 0;
    if (stop === 'EFAULT') return 'EFAULT';
    if (stop === 'wait') yield* waitForEntry(range.mm, walk.last);
    else {
      const status = yield* faultFrom(range, walk.last);
      if (status !== 0) return status;
    }
    if (sched.exploring) yield* sched.point('hmm.restart');
  }
}

/** Order of the CPU mapping behind a flags byte: 0 or 9. */
export function hmmOrder(flags: number): number {
  return flags >>> HMM_ORDER_SHIFT;
}

/** One call's position; entries below `last` are final. Never waits. */
class Walk {
  last: Vpn;
  private readonly range: HmmRange;
  private readonly wants: boolean;
  private readonly write: boolean;
  /** The device may write from now on: pages given up by MADV_FREE are wanted again. */
  private savesPages = false;

  constructor(range: HmmRange) {
    this.range = range;
    this.last = range.startVpn;
    this.wants = range.request !== 'none';
    this.write = range.request === 'write';
  }

  /** Walks on from `last` until the end or the first page that must be faulted or waited for. */
  run(): Stop {
    const { mm, endVpn } = this.range;
    while (this.last < endVpn) {
      const vma = mm.findVmaIntersection(this.last, endVpn);
      const start = vma?.startVpn ?? endVpn;
      const stop = vma === null || start > this.last ? this.skip(start) : this.area(vma, endVpn);
      if (stop !== 'end') return stop;
    }
    return 'end';
  }

  private area(vma: Vma, endVpn: Vpn): Stop {
    const end = Math.min(vma.endVpn, endVpn);
    if (vma.io || !vma.read) return this.skip(end);
    while (this.last < end) {
      const leaf = this.range.mm.table.leafOf(this.last);
      const stop = leaf === null ? this.hole(leafEnd(this.last, end)) : this.leaf(leaf, leafEnd(this.last, end));
      if (stop !== 'end') return stop;
    }
    return 'end';
  }

  /** Pages that no request can have: all ERROR, or the end of the call. */
  private skip(end: Vpn): Stop {
    if (this.wants) return 'EFAULT';
    this.fill(end, HMM_FLAG.ERROR);
    return 'end';
  }

  /** Pages never touched. */
  private hole(end: Vpn): Stop {
    if (this.wants) return 'fault';
    this.fill(end, 0);
    return 'end';
  }

  private leaf(leaf: Uint32Array, end: Vpn): Stop {
    const { startVpn, pfns, flags } = this.range;
    const base = alignDown(this.last, LEAF_PAGES);
    this.savesPages = this.write && this.range.mm.world.pages.anyLazyFree;
    for (; this.last < end; this.last++) {
      const word = leaf[this.last - base] as number;
      const found = this.classify(word);
      if (found < 0) return found === MUST_FAULT ? 'fault' : found === MUST_WAIT ? 'wait' : 'EFAULT';
      pfns[this.last - startVpn] = (found & HMM_FLAG.VALID) !== 0 ? ptePfn(word) : NO_PFN;
      flags[this.last - startVpn] = found;
    }
    return 'end';
  }

  /** The table of §3.1: a flags byte, or MUST_FAULT, MUST_WAIT, BAD. */
  private classify(word: number): number {
    switch (pteKind(word)) {
      case PTE_KIND.present:
        if (this.write && !pteWritable(word)) return MUST_FAULT;
        if (this.savesPages) this.range.mm.world.pages.clearFlag(ptePfn(word), PAGE_FLAG.lazyFree);
        return validFlags(word);
      case PTE_KIND.zero:
        return this.write ? MUST_FAULT : HMM_FLAG.VALID;
      case PTE_KIND.devPrivate:
        if (this.isOwn(word)) return validFlags(word);
        return this.wants ? MUST_FAULT : 0;
      case PTE_KIND.migrating:
        return this.wants ? MUST_WAIT : 0;
      case PTE_KIND.special:
        return this.wants ? BAD : HMM_FLAG.ERROR;
      default:
        return this.wants ? MUST_FAULT : 0;
    }
  }

  private isOwn(word: number): boolean {
    const { mm, owner } = this.range;
    if (owner === null) return false;
    return mm.world.deviceOwners[mm.world.pages.deviceOf(ptePfn(word))] === owner;
  }

  private fill(end: Vpn, flags: number): void {
    const { startVpn, pfns } = this.range;
    pfns.fill(NO_PFN, this.last - startVpn, end - startVpn);
    this.range.flags.fill(flags, this.last - startVpn, end - startVpn);
    this.last = end;
  }
}

function validFlags(word: number): number {
  const order = pteHuge(word) ? HUGE_ORDER << HMM_ORDER_SHIFT : 0;
  return HMM_FLAG.VALID | (pteWritable(word) ? HMM_FLAG.WRITE : 0) | order;
}

/**
 * Runs the CPU fault handler for `vpn`, and for the pages behind it up to the end of the leaf while they are of the
 * kinds that a fault settles at once (the kernel too faults on to the end of the leaf before it looks again).
 */
function* faultFrom(range: HmmRange, vpn: Vpn): Op<Status> {
  const { mm } = range;
  const write = range.request === 'write';
  const vma = present(mm.findVma(vpn), 'area of a walked page');
  if (write && !vma.write) return 'EPERM';
  const stop = leafEnd(vpn, Math.min(range.endVpn, vma.endVpn));
  for (let at = vpn; at < stop;) {
    const count = yield* settleRun(mm, vma, at, stop, write);
    if (count < 0) return 'EFAULT';
    if (count > 0) at += count;
    // Moving pages or waiting for them concerns the first page alone; then look again.
    else return at === vpn ? yield* settleSlowly(mm, vma, vpn, write) : 0;
  }
  return 0;
}

/** Length of the run at `vpn` that was made accessible; 0 = its page needs more than that, −1 = no memory. */
function* settleRun(mm: Mm, vma: Vma, vpn: Vpn, stop: Vpn, write: boolean): Op<number> {
  switch (pteKind(mm.table.get(vpn))) {
    case PTE_KIND.none:
      return touchFresh(mm, vma, vpn, stop, write) || -1;
    case PTE_KIND.zero:
      return write ? (yield* replaceZeroPages(mm, vpn, stop)) || -1 : 1;
    case PTE_KIND.present:
      return write ? (yield* writePresent(mm, vma, vpn, stop)) || -1 : 1;
    default:
      return 0;
  }
}

function* settleSlowly(mm: Mm, vma: Vma, vpn: Vpn, write: boolean): Op<Status> {
  const outcome = yield* handleFault(mm, vma, vpn, write);
  if (outcome === 'BUS') return 'EFAULT';
  reportFault(mm, vpn, write, outcome);
  yield* waitForEntry(mm, vpn);
  return 0;
}
