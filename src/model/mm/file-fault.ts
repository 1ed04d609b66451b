// First touches of file mappings (mm/memory.c·do_fault): shared ones and reads map the frames of the page cache, a
// private write gets a copy at once.
import type { Pfn, Vpn } from '../../base/units.ts';
import { allocPage } from './alloc-page.ts';
import { ContentJob } from './content-job.ts';
import type { MemFile } from './file.ts';
import { mapPage } from './mapping.ts';
import type { Mm } from './mm.ts';
import { leafEnd } from './page-table.ts';
import type { Vma } from './vma.ts';

/**
 * Faults in the untouched pages of [vpn, end) that lie in one leaf and inside the file: one job. Returns how many; 0 =
 * the first lies behind the end of the file, or found no memory.
 */
export function touchFile(mm: Mm, vma: Vma, file: MemFile, vpn: Vpn, end: Vpn, write: boolean): number {
  const fileEnd = vma.startVpn + (file.pages - vma.fileOffset);
  const stop = leafEnd(vpn, Math.min(end, vma.endVpn, fileEnd));
  const job = new ContentJob(mm.world, 'file pages');
  let count = 0;
  for (; vpn + count < stop && mm.table.get(vpn + count) === 0; count++) {
    const cached = file.read(vma.filePage(vpn + count), job);
    if (cached < 0) break;
    if (write && !vma.shared) {
      if (!mapCopy(mm, vpn + count, cached, job)) break;
    } else mapCached(mm, vma, file, vpn + count, cached, write);
  }
  job.submit();
  return count;
}

/** do_cow_fault: the cached page stays unmapped. */
function mapCopy(mm: Mm, vpn: Vpn, cached: Pfn, job: ContentJob): boolean {
  const pfn = mm.world.sched.fails('mm.copy') ? -1 : allocPage(mm.world, 'mm.alloc-copy');
  if (pfn < 0) return false;
  job.copy(cached, pfn);
  mapPage(mm, vpn, pfn, true);
  return true;
}

/** do_read_fault, do_shared_fault. Memory without a disk needs no notice of the first write: reads map it writable too. */
function mapCached(mm: Mm, vma: Vma, file: MemFile, vpn: Vpn, cached: Pfn, write: boolean): void {
  mm.world.pages.get(cached);
  mapPage(mm, vpn, cached, vma.shared && vma.write && (write || file.anonymous));
}
