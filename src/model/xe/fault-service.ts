// Serving one GPU page fault: finding the mapping, refusing what must be refused, and the unbounded EAGAIN loop.
//
// The work on the range itself is in range-fault.ts. One VM serves one fault at a time: its lock is held for writing
// from the lookup to the answer (I-F5).
import { type Errno, isErrno, type Status } from '../../base/errno.ts';
import type { Vpn } from '../../base/units.ts';
import type { Op } from '../sched/op.ts';
import { charge } from './charge.ts';
import { FAULT_ACCESS, NACK_LEVEL, type FaultRecord } from './fault-record.ts';
import { logPhase } from './range-log.ts';
import { serviceRange } from './range-fault.ts';
import type { XeVm } from './vm.ts';
import type { XeVma } from './vma.ts';

/** What the service needs of a fault record. */
export type Fault = Pick<FaultRecord, 'vpn' | 'access' | 'faultType' | 'level'>;

/**
 * Serves one fault (xe.md §1.3). 0: the device may try the access again. Errors, in the order they are tested: EFAULT
 * the record says so · ENOENT VM closed · EINVAL no GPU mapping, or VM banned · EPERM write to a read-only mapping ·
 * then those of `serviceRange`. `vm.outcome` says what the service came to, also where quirk Q1 hides an error.
 */
export function* serviceFault(vm: XeVm, fault: Fault): Op<Status> {
  if (fault.level === NACK_LEVEL) return refuse(vm, 'EFAULT', 'the record asks for a refusal');
  if (!vm.lock.tryWrite()) yield* vm.lock.write();
  const startNs = vm.device.world.sched.now;
  const { faultNs } = vm.device.serviceCost;
  if (faultNs > 0) yield* charge(vm.device, faultNs);
  const vma = admit(vm, fault);
  const atomic = fault.access === FAULT_ACCESS.atomic;
  const status = isErrno(vma) ? vma : yield* serviceMirror(vm, vma, fault.vpn, atomic);
  vm.lock.unlockWrite();
  logPhase(vm, 'service', fault.vpn, startNs);
  return status;
}

/** Steps 4 to 6: the mapping, or why there is no service. */
function admit(vm: XeVm, fault: Fault): XeVma | Errno {
  if (vm.closed) return refuse(vm, 'ENOENT', 'the VM is closed');
  const vma = vm.faultVma(fault.vpn);
  if (vma === null) return refuse(vm, 'EINVAL', 'no GPU mapping at the address, or the VM is banned');
  if (vma.readOnly && fault.access !== FAULT_ACCESS.read) return refuse(vm, 'EPERM', 'write to a read-only mapping');
  return vma;
}

/** Starts again, with a fresh mapping, as often as the collector replaced it: EAGAIN never gets out (xe.md §1.5, I61). */
function* serviceMirror(vm: XeVm, first: XeVma, vpn: Vpn, atomic: boolean): Op<Status> {
  for (let vma: XeVma | null = first; vma !== null; vma = vm.findVma(vpn)) {
    const needVram = vm.device.policy.needVram(atomic, vma.atomic);
    if (needVram !== 0 && needVram !== 1) return refuse(vm, needVram, 'the mapping forbids device atomics');
    const status = yield* serviceRange(vm, vma, vpn, atomic, needVram === 1);
    if (status === 0) vm.lastFaultVma = vma;
    if (status !== 'EAGAIN') return status;
    vm.device.stats.addOwn('x_outer_eagain');
  }
  return refuse(vm, 'EINVAL', 'the GPU mapping went away while the fault was served');
}

function refuse(vm: XeVm, error: Errno, rule: string): Errno {
  vm.outcome.set('refused', error, rule);
  return error;
}
