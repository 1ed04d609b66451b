// One fault on one mirrored range, steps R0–R11 in the driver's order, with its counters and messages (xe.md §1.7, V70).
import { isErrno, type Errno, type Status } from '../../base/errno.ts';
import type { Ns, Vpn } from '../../base/units.ts';
import type { Pagemap } from '../pagemap/pagemap.ts';
import type { Op } from '../sched/op.ts';
import type { SvmCtx } from '../svm/ctx.ts';
import { rangeFindOrInsert } from '../svm/find-or-insert.ts';
import { rangeGetPages } from '../svm/get-pages.ts';
import { rangeEvict } from '../svm/range-evict.ts';
import type { SvmRange } from '../svm/range.ts';
import { allocVram } from './alloc-vram.ts';
import { bindRange } from './binder.ts';
import { charge } from './charge.ts';
import { collectGarbage } from './garbage-collector.ts';
import { logGiveUp, logPhase, logRange } from './range-log.ts';
import { STAT } from './stats.ts';
import { tileValid } from './tile.ts';
import type { XeVm } from './vm.ts';
import type { XeVma } from './vma.ts';

/** How a step ended: go on with the next, start again at R0, or the service is over with `result`. */
type Step = 'next' | 'retry' | 'done';

/** State of one service. A VM owns one and reuses it, since it serves one fault at a time. */
export class RangeFault {
  vma!: XeVma;
  vpn: Vpn = 0;
  atomic = false;
  /** The access works on VRAM only. */
  deviceOnly = false;
  startNs: Ns = 0;
  /** Residence that the next migration gets, before any override. */
  timeslice: Ns = 0;
  /** Migration attempts left. */
  tries = 0;
  target: Pagemap | null = null;
  result: Status = 0;
  /** Why the last migration failed. */
  moveError: Errno | null = null;
  /** Rounds that page collection sent back to R0: bounded by the livelock limit where the driver has none. */
  pageRounds = 0;
  readonly ctx: SvmCtx;

  constructor(ctx: SvmCtx) {
    this.ctx = ctx;
  }
}

/**
 * Serves a fault at `vpn` inside `vma`. vm.lock is held for writing. 0 also when page collection failed or the range
 * cannot migrate (quirk Q1: the device faults again); EAGAIN when the mapping must be looked up again; ENOENT no CPU
 * mapping, or VM closed · EPERM CPU mapping not writable · EINVAL no chunk fits · EFAULT mm gone · ENOMEM · the last
 * error of three failed migrations of a device-only access.
 */
export function* serviceRange(vm: XeVm, vma: XeVma, vpn: Vpn, atomic: boolean, needVram: boolean): Op<Status> {
  const s = begin(vm, vma, vpn, atomic, needVram);
  vm.device.stats.add(STAT.svmPagefaultCount);
  let step: Step;
  do step = yield* attempt(vm, s);
  while (step === 'retry');
  return s.result;
}

function begin(vm: XeVm, vma: XeVma, vpn: Vpn, atomic: boolean, needVram: boolean): RangeFault {
  const { policy, localPagemap, world } = vm.device;
  const s = vm.rangeFault;
  s.vma = vma;
  s.vpn = vpn;
  s.atomic = atomic;
  s.deviceOnly = needVram && localPagemap !== null;
  s.startNs = world.sched.now;
  s.timeslice = policy.initialTimeslice(s.deviceOnly);
  s.tries = s.deviceOnly ? 3 : 1;
  s.result = 0;
  s.moveError = null;
  s.pageRounds = 0;
  s.ctx.readOnly = vma.readOnly;
  s.ctx.devmemPossible = localPagemap !== null;
  s.ctx.devmemOnly = s.deviceOnly;
  s.ctx.checkPagesThresholdPages = policy.presentThresholdPages();
  return s;
}

/** One round from R0 on. */
function* attempt(vm: XeVm, s: RangeFault): Op<Step> {
  const collected = vm.needsCollection ? yield* collectGarbage(vm) : 0; // R0
  if (collected !== 0) return fail(vm, s, collected, 'garbage collector');
  const { policy, stats } = vm.device;
  s.target = policy.target(s.deviceOnly, s.vma.preferred); // R1
  s.ctx.devicePrivatePageOwner = s.target === null ? null : vm.device.owner;
  vm.syncChunks(policy.chunkPages());
  const range = yield* rangeFindOrInsert(vm.svm, s.vpn, s.vma.startVpn, s.vma.endVpn, s.ctx); // R2
  if (isErrno(range)) return fail(vm, s, range, 'find or insert range');
  const pages = range.endVpn - range.startVpn;
  stats.addSized(STAT.pagefaultCount4K, pages); // R3
  if (s.deviceOnly && !range.migrateDevmem) {
    return out(vm, s, pages, 'EACCES', 'device-only access to a range that cannot migrate'); // R4
  }
  if (isValid(s, range)) {
    stats.addSized(STAT.validPagefaultCount4K, pages); // R5
    logRange(vm, 'PAGE FAULT - VALID', range);
    vm.outcome.set('valid', null, 'the range is mapped already');
    return finish(vm, s, pages);
  }
  logRange(vm, 'PAGE FAULT', range);
  const moved = yield* migrate(vm, s, range); // R6, R7
  if (moved !== 'next') return moved;
  const got = yield* collectPages(vm, s, range); // R8, R9
  return got === 'next' ? yield* bind(vm, s, range) : got; // R10, R11
}

/** R5: mapped on the tile and, for a device-only access, from the memory it needs (xe.md §1.12). */
function isValid(s: RangeFault, range: SvmRange): boolean {
  return tileValid(range) && (!s.deviceOnly || range.pages.dpagemap === s.target);
}

