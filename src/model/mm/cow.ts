// Writes to read-only entries (mm/memory.c·do_wp_page): the page is used as it is where nobody else can see it, and
// copied where somebody can. Copies are filled before any entry names them; each entry changes inside a CLEAR section.
import type { Pfn, Vpn } from '../../base/units.ts';
import { MMU_EVENT } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import { allocPage } from './alloc-page.ts';
import { ContentJob } from './content-job.ts';
import { splitHuge, writableHuge } from './huge.ts';
import { dropEntry, mapPage } from './mapping.ts';
import type { Mm } from './mm.ts';
import type { InvalidateEvent } from './notifier.ts';
import { PTE_KIND, leafEnd, pteHuge, pteKind, pteMakeWritable, ptePfn, pteWritable } from './page-table.ts';
import { PAGE_FLAG } from './pages.ts';
import type { Vma } from './vma.ts';

/**
 * Makes the present pages from `vpn` on writable, up to `end` or the end of the leaf or the first that is not present.
 * The area permits the write; the caller holds the mmap lock. Returns how many pages were dealt with (look again:
 * callbacks may have waited); 0 = the first needed a frame and there is none, or its copy failed.
 */
export function* writePresent(mm: Mm, vma: Vma, vpn: Vpn, end: Vpn): Op<number> {
  const stop = leafEnd(vpn, end);
  const reused = reuseRun(mm, vma, vpn, stop);
  return reused > 0 ? reused : yield* copyRun(mm, vma, vpn, stop);
}

/** Pages from `vpn` on that became writable where they are. */
function reuseRun(mm: Mm, vma: Vma, vpn: Vpn, stop: Vpn): number {
  let count = 0;
  for (; vpn + count < stop; count++) {
    const word = mm.table.get(vpn + count);
    if (pteKind(word) !== PTE_KIND.present) break;
    if (pteWritable(word)) continue;
    if (!mayReuse(mm, vma, ptePfn(word))) break;
    mm.world.pages.clearFlag(ptePfn(word), PAGE_FLAG.forked);
    if (pteHuge(word)) writableHuge(mm, vpn + count);
    else mm.table.set(vpn + count, pteMakeWritable(word));
  }
  return count;
}

/** A shared area writes to the page itself. A private one does where the page is its own: no file's, no other process's. */
function mayReuse(mm: Mm, vma: Vma, pfn: Pfn): boolean {
  const { pages } = mm.world;
  if (vma.shared) return true;
  // `file` without an open file is the stand-in of tests: one mapping, its own pages.
  if (pages.hasFlag(pfn, PAGE_FLAG.file)) return vma.file === null;
  return !pages.isForked(pfn);
}

/** Whether a write to the present, read-only page at `vpn` must copy it. */
function mustCopy(mm: Mm, vma: Vma, vpn: Vpn): boolean {
  const word = mm.table.get(vpn);
  return pteKind(word) === PTE_KIND.present && !pteWritable(word) && !mayReuse(mm, vma, ptePfn(word));
}

/** wp_page_copy for a run: one job copies all of it, then each entry changes in a section of its own. */
function* copyRun(mm: Mm, vma: Vma, vpn: Vpn, stop: Vpn): Op<number> {
  if (mm.world.sched.fails('mm.copy')) return 0;
  const job = new ContentJob(mm.world, 'copy on write');
  const old: Pfn[] = [];
  const fresh: Pfn[] = [];
  for (let at = vpn; at < stop && mustCopy(mm, vma, at); at++) {
    const pfn = allocPage(mm.world, 'mm.alloc-copy');
    if (pfn < 0) break;
    const src = ptePfn(mm.table.get(at));
    // Somebody may free the source while a callback waits: it must not become another page with the same number.
    mm.world.pages.get(src);
    job.copy(src, pfn);
    old.push(src);
    fresh.push(pfn);
  }
  job.submit();
  for (let i = 0; i < fresh.length; i++) {
    yield* replacePage(mm, vpn + i, old[i] as Pfn, fresh[i] as Pfn, vma.write);
    mm.world.pages.put(old[i] as Pfn);
  }
  return fresh.length;
}

/** The entry at `vpn` maps `fresh` instead of `old`, unless it changed while callbacks waited. */
function* replacePage(mm: Mm, vpn: Vpn, old: Pfn, fresh: Pfn, writable: boolean): Op<void> {
  const { sched, pages } = mm.world;
  if (pteHuge(mm.table.get(vpn))) yield* splitHuge(mm, vpn);
  const event: InvalidateEvent = {
    startVpn: vpn,
    endVpn: vpn + 1,
    event: MMU_EVENT.CLEAR,
    blockable: true,
    owner: null,
  };
  yield* mm.subscriptions.start(event);
  if (sched.exploring) yield* sched.point('mm.cow');
  const word = mm.table.get(vpn);
  if (pteKind(word) === PTE_KIND.present && ptePfn(word) === old && !pteWritable(word)) {
    dropEntry(mm, vpn, word);
    mapPage(mm, vpn, fresh, writable);
  } else pages.put(fresh);
  mm.subscriptions.end(event);
}

/**
 * A page of its own for an entry that only reads (FAULT_FLAG_UNSHARE): what a long-term pin needs where the area's
 * permission stays read-only. False: no frame.
 */
export function* unsharePage(mm: Mm, vma: Vma, vpn: Vpn): Op<boolean> {
  return !mustCopy(mm, vma, vpn) || (yield* copyRun(mm, vma, vpn, vpn + 1)) > 0;
}
