// Calls on a file itself: read, write, truncate, punch a hole, unmap a range. What the file loses disappears from every
// address space first, inside a CLEAR section of each area that shows it (mm/memory.c·unmap_mapping_range, mm/truncate.c).
import type { Errno, Status } from '../../base/errno.ts';
import { WORDS_PER_PAGE, type Vpn } from '../../base/units.ts';
import { SYSTEM_SPACE, type Command } from '../../engine/plan/commands.ts';
import { MMU_EVENT } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import { ContentJob } from './content-job.ts';
import type { MemFile } from './file.ts';
import { splitEdges } from './huge.ts';
import { dropEntry } from './mapping.ts';
import type { Mm } from './mm.ts';
import type { InvalidateEvent } from './notifier.ts';
import { PTE_KIND, pteKind, ptePfn } from './page-table.ts';
import { PAGE_FLAG } from './pages.ts';

/** pread: the words of `count` pages from `page` on, fewer at the end of the file. ENOMEM: RAM is full. */
export function* fileRead(file: MemFile, page: number, count: number): Op<Uint32Array | Errno> {
  const { world } = file;
  const job = new ContentJob(world, 'file pages');
  const commands: Command[] = [];
  for (let at = page; at < Math.min(page + count, file.pages); at++) {
    const pfn = file.read(at, job);
    if (pfn < 0) break;
    commands.push({ op: 'readback', space: SYSTEM_SPACE, frame: world.pages.frameOf(pfn), pages: 1 });
  }
  job.submit();
  if (commands.length < Math.min(count, file.pages - page)) return 'ENOMEM';
  if (commands.length === 0) return new Uint32Array(0);
  return (yield* world.jobs.submit('cpu', 'pread', commands).wait()).io;
}

/** pwrite of whole pages (a multiple of 1024 words); the file grows if need be. ENOMEM: RAM is full, a part is written. */
export function* fileWrite(file: MemFile, page: number, words: Uint32Array): Op<Status> {
  if (page < 0 || words.length === 0 || words.length % WORDS_PER_PAGE !== 0) return 'EINVAL';
  const { sched } = file.world;
  if (sched.exploring) yield* sched.point('file.write');
  const job = new ContentJob(file.world, 'pwrite');
  let status: Status = 0;
  for (let i = 0; i < words.length / WORDS_PER_PAGE && status === 0; i++) {
    const part = words.slice(i * WORDS_PER_PAGE, (i + 1) * WORDS_PER_PAGE);
    if (file.write(page + i, part, job) < 0) status = 'ENOMEM';
    else file.pages = Math.max(file.pages, page + i + 1);
  }
  job.submit();
  return status;
}

/** The file is `pages` long: what lies behind is gone, also the private copies of it; touching it is a bus error. */
export function* fileTruncate(file: MemFile, pages: number): Op<void> {
  file.pages = pages;
  yield* fileUnmap(file, pages, Infinity, true);
  yield* dropPages(file, pages, Infinity);
  // Somebody may have mapped a page between the two steps (mm/truncate.c·truncate_pagecache).
  yield* fileUnmap(file, pages, Infinity, true);
}

/** The pages [start, end) of the file become zero; private copies stay as they are (FALLOC_FL_PUNCH_HOLE). */
export function* filePunch(file: MemFile, start: number, end: number): Op<void> {
  yield* fileUnmap(file, start, end, false);
  yield* dropPages(file, start, end);
  yield* fileUnmap(file, start, end, false);
}

/**
 * Unmaps the pages [start, end) of the file wherever they are mapped; the next touch finds what the file then has there.
 * `withCopies`: private copies of them go too.
 */
export function* fileUnmap(file: MemFile, start: number, end: number, withCopies: boolean): Op<void> {
  for (const mm of file.world.mms.values()) {
    for (const { startVpn, endVpn } of spansOf(mm, file, start, end)) {
      const event: InvalidateEvent = { startVpn, endVpn, event: MMU_EVENT.CLEAR, blockable: true, owner: null };
      yield* splitEdges(mm, startVpn, endVpn);
      yield* mm.subscriptions.start(event);
      dropEntries(mm, file, startVpn, endVpn, withCopies);
      mm.subscriptions.end(event);
    }
  }
}

/** Where `mm` shows the pages [start, end) of the file. */
function spansOf(mm: Mm, file: MemFile, start: number, end: number): { startVpn: Vpn; endVpn: Vpn }[] {
  return [...mm.vmas()].flatMap((vma) => {
    if (vma.file !== file) return [];
    const startVpn = Math.max(vma.startVpn, vma.startVpn + (start - vma.fileOffset));
    const endVpn = Math.min(vma.endVpn, vma.startVpn + (end - vma.fileOffset));
    return startVpn < endVpn ? [{ startVpn, endVpn }] : [];
  });
}

/** Callbacks may have waited, and no mmap lock is held: an entry goes only where the area still shows the file. */
function dropEntries(mm: Mm, file: MemFile, start: Vpn, end: Vpn, withCopies: boolean): void {
  mm.table.forEachInRange(start, end, (vpn, word) => {
    if (mm.findVma(vpn)?.file !== file) return;
    const isFilePage = pteKind(word) !== PTE_KIND.zero && mm.world.pages.hasFlag(ptePfn(word), PAGE_FLAG.file);
    if (withCopies || isFilePage) dropEntry(mm, vpn, word);
  });
}

/** Waits for pages that a migration or reclaim has locked, then takes them out of the cache. */
function* dropPages(file: MemFile, start: number, end: number): Op<void> {
  const { pages } = file.world;
  for (let locked = file.lockedPage(start, end); locked >= 0; locked = file.lockedPage(start, end)) {
    yield* pages.waitUnlocked(locked);
  }
  file.erase(start, end);
}