function* migrate(vm: XeVm, s: RangeFault, range: SvmRange): Op<Step> {
  const { policy, stats, world } = vm.device;
  const pages = range.endVpn - range.startVpn;
  const wanted = --s.tries >= 0 && policy.needsMigrate(pages, range.migrateDevmem, range.pages.dpagemap, s.target);
  if (!wanted || s.target === null) return 'next';
  stats.addSized(STAT.migrateCount4K, pages);
  const startNs = world.sched.now;
  const status = yield* allocVram(vm, range, s.target, policy.effectiveTimeslice(s.timeslice), s);
  stats.addSizedUs(STAT.migrateUs4K, pages, world.sched.now - startNs);
  s.timeslice = policy.growTimeslice(s.timeslice);
  s.moveError = status === 0 ? null : status;
  if (status === 0) return 'next';
  stats.addOwn('x_migrate_failed');
  const last = s.tries <= 0 && s.deviceOnly;
  logGiveUp(vm, 'VRAM allocation', last, status);
  if (last) return fail(vm, s, status, 'migration to VRAM, retry count exceeded');
  stats.addOwn('x_retry_migrate');
  return s.deviceOnly ? 'next' : 'retry';
}

function* collectPages(vm: XeVm, s: RangeFault, range: SvmRange): Op<Step> {
  const { policy, stats, world, serviceCost } = vm.device;
  const pages = range.endVpn - range.startVpn;
  const startNs = world.sched.now;
  logRange(vm, 'GET PAGES', range);
  if (serviceCost.collectNs > 0) yield* charge(vm.device, Math.round(serviceCost.collectNs * pages));
  const status = yield* rangeGetPages(vm.svm, range, s.ctx);
  if (status === 'EOPNOTSUPP') {
    logRange(vm, 'PAGE FAULT - EVICT PAGES', range);
    yield* rangeEvict(vm.svm, range);
  }
  if (status === 0) {
    stats.addSizedUs(STAT.getPagesUs4K, pages, world.sched.now - startNs);
    logPhase(vm, 'get-pages', s.vpn, startNs);
    return 'next';
  }
  if (status === 'EOPNOTSUPP' || status === 'EFAULT' || status === 'EPERM') {
    s.timeslice = policy.growTimeslice(s.timeslice);
    const last = s.tries <= 0 && s.deviceOnly;
    logGiveUp(vm, 'Get pages', last, status);
    if (!last) return againAfterPages(vm, s, range, status);
  }
  logRange(vm, 'PAGE FAULT - FAIL PAGE COLLECT', range);
  return out(vm, s, pages, status, 'page collection');
}

/** Back to R0. The driver would do so for ever where nothing changes (S23); the model stops and says why. */
function againAfterPages(vm: XeVm, s: RangeFault, range: SvmRange, error: Errno): Step {
  const { stats, options, world } = vm.device;
  logRange(vm, 'PAGE FAULT - RETRY PAGES', range);
  stats.addOwn('x_retry_pages');
  if (++s.pageRounds < options.livelockLimit) return 'retry';
  stats.addOwn('x_livelocks');
  const repeats = s.pageRounds;
  world.events.emit(world.sched.now, { kind: 'livelock', asid: vm.asid, vpn: s.vpn, repeats, error });
  return fail(vm, s, error, 'page collection fails for ever');
}

function* bind(vm: XeVm, s: RangeFault, range: SvmRange): Op<Step> {
  const { policy, stats, world, serviceCost } = vm.device;
  const pages = range.endVpn - range.startVpn;
  const startNs = world.sched.now;
  logRange(vm, 'PAGE FAULT - BIND', range);
  if (serviceCost.bindNs > 0) yield* charge(vm.device, serviceCost.bindNs);
  const status = yield* bindRange(vm, s.vma, range);
  stats.addSizedUs(STAT.bindUs4K, pages, world.sched.now - startNs);
  if (status === 'EAGAIN') {
    s.timeslice = policy.growTimeslice(s.timeslice);
    logRange(vm, 'PAGE FAULT - RETRY BIND', range);
    stats.addOwn('x_retry_bind');
    return 'retry';
  }
  if (status !== 0) return fail(vm, s, status, 'bind');
  logPhase(vm, 'bind', s.vpn, startNs);
  if (s.deviceOnly && range.pages.dpagemap !== s.target) return boundElsewhere(vm, s, pages);
  vm.outcome.set('bound', null, 'bound');
  return finish(vm, s, pages);
}

/**
 * A device-only access whose migration failed before anything was invalidated: page collection re-stamps the old pages
 * without looking where they are (S29), so they are bound once more, and the device faults again.
 */
function boundElsewhere(vm: XeVm, s: RangeFault, pages: number): Step {
  return out(vm, s, pages, s.moveError ?? 'EFAULT', 'device-only access, bound to system memory: no room in VRAM');
}

/** An early return of the driver: its error reaches the device and the handler time is not counted (xe.md §1.13). */
function fail(vm: XeVm, s: RangeFault, error: Errno, rule: string): Step {
  vm.outcome.set('refused', error, rule);
  s.result = error;
  return 'done';
}

/** The common exit with an error: counted, then answered as success (quirk Q1). */
function out(vm: XeVm, s: RangeFault, pages: number, error: Errno, rule: string): Step {
  vm.outcome.set('swallowed', error, rule);
  vm.device.stats.addOwn('x_fault_swallowed_errors');
  return finish(vm, s, pages);
}

function finish(vm: XeVm, s: RangeFault, pages: number): Step {
  vm.device.stats.addSizedUs(STAT.pagefaultUs4K, pages, vm.device.world.sched.now - s.startNs);
  s.result = 0;
  return 'done';
}
