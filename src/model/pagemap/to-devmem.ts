// Moving a span of an address space into device memory: all of it or nothing, bytes intact, the allocation owned throughout.
import { assert } from '../../base/assert.ts';
import { type Errno, isErrno, type Status } from '../../base/errno.ts';
import type { Ns, Vpn } from '../../base/units.ts';
import type { Cause } from '../event/event.ts';
import {
  type MigrateVectors,
  type MigrateVma,
  migrateVmaFinalize,
  migrateVmaPages,
  migrateVmaSetup,
} from '../mm/migrate.ts';
import type { Mm } from '../mm/mm.ts';
import { NO_PFN } from '../mm/pages.ts';
import type { Vma } from '../mm/vma.ts';
import type { Op } from '../sched/op.ts';
import { type DevmemAllocation, opsComplete, releaseDevmem } from './devmem.ts';
import type { PagemapState } from './pagemap-state.ts';
import { COLLECT, collectRequest } from './collect.ts';
import { placePages } from './place-pages.ts';
import type { ZddId } from './zdd.ts';

export interface MigrateDetails {
  /** Minimum residence: a CPU fault within this time after the copy is refused. */
  readonly timesliceNs: Ns;
  /** Pages that are in this pagemap already may be moved once more, to gather a fragmented span. */
  readonly canMigrateSamePagemap: boolean;
}

/** One running migration to a device. */
export interface ToDevmem {
  readonly state: PagemapState;
  readonly alloc: DevmemAllocation;
  readonly mm: Mm;
  readonly startVpn: Vpn;
  readonly endVpn: Vpn;
  readonly npages: number;
  readonly details: MigrateDetails;
  /** Pages that were in this pagemap before and are not yet staged (I46). */
  ownPages: number;
  moved: number;
  zeroFilled: number;
}

/**
 * Migrates [startVpn, endVpn) into `alloc`, whose reference is consumed whatever happens, EOPNOTSUPP excepted (B18).
 * Caller holds mmapLock. Afterwards any pages object over the span is stale.
 *
 * ENOENT: no VMA at the start. EINVAL: the span leaves that VMA, or set-up refuses it. EBUSY: not anonymous, a page could
 * not be collected, fragmented, or raced at the end (then what moved stays). ENOMEM: scratch. Others: the copy op's
 * (gpusvm-and-pagemap.md §4.2, `pm:migrate_to_devmem`; step numbers below are those of §4.2).
 */
export function* migrateToDevmem(
  alloc: DevmemAllocation,
  mm: Mm,
  startVpn: Vpn,
  endVpn: Vpn,
  details: MigrateDetails,
  cause: Cause,
): Op<Status> {
  const { state } = alloc.dpagemap;
  const { sched, events } = state.world;
  assert(mm.mmapLock.isHeldBy(sched.currentTask()), 'migrate_to_devmem without the mmap lock');
  if (!opsComplete(alloc.ops)) return 'EOPNOTSUPP'; // step 1
  const startNs = sched.now;
  const pages = endVpn - startVpn;
  const job: ToDevmem = {
    state,
    alloc,
    mm,
    startVpn,
    endVpn,
    npages: pages,
    details,
    ownPages: 0,
    moved: 0,
    zeroFilled: 0,
  };
  const status = yield* migrateSpan(job);
  const { moved, zeroFilled } = job;
  const { device } = alloc;
  state.stats.zeroFilledPages += zeroFilled;
  events.emit(sched.now, {
    kind: 'migrate',
    direction: 'to-vram',
    device,
    startVpn,
    pages,
    moved,
    zeroFilled,
    startNs,
    status,
    cause,
  });
  return status;
}

/** Steps 2, 3 and the end of 13: who owns the allocation at each point. */
function* migrateSpan(job: ToDevmem): Op<Status> {
  const { state, alloc } = job;
  const vma = checkSpan(job);
  if (isErrno(vma)) return releaseEarly(alloc, vma);
  const vectors = state.takeVectors(job.npages);
  if (vectors === null) return releaseEarly(alloc, 'ENOMEM');
  if (state.failPoint('zdd')) {
    state.giveVectors(job.npages, vectors);
    return releaseEarly(alloc, 'ENOMEM');
  }
  const zdd = state.zdds.create(alloc);
  state.active++;
  const status = yield* migrateFrozen(job, vma, vectors, zdd);
  state.active--;
  state.giveVectors(job.npages, vectors);
  state.zdds.putCreator(zdd);
  return status;
}

/** Steps 4 to 13: collect, place, commit, put back. */
function* migrateFrozen(job: ToDevmem, vma: Vma, vectors: MigrateVectors, zdd: ZddId): Op<Status> {
  const request = collectRequest(job.mm, vma, job.startVpn, job.endVpn, vectors, {
    owner: job.alloc.dpagemap.owner,
    select: job.state.options.deviceToDevice ? COLLECT.systemAndDevice : COLLECT.system,
  });
  const setup = yield* migrateVmaSetup(request);
  if (setup !== 0) return setup;
  let status = judgeCollection(job, request);
  if (status === 0 && job.ownPages < job.npages) status = yield* placePages(job, vectors, zdd);
  const { sched } = job.state.world;
  if (sched.exploring) yield* sched.point('pagemap.commit');
  yield* migrateVmaPages(request);
  countMoved(job, vectors);
  if (status === 0) status = judgeMoved(job);
  migrateVmaFinalize(request);
  return status;
}

/** Step 2. */
function checkSpan(job: ToDevmem): Vma | Errno {
  const vma = job.mm.findVma(job.startVpn);
  if (vma === null) return 'ENOENT';
  if (job.endVpn > vma.endVpn) return 'EINVAL';
  return vma.anonymous ? vma : 'EBUSY';
}

function releaseEarly(alloc: DevmemAllocation, status: Errno): Errno {
  releaseDevmem(alloc);
  return status;
}

/** Steps 5 and 6: all pages or none; a span that is wholly ours already is success without work. */
function judgeCollection(job: ToDevmem, request: MigrateVma): Status {
  if (request.cpages === 0 || request.cpages !== job.npages) return 'EBUSY';
  job.ownPages = countOwn(job, request.vectors);
  const fragmented = job.ownPages > 0 && job.ownPages < job.npages;
  return fragmented && !job.details.canMigrateSamePagemap ? 'EBUSY' : 0;
}

function countOwn(job: ToDevmem, vectors: MigrateVectors): number {
  const { pages } = job.state.world;
  let own = 0;
  for (let i = 0; i < job.npages; i++) {
    const src = vectors.src[i] ?? NO_PFN;
    if (vectors.hasSource(i) && pages.isDevice(src) && pages.deviceOf(src) === job.alloc.device) own++;
  }
  return own;
}

function countMoved(job: ToDevmem, vectors: MigrateVectors): void {
  for (let i = 0; i < job.npages; i++) {
    if (!vectors.isMigrating(i)) continue;
    if (vectors.hasSource(i)) job.moved++;
    else job.zeroFilled++;
  }
}

/** Step 12: a page that slipped away at the last moment leaves the placement mixed. */
function judgeMoved(job: ToDevmem): Status {
  return job.moved + job.zeroFilled < job.npages - job.ownPages ? 'EBUSY' : 0;
}
