// mmap as an operation: where the area goes, what it replaces, and what is populated at once (mm/mmap.c·do_mmap).
import type { Errno } from '../../base/errno.ts';
import type { Vpn } from '../../base/units.ts';
import type { Op } from '../sched/op.ts';
import { populate } from './access.ts';
import { createArea } from './area.ts';
import type { Mm } from './mm.ts';
import { LEAF_PAGES } from './page-table.ts';
import { unmapLocked } from './unmap.ts';
import type { VmaAttributes } from './vma.ts';

/** Where searches begin, downwards: the kernel's mmap base without randomisation (0x7ffff7fff000). */
const MMAP_BASE: Vpn = 0x7ffff7fff;

export interface MapRequest extends Partial<VmaAttributes> {
  readonly pages: number;
  /** A wish, or with `fixed` an order; default: anywhere. */
  readonly at?: Vpn;
  /** Exactly at `at`: what is there is unmapped first (MAP_FIXED). */
  readonly fixed?: boolean;
  /** Touch every page before returning (MAP_POPULATE); areas that are `locked` are populated anyhow. */
  readonly populate?: boolean;
}

/**
 * Maps a new area and returns its first page. EINVAL: no pages, a place below zero, `fixed` without a place; ENOMEM: no
 * gap is large enough, or the process is gone; EINTR: injected ('mm.lock'). Populating stops silently where no page can
 * be had, as in the kernel.
 */
export function* mapRegion(mm: Mm, request: MapRequest): Op<Vpn | Errno> {
  const { pages, at, fixed = false } = request;
  if (!(pages > 0) || (at ?? 0) < 0 || (fixed && at === undefined)) return 'EINVAL';
  if (mm.world.sched.fails('mm.lock')) return 'EINTR';
  yield* mm.mmapLock.write();
  const start = yield* place(mm, request);
  if (typeof start === 'number') mm.areas.insert(createArea(mm.world, start, pages, request));
  mm.mmapLock.unlockWrite();
  if (typeof start === 'number') yield* populateNew(mm, start, request);
  return start;
}

/** A free span for `pages` pages: at the wish if that is free, else the highest one (get_unmapped_area); −1 = none. */
export function findGap(mm: Mm, pages: number, wish: Vpn | undefined): Vpn | -1 {
  if (wish !== undefined && mm.areas.firstOverlap(wish, wish + pages) === null) return wish;
  return mm.areas.highestGap(pages, MMAP_BASE, pages >= LEAF_PAGES ? LEAF_PAGES : 1);
}

function* place(mm: Mm, { pages, at, fixed }: MapRequest): Op<Vpn | Errno> {
  if (mm.users === 0) return 'ENOMEM';
  if (fixed === true && at !== undefined) {
    yield* unmapLocked(mm, at, at + pages);
    return at;
  }
  const gap = findGap(mm, pages, at);
  return gap < 0 ? 'ENOMEM' : gap;
}

function* populateNew(mm: Mm, start: Vpn, request: MapRequest): Op<void> {
  if (request.populate !== true && request.locked !== true) return;
  const write = request.write !== false && request.shared !== true;
  yield* populate(mm, start, start + request.pages, write);
}
