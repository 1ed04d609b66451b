// Page-table updates of ranges: staged and committed only while their pages are valid (xe.md §5.5, §5.6, §1.12).
import { type Errno, isErrno, type Status } from '../../base/errno.ts';
import { SILENT } from '../event/event.ts';
import { ATOMIC_ATTR } from '../policy/policy.ts';
import type { Fence } from '../sched/fence.ts';
import type { Op } from '../sched/op.ts';
import { pagesValid } from '../svm/pages.ts';
import type { SvmRange } from '../svm/range.ts';
import type { BindFlags, StagedBind } from './pt.ts';
import { logRange } from './range-log.ts';
import { STAT } from './stats.ts';
import { tlbInval } from './tlb.ts';
import { TILE0, tileValid } from './tile.ts';
import type { XeVm } from './vm.ts';
import type { XeVma } from './vma.ts';

/**
 * Binds the range on the tile and waits for it (xe.md §1.7 R10, R11). EAGAIN: its pages were invalidated since they
 * were collected. ENOMEM: no room for a table, even alone and with one buffer object evicted (xe.md §3.6, §5.9).
 */
export function* bindRange(vm: XeVm, vma: XeVma, range: SvmRange): Op<Status> {
  const { validation, options, vram } = vm.device;
  if (!validation.tryRead()) yield* validation.read();
  let bound = yield* bindOnce(vm, vma, range);
  validation.unlockRead();
  if (bound === 'ENOMEM') {
    yield* validation.write();
    yield* vram.evictOne({ rule: 'evict-table', values: { startVpn: range.startVpn } });
    bound = yield* bindOnce(vm, vma, range);
    validation.unlockWrite();
  }
  if (isErrno(bound)) return bound;
  if (options.waitMode === 'wait' && !bound.signaled) yield* bound.wait();
  return 0;
}

/** Validity is tested twice under the notifier lock: before tables are made and before they are used (X58). */
function* bindOnce(vm: XeVm, vma: XeVma, range: SvmRange): Op<Fence | Errno> {
  const { notifierLock } = vm.svm;
  const { sched } = vm.device.world;
  if (!vm.resv.tryWrite()) yield* vm.resv.write();
  if (vm.busy) yield* vm.idle();
  if (!notifierLock.tryRead()) yield* notifierLock.read();
  const staged = stage(vm, vma, range);
  notifierLock.unlockRead();
  let result: Fence | Errno = 'EAGAIN';
  if (isErrno(staged)) result = staged;
  else {
    if (sched.exploring) yield* sched.point('xe.bind.pre-commit');
    if (!notifierLock.tryRead()) yield* notifierLock.read();
    result = commit(vm, range, staged);
    notifierLock.unlockRead();
  }
  vm.resv.unlockWrite();
  return result;
}

function stage(vm: XeVm, vma: XeVma, range: SvmRange): StagedBind | Errno {
  if (!pagesValid(range.pages)) {
    logRange(vm, 'BIND PREPARE - RETRY', range);
    return 'EAGAIN';
  }
  logRange(vm, 'BIND PREPARE - MIXED', range); // quirk Q18: printed for every range
  return vm.pt.stageBind(range.startVpn, range.endVpn, range.pages, leafFlags(vm, vma));
}

/** From here on there is no way back: the masks change with the update queued, under the notifier lock. */
function commit(vm: XeVm, range: SvmRange, staged: StagedBind): Fence | 'EAGAIN' {
  logRange(vm, 'PRE-COMMIT', range);
  if (!pagesValid(range.pages)) {
    logRange(vm, 'PRE-COMMIT - RETRY', range);
    vm.pt.abortBind(staged);
    return 'EAGAIN';
  }
  const fence = vm.submit('bind', vm.pt.commitBind(staged));
  range.tilePresent |= TILE0;
  range.tileInvalidated &= ~TILE0;
  vm.device.stats.addOwn('x_bind_count');
  logBind(vm, range, staged);
  return fence;
}

/** Leaf flags by memory kind (xe.md §5.3): atomics on VRAM unless the mapping says CPU; on system pages only if asked. */
export function leafFlags(vm: XeVm, vma: XeVma): BindFlags {
  const { caps } = vm.device;
  const onSystem = caps.atomicsOnSystem && vma.atomic !== ATOMIC_ATTR.cpu;
  return {
    write: !vma.readOnly,
    atomicEnable: vma.atomic !== ATOMIC_ATTR.cpu,
    atomicSystem: onSystem && (vma.atomic === ATOMIC_ATTR.device || !caps.discrete),
    pat: vma.patIndex,
  };
}

/** Takes the range out of the page tables and waits; nothing to do when it has no entries (xe.md §2.3, §5.6). */
export function* unbindRange(vm: XeVm, range: SvmRange): Op<Status> {
  if (range.tilePresent === 0) return 0;
  if (!vm.resv.tryWrite()) yield* vm.resv.write();
  if (vm.busy) yield* vm.idle();
  const { notifierLock } = vm.svm;
  if (!notifierLock.tryRead()) yield* notifierLock.read();
  const fence = commitUnbind(vm, range);
  notifierLock.unlockRead();
  vm.resv.unlockWrite();
  if (vm.device.options.waitMode === 'wait') yield* fence.wait();
  return 0;
}

function commitUnbind(vm: XeVm, range: SvmRange): Fence {
  const { startVpn, endVpn } = range;
  const { world, stats } = vm.device;
  const staged = vm.pt.stageUnbind(startVpn, endVpn);
  const flush = vm.pt.needsFlushOnUnbind(staged, tileValid(range));
  const commands = vm.pt.commitUnbind(staged);
  if (flush) {
    commands.push(tlbInval(vm.asid, startVpn, endVpn));
    stats.add(STAT.tlbInvalCount, vm.device.gtCount);
  }
  const fence = vm.submit('unbind', commands);
  range.tilePresent &= ~TILE0;
  stats.addOwn('x_unbind_count');
  if (world.events !== SILENT) {
    world.events.emit(world.sched.now, { kind: 'unbind', asid: vm.asid, startVpn, pages: endVpn - startVpn });
  }
  return fence;
}

function logBind(vm: XeVm, range: SvmRange, staged: StagedBind): void {
  const { world } = vm.device;
  if (world.events === SILENT) return;
  const { plain, ps64, compact, large2M, large1G } = staged.leaves;
  world.events.emit(world.sched.now, {
    kind: 'bind',
    asid: vm.asid,
    startVpn: range.startVpn,
    pages: range.endVpn - range.startVpn,
    updates: staged.updates.length,
    leaves: plain + ps64 + compact + large2M + large1G,
  });
}
