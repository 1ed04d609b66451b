// The CPU touches a page in device memory: bring its allocation's pages home, unless their timeslice says not yet.
import { assert } from '../../base/assert.ts';
import type { Status } from '../../base/errno.ts';
import { alignDown, type Pfn, type Vpn } from '../../base/units.ts';
import type { Cause } from '../event/event.ts';
import { type MigrateVectors, migrateVmaFinalize, migrateVmaPages, migrateVmaSetup } from '../mm/migrate.ts';
import type { Mm, MmDevice } from '../mm/mm.ts';
import type { Vma } from '../mm/vma.ts';
import type { Op } from '../sched/op.ts';
import { COLLECT, collectRequest } from './collect.ts';
import type { DevmemAllocation } from './devmem.ts';
import type { PagemapState } from './pagemap-state.ts';
import { allocateRam, copyHome, movedPages } from './ram-pages.ts';

/** The face that `mm` calls for the pages of `device` (gpusvm-and-pagemap.md §4.4). */
export function createMmDevice(state: PagemapState, device: number): MmDevice {
  return {
    migrateToRam: (mm, vma, vpn, pfn) => {
      assert(state.world.pages.deviceOf(pfn) === device, () => `page ${pfn} is not in device ${device}`);
      return migrateToRam(state, mm, vma, vpn, pfn);
    },
    gateUntil: (pfn) => state.gateUntil(pfn),
  };
}

/** One running migration to RAM. */
interface ToRam {
  readonly state: PagemapState;
  readonly alloc: DevmemAllocation;
  readonly mm: Mm;
  readonly vma: Vma;
  readonly startVpn: Vpn;
  readonly endVpn: Vpn;
  readonly npages: number;
  readonly faultPfn: Pfn;
  moved: number;
}

/**
 * Moves the pages of the fault page's allocation that lie in its aligned window of this VMA. Caller holds mmapLock, the
 * page's lock and a reference.
 *
 * 0: moved, or refused by the timeslice, or somebody else was faster; the CPU looks again. Any error is a SIGBUS and
 * leaves the pages in VRAM (I54) (gpusvm-and-pagemap.md §4.4, `pm:__migrate_to_ram`).
 */
export function* migrateToRam(state: PagemapState, mm: Mm, vma: Vma, vpn: Vpn, pfn: Pfn): Op<Status> {
  const { sched } = state.world;
  const alloc = state.allocationOf(pfn);
  if (sched.now < alloc.timesliceExpiration) return refuse(state, alloc, vpn);
  const job = windowOf(state, alloc, mm, vma, vpn, pfn);
  const startNs = sched.now;
  const status = yield* migrateWindow(job);
  if (status !== 0) state.stats.sigbus++;
  if (status !== 0 || job.moved > 0) report(job, startNs, status, vpn);
  return status;
}

function refuse(state: PagemapState, alloc: DevmemAllocation, vpn: Vpn): Status {
  const { sched, events } = state.world;
  state.stats.timesliceRefusals++;
  events.emit(sched.now, { kind: 'timeslice-refusal', vpn, untilNs: alloc.timesliceExpiration });
  return 0;
}

/** The allocation-sized window around the fault, cut to the VMA: after an unmap or a move it may not fit (§4.4 step 2). */
function windowOf(state: PagemapState, alloc: DevmemAllocation, mm: Mm, vma: Vma, vpn: Vpn, faultPfn: Pfn): ToRam {
  const window = alignDown(vpn, alloc.pages);
  const startVpn = Math.max(window, vma.startVpn);
  const endVpn = Math.min(window + alloc.pages, vma.endVpn);
  return { state, alloc, mm, vma, startVpn, endVpn, npages: endVpn - startVpn, faultPfn, moved: 0 };
}

function* migrateWindow(job: ToRam): Op<Status> {
  const { state, npages } = job;
  const vectors = state.takeVectors(npages);
  if (vectors === null) return 'ENOMEM';
  state.active++;
  const status = yield* migrateFrozen(job, vectors);
  state.active--;
  state.giveVectors(npages, vectors);
  return status;
}

function* migrateFrozen(job: ToRam, vectors: MigrateVectors): Op<Status> {
  const { state, npages, faultPfn } = job;
  const { owner } = job.alloc.dpagemap;
  const zdd = state.zddOf(faultPfn);
  const selection = { owner, select: COLLECT.device, faultPfn };
  const request = collectRequest(job.mm, job.vma, job.startVpn, job.endVpn, vectors, selection);
  const setup = yield* migrateVmaSetup(request);
  if (setup !== 0 || request.cpages === 0) return setup;
  const allocated = allocateRam(state, vectors, npages, zdd);
  const status = allocated === 'ENOMEM' ? allocated : yield* copyHome(state, job.alloc, vectors, npages);
  const { sched } = state.world;
  if (sched.exploring) yield* sched.point('pagemap.commit-ram');
  yield* migrateVmaPages(request);
  job.moved = movedPages(vectors, npages);
  migrateVmaFinalize(request);
  return status;
}

function report(job: ToRam, startNs: number, status: Status, vpn: Vpn): void {
  const { state, startVpn, npages: pages, moved } = job;
  const { sched, events } = state.world;
  const cause: Cause = state.causes.get(sched.currentTask()) ?? { rule: 'cpu-fault', values: { vpn } };
  const { device } = job.alloc;
  events.emit(sched.now, {
    kind: 'migrate',
    direction: 'to-ram',
    device,
    startVpn,
    pages,
    moved,
    zeroFilled: 0,
    startNs,
    status,
    cause,
  });
}
