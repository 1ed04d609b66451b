// mremap: entries move with their pages, device-private and frozen ones too; devices hear UNMAP for the old span
// (mm/mremap.c; gpusvm-and-pagemap.md §2.4). The new place is silent: nothing was mapped there.
import type { Errno } from '../../base/errno.ts';
import type { Vpn } from '../../base/units.ts';
import { MMU_EVENT } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import { populate } from './access.ts';
import { splitAll, splitEdges } from './huge.ts';
import { findGap } from './map.ts';
import { moveEntry } from './mapping.ts';
import type { Mm } from './mm.ts';
import type { InvalidateEvent } from './notifier.ts';
import { LEAF_PAGES } from './page-table.ts';
import { unmapLocked } from './unmap.ts';
import { Vma } from './vma.ts';

export interface RemapRequest {
  readonly from: Vpn;
  readonly pages: number;
  /** Default: as many as before. */
  readonly newPages?: number;
  /** Exactly there (MREMAP_FIXED): what is there is unmapped first. */
  readonly to?: Vpn;
  /** Default true (MREMAP_MAYMOVE). */
  readonly mayMove?: boolean;
  /** The old area stays, empty (MREMAP_DONTUNMAP). */
  readonly dontUnmap?: boolean;
}

type Checked = Required<Omit<RemapRequest, 'to'>> & { readonly to: Vpn | undefined };

/**
 * Moves or resizes [from, from + pages) and returns where it is now. EINVAL: arguments that do not go together, old and
 * new place overlap; EFAULT: the span is not inside one area, or an area that may not grow; ENOMEM: no place, or it may
 * not move; EINTR: injected ('mm.lock').
 */
export function* remapRange(mm: Mm, request: RemapRequest): Op<Vpn | Errno> {
  const r: Checked = {
    from: request.from,
    pages: request.pages,
    newPages: request.newPages ?? request.pages,
    to: request.to,
    mayMove: request.mayMove ?? true,
    dontUnmap: request.dontUnmap ?? false,
  };
  if (!isSane(r)) return 'EINVAL';
  if (mm.world.sched.fails('mm.lock')) return 'EINTR';
  yield* mm.mmapLock.write();
  const vma = mm.findVma(r.from);
  const result = vma === null || r.from + r.pages > vma.endVpn ? 'EFAULT' : yield* remapInside(mm, vma, r);
  const area = typeof result === 'number' ? mm.findVma(result) : null;
  mm.mmapLock.unlockWrite();
  if (area?.locked === true && typeof result === 'number' && r.newPages > r.pages) {
    yield* populate(mm, result + r.pages, result + r.newPages, area.write && !area.shared);
  }
  return result;
}

function isSane(r: Checked): boolean {
  if (r.from < 0 || r.pages <= 0 || r.newPages <= 0) return false;
  if (r.dontUnmap && (!r.mayMove || r.newPages !== r.pages)) return false;
  if (r.to === undefined) return true;
  if (!r.mayMove || r.to < 0) return false;
  return r.to + r.newPages <= r.from || r.to >= r.from + r.pages;
}

function* remapInside(mm: Mm, vma: Vma, r: Checked): Op<Vpn | Errno> {
  const fixedInPlace = vma.special || vma.io;
  if (r.dontUnmap && fixedInPlace) return 'EINVAL';
  if (r.newPages > r.pages && fixedInPlace) return 'EFAULT';
  if (r.to !== undefined) yield* unmapLocked(mm, r.to, r.to + r.newPages);
  if (r.newPages < r.pages) yield* unmapLocked(mm, r.from + r.newPages, r.from + r.pages);
  if (r.to !== undefined) return yield* move(mm, r, r.to);
  if (!r.dontUnmap && r.newPages <= r.pages) return r.from;
  if (r.newPages > r.pages && expand(mm, vma, r)) return r.from;
  if (!r.mayMove) return 'ENOMEM';
  const gap = findGap(mm, r.newPages, undefined);
  return gap < 0 ? 'ENOMEM' : yield* move(mm, r, gap);
}

/** Grows in place where the span ends its area and nothing follows. */
function expand(mm: Mm, vma: Vma, r: Checked): boolean {
  const end = r.from + r.newPages;
  if (r.from + r.pages !== vma.endVpn || mm.areas.firstOverlap(vma.endVpn, end) !== null) return false;
  vma.endVpn = end;
  mm.areas.mergeAt(end);
  return true;
}

/** move_vma: the new area first, then the entries, then the old area goes (a second UNMAP), unless it stays empty. */
function* move(mm: Mm, r: Checked, to: Vpn): Op<Vpn> {
  const vma = mm.findVma(r.from) as Vma;
  const area = new Vma(to, to + r.newPages, vma);
  if (vma.file !== null) area.fileOffset = vma.filePage(r.from);
  mm.areas.insert(area);
  const end = r.from + Math.min(r.pages, r.newPages);
  yield* moveEntries(mm, r.from, end, to);
  if (!r.dontUnmap) yield* unmapLocked(mm, r.from, end);
  else unlockArea(mm, r.from, end);
  return to;
}

/** move_page_tables. A 2 MiB mapping moves as one only between places of equal alignment. */
function* moveEntries(mm: Mm, start: Vpn, end: Vpn, to: Vpn): Op<void> {
  const event: InvalidateEvent = { startVpn: start, endVpn: end, event: MMU_EVENT.UNMAP, blockable: true, owner: null };
  yield* mm.subscriptions.start(event);
  if ((to - start) % LEAF_PAGES === 0) yield* splitEdges(mm, start, end);
  else yield* splitAll(mm, start, end);
  const { sched } = mm.world;
  if (sched.exploring) yield* sched.point('mm.move');
  mm.table.forEachInRange(start, end, (vpn, word) => moveEntry(mm, vpn, to + (vpn - start), word));
  mm.subscriptions.end(event);
}

/** What DONTUNMAP leaves behind is no longer locked in RAM. */
function unlockArea(mm: Mm, start: Vpn, end: Vpn): void {
  for (const vma of mm.areas.carve(start, end)) vma.locked = false;
  mm.areas.mergeRange(start, end);
}
