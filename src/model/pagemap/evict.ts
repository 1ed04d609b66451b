// Physical eviction: empty an allocation knowing only its page frames, whoever maps them and whatever their timeslice.
import type { Status } from '../../base/errno.ts';
import type { Cause } from '../event/event.ts';
import { migrateDeviceFinalize, migrateDevicePages, migrateDevicePfns, type MigrateVectors } from '../mm/migrate.ts';
import type { Mm } from '../mm/mm.ts';
import type { Op, Wait } from '../sched/op.ts';
import type { DevmemAllocation } from './devmem.ts';
import type { PagemapState } from './pagemap-state.ts';
import { allocateRam, copyHome, movedPages } from './ram-pages.ts';
import { NO_ZDD } from './zdd.ts';

/** One try and two retries (`pm:evict_to_ram`). */
const ATTEMPTS = 3;

/** Lets every other ready task run once before the next try. */
const RESCHEDULE: Wait = {
  describe: () => 'evict: next attempt',
  park: (task) => task.sched.ready(task),
};

/** One running eviction. */
interface Eviction {
  readonly state: PagemapState;
  readonly alloc: DevmemAllocation;
  moved: number;
}

/**
 * Moves every page of the allocation to RAM. Takes no mmapLock and may run below a VRAM object's lock. 0 exactly when
 * the last device page is gone (I52); pages that somebody else has locked are left to the next of three attempts.
 *
 * EFAULT: the allocation's address space is gone (L9). EBUSY: still attached. ENOMEM and the copy op's errors: those of
 * the last attempt (gpusvm-and-pagemap.md §4.5, `pm:evict_to_ram`).
 */
export function* evictToRam(alloc: DevmemAllocation, cause: Cause): Op<Status> {
  const { state } = alloc.dpagemap;
  const { sched, events } = state.world;
  if (alloc.detachedDone) return 0;
  if (!alloc.mm.tryGetUser()) return 'EFAULT';
  const startNs = sched.now;
  const job: Eviction = { state, alloc, moved: 0 };
  const status = yield* attempts(job);
  putUserLater(alloc.mm);
  const { device, pages } = alloc;
  const { moved } = job;
  events.emit(sched.now, {
    kind: 'migrate',
    direction: 'to-ram',
    device,
    startVpn: alloc.startVpn,
    pages,
    moved,
    zeroFilled: 0,
    startNs,
    status,
    cause,
  });
  return status;
}

function* attempts(job: Eviction): Op<Status> {
  let last: Status = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) yield RESCHEDULE;
    if (job.alloc.detachedDone) return 0;
    job.state.stats.evictAttempts++;
    last = yield* attemptOnce(job);
    if (job.alloc.detachedDone) return 0;
  }
  return last === 0 ? 'EBUSY' : last;
}

function* attemptOnce(job: Eviction): Op<Status> {
  const { state, alloc } = job;
  const vectors = state.takeVectors(alloc.pages);
  if (vectors === null) return 'ENOMEM';
  state.active++;
  const status = yield* evictFrozen(job, vectors);
  state.active--;
  state.giveVectors(alloc.pages, vectors);
  return status;
}

function* evictFrozen(job: Eviction, vectors: MigrateVectors): Op<Status> {
  const { state, alloc } = job;
  const { world } = state;
  const populated = alloc.ops.populateDevmemPfn(alloc, vectors.src.subarray(0, alloc.pages));
  if (populated !== 0) return populated;
  yield* migrateDevicePfns(world, vectors);
  const status = yield* fill(job, vectors);
  if (world.sched.exploring) yield* world.sched.point('pagemap.commit-evict');
  migrateDevicePages(world, vectors);
  job.moved += movedPages(vectors, alloc.pages);
  migrateDeviceFinalize(world, vectors);
  return status;
}

/** RAM pages and the copy for what was collected; nothing collected is no error. */
function* fill(job: Eviction, vectors: MigrateVectors): Op<Status> {
  const { state, alloc } = job;
  const zdd = collectedZdd(state, vectors, alloc.pages);
  if (zdd === NO_ZDD) return 0;
  const allocated = allocateRam(state, vectors, alloc.pages, zdd);
  if (allocated === 'ENOMEM' || allocated === 0) return allocated;
  return yield* copyHome(state, alloc, vectors, alloc.pages);
}

/** The zdd of the collected pages: an allocation's pages all carry the same. */
function collectedZdd(state: PagemapState, vectors: MigrateVectors, npages: number): number {
  for (let i = 0; i < npages; i++) if (vectors.isMigrating(i)) return state.zddOf(vectors.src[i] ?? 0);
  return NO_ZDD;
}

/** Drops a use of the address space where the caller's locks forbid tearing it down: that becomes a task of its own. */
function putUserLater(mm: Mm): void {
  if (mm.users === 1) mm.world.sched.spawn(`mmput ${mm.name}`, mm.putUser());
  else mm.putUser().next();
}
