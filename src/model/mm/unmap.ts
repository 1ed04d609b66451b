// Taking memory away from a process: munmap, discard, the OOM reaper and exit; devices are told before an entry goes (I37).
import type { Status } from '../../base/errno.ts';
import type { Vpn } from '../../base/units.ts';
import { MMU_EVENT, type MmuEvent } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import type { MemFile } from './file.ts';
import { splitEdges } from './huge.ts';
import { dropEntry } from './mapping.ts';
import type { Mm } from './mm.ts';
import type { InvalidateEvent } from './notifier.ts';

/** Pages of a 57-bit address space. */
const ADDRESS_SPACE_PAGES = 2 ** 45;

/**
 * munmap (mm/vma.c·do_vmi_align_munmap): areas go under the write lock, entries under the read lock, one UNMAP for all.
 * EINVAL: empty span. EINTR: killed while waiting for the lock (injected: 'mm.lock').
 */
export function* unmapRange(mm: Mm, start: Vpn, end: Vpn): Op<Status> {
  if (start < 0 || end <= start) return 'EINVAL';
  if (mm.world.sched.fails('mm.lock')) return 'EINTR';
  yield* mm.mmapLock.write();
  const files = anonymousFiles(mm, start, end);
  const removed = yield* removeAreas(mm, start, end);
  mm.mmapLock.downgrade();
  if (removed > 0) yield* zap(mm, start, end, MMU_EVENT.UNMAP);
  releaseFiles(mm, files);
  mm.mmapLock.unlockRead();
  return 0;
}

/** As `unmapRange` for a caller that holds the mmap lock for writing and keeps it: mmap over old areas, mremap. */
export function* unmapLocked(mm: Mm, start: Vpn, end: Vpn): Op<void> {
  const files = anonymousFiles(mm, start, end);
  const removed = yield* removeAreas(mm, start, end);
  if (removed > 0) yield* zap(mm, start, end, MMU_EVENT.UNMAP);
  releaseFiles(mm, files);
}

/** MADV_DONTNEED without its checks (advise.ts has them): anonymous pages read as zero afterwards. */
export function* discardRange(mm: Mm, start: Vpn, end: Vpn): Op<Status> {
  if (start < 0 || end <= start) return 'EINVAL';
  yield* mm.mmapLock.read();
  yield* splitEdges(mm, start, end);
  yield* zap(mm, start, end, MMU_EVENT.CLEAR);
  mm.mmapLock.unlockRead();
  return 0;
}

/**
 * The last user is gone (mm/mmap.c·exit_mmap). Waits for whoever still works on the areas, then drops everything
 * inside one RELEASE. The kernel sends an UNMAP behind it; gpusvm-and-pagemap.md §2.4 lists RELEASE alone.
 */
export function* tearDown(mm: Mm): Op<void> {
  yield* mm.mmapLock.write();
  const files = anonymousFiles(mm, 0, ADDRESS_SPACE_PAGES);
  yield* zap(mm, 0, ADDRESS_SPACE_PAGES, MMU_EVENT.RELEASE);
  mm.areas.clear();
  releaseFiles(mm, files);
  mm.mmapLock.unlockWrite();
}

/**
 * The OOM reaper (mm/oom_kill.c·__oom_reap_task_mm): takes the private pages of a dying process without ever waiting for
 * a device: sections are not blockable, and an area whose devices refuse keeps its pages. False: some area did.
 */
export function* oomReap(mm: Mm): Op<boolean> {
  if (!mm.mmapLock.tryRead()) return false;
  let complete = true;
  for (const { startVpn, endVpn, shared, locked, hugetlb, io } of mm.vmas()) {
    if (shared || locked || hugetlb || io) continue;
    const event: InvalidateEvent = { startVpn, endVpn, event: MMU_EVENT.UNMAP, blockable: false, owner: null };
    if ((yield* mm.subscriptions.start(event)) !== 0) {
      complete = false;
      continue;
    }
    dropEntries(mm, startVpn, endVpn);
    mm.subscriptions.end(event);
  }
  mm.mmapLock.unlockRead();
  return complete;
}

/** Drops every entry of [start, end) inside one section. Whoever cuts a 2 MiB mapping has split it before. */
export function* zap(mm: Mm, start: Vpn, end: Vpn, kind: MmuEvent): Op<void> {
  const event: InvalidateEvent = { startVpn: start, endVpn: end, event: kind, blockable: true, owner: null };
  yield* mm.subscriptions.start(event);
  const { sched } = mm.world;
  if (sched.exploring) yield* sched.point('mm.zap');
  dropEntries(mm, start, end);
  mm.subscriptions.end(event);
}

function dropEntries(mm: Mm, start: Vpn, end: Vpn): void {
  mm.table.forEachInRange(start, end, (vpn, word) => dropEntry(mm, vpn, word));
  mm.table.dropLeaves(start, end);
}

function* removeAreas(mm: Mm, start: Vpn, end: Vpn): Op<number> {
  yield* splitEdges(mm, start, end);
  return mm.areas.removeRange(start, end);
}

/** Files of shared anonymous memory that areas of the span show: they may be about to lose their last mapping. */
function anonymousFiles(mm: Mm, start: Vpn, end: Vpn): Set<MemFile> {
  const files = new Set<MemFile>();
  if (!mm.areas.hadFiles) return files;
  for (const vma of mm.vmas()) {
    if (vma.file?.anonymous === true && vma.startVpn < end && vma.endVpn > start) files.add(vma.file);
  }
  return files;
}

/** Shared anonymous memory that nobody maps any more gives its pages back. */
function releaseFiles(mm: Mm, files: Set<MemFile>): void {
  if (files.size === 0) return;
  for (const other of mm.world.mms.values()) for (const vma of other.vmas()) if (vma.file) files.delete(vma.file);
  for (const file of files) file.drop(0, Infinity);
}
