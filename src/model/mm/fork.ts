// fork: the child gets every area, and of private ones the entries, write-protected on both sides (mm/memory.c·copy_page_range).
// Device-private entries are copied like that too: a touch by either process brings the page home for both (S26).
import type { Errno } from '../../base/errno.ts';
import type { Vpn } from '../../base/units.ts';
import { MMU_EVENT } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import { allocPage } from './alloc-page.ts';
import { ContentJob } from './content-job.ts';
import { splitAll } from './huge.ts';
import { isMapping, mapPage } from './mapping.ts';
import type { Mm } from './mm.ts';
import type { InvalidateEvent } from './notifier.ts';
import { PTE_KIND, pteKind, ptePfn, pteReadOnly, pteWritable } from './page-table.ts';
import { PAGE_FLAG } from './pages.ts';
import { Vma } from './vma.ts';

/**
 * A child of `mm`, from `create`, an empty process registered in the world. Each private area with pages of its own is one PROTECTION_PAGE section of
 * the parent. Pages that are pinned for long are copied at once: their pinner must go on seeing the parent's writes.
 * ENOMEM: no frame for such a copy (the child is torn down again; entries that lost write permission regain it on the
 * next write). EINTR: injected ('mm.lock').
 */
export function* forkMm(mm: Mm, create: () => Mm): Op<Mm | Errno> {
  if (mm.world.sched.fails('mm.lock')) return 'EINTR';
  yield* mm.mmapLock.write();
  const child = create();
  const complete = yield* copyAreas(mm, child);
  mm.mmapLock.unlockWrite();
  if (complete) return child;
  yield* child.exit();
  return 'ENOMEM';
}

function* copyAreas(mm: Mm, child: Mm): Op<boolean> {
  child.hadHuge = mm.hadHuge;
  for (const vma of mm.vmas()) {
    const copy = new Vma(vma.startVpn, vma.endVpn, vma);
    copy.locked = false;
    child.areas.insert(copy);
    if (!vma.shared && hasOwnPages(mm, vma) && !(yield* copyArea(mm, child, vma))) return false;
  }
  return true;
}

/** Areas without pages of their own are not copied: the child faults the file in as the parent did (vma_needs_copy). */
function hasOwnPages(mm: Mm, vma: Vma): boolean {
  let found = false;
  mm.table.forEachInRange(vma.startVpn, vma.endVpn, (_vpn, word) => {
    const kind = pteKind(word);
    if (kind === PTE_KIND.zero || kind === PTE_KIND.special) return;
    found ||= !mm.world.pages.hasFlag(ptePfn(word), PAGE_FLAG.file);
  });
  return found;
}

function* copyArea(mm: Mm, child: Mm, vma: Vma): Op<boolean> {
  const { startVpn, endVpn } = vma;
  const event: InvalidateEvent = { startVpn, endVpn, event: MMU_EVENT.PROTECTION_PAGE, blockable: true, owner: null };
  yield* mm.subscriptions.start(event);
  // The kernel shares whole 2 MiB mappings; here pages are shared one by one.
  yield* splitAll(mm, startVpn, endVpn);
  const { sched } = mm.world;
  if (sched.exploring) yield* sched.point('mm.fork');
  const job = new ContentJob(mm.world, 'fork');
  let complete = true;
  mm.table.forEachInRange(startVpn, endVpn, (vpn, word) => {
    complete &&= copyEntry(mm, child, vpn, word, job);
  });
  job.submit();
  mm.subscriptions.end(event);
  return complete;
}

/** copy_present_pte, copy_nonpresent_pte. False: no frame for the copy of a pinned page. */
function copyEntry(mm: Mm, child: Mm, vpn: Vpn, word: number, job: ContentJob): boolean {
  const { pages } = mm.world;
  const pfn = ptePfn(word);
  const kind = pteKind(word);
  if (kind === PTE_KIND.zero || kind === PTE_KIND.special) {
    child.table.set(vpn, word);
    return true;
  }
  const own = !pages.hasFlag(pfn, PAGE_FLAG.file);
  if (own && isMapping(word) && pages.isPinned(pfn) && !pages.hasFlag(pfn, PAGE_FLAG.forked)) {
    return copyPinned(mm, child, vpn, word, job);
  }
  if (own) pages.setFlag(pfn, PAGE_FLAG.forked);
  if (pteWritable(word)) mm.table.set(vpn, pteReadOnly(word));
  shareEntry(child, vpn, pteReadOnly(word));
  return true;
}

/** The child's entry for a page that it shares from now on. */
function shareEntry(child: Mm, vpn: Vpn, word: number): void {
  const { pages } = child.world;
  const pfn = ptePfn(word);
  if (isMapping(word)) {
    pages.get(pfn);
    mapPage(child, vpn, pfn, false);
    return;
  }
  // A migration entry holds no reference, the migration does; a swap entry holds one.
  if (pteKind(word) === PTE_KIND.migrating) pages.rmap.add(pfn, child.id, vpn);
  else pages.get(pfn);
  child.table.set(vpn, word);
}

function copyPinned(mm: Mm, child: Mm, vpn: Vpn, word: number, job: ContentJob): boolean {
  const pfn = allocPage(mm.world, 'mm.alloc-copy');
  if (pfn < 0) return false;
  job.copy(ptePfn(word), pfn);
  mapPage(child, vpn, pfn, pteWritable(word));
  return true;
}
