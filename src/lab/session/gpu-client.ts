// The GPU side of a workload: runs an access list as a GPU program, has its faults served, replays what is pending.
import { present } from '../../base/assert.ts';
import { ACCESS_RECORD_WORDS, ACCESS_RESULT_WORDS, type Command } from '../../engine/plan/commands.ts';
import type { Op } from '../../model/sched/op.ts';
import type { FaultFailure } from '../../model/xe/fault-queue.ts';
import type { Oracle } from '../workload/oracle.ts';
import { accessList, type AccessList } from '../workload/workload.ts';
import type { ClientResult } from './client-result.ts';
import type { Machine } from './machine.ts';

/** The logical queue of GPU programs. */
const QUEUE = 'compute';

/**
 * Performs `list` on the device. Lists above the capacity of the fault ring run in parts, so that no fault is ever
 * dropped and the order of service does not depend on how lanes were scheduled.
 */
export function* runGpuList(machine: Machine, list: AccessList, oracle: Oracle): Op<ClientResult> {
  const { partLimit } = machine;
  let wrongLoads = 0;
  for (let first = 0; first < list.count; first += partLimit) {
    const count = Math.min(partLimit, list.count - first);
    const part = accessList(list.records.subarray(first * ACCESS_RECORD_WORDS), count);
    const failure = yield* runPart(machine, part);
    if (typeof failure === 'string') return { accesses: first, wrongLoads, failure };
    wrongLoads += oracle.wrongLoads(part, failure, ACCESS_RESULT_WORDS, 1);
  }
  return { accesses: list.count, wrongLoads, failure: null };
}

/** Runs until nothing is pending; the results of the accesses, or why one of them can never be performed. */
function* runPart(machine: Machine, part: AccessList): Op<Uint32Array | string> {
  const { world, vm, faults, device } = machine;
  const { count, records } = part;
  const access: Command = {
    op: 'access',
    asid: vm.asid,
    root: vm.pt.root,
    base: 0,
    count,
    tlb: machine.tlb,
  };
  const result: Command = { op: 'accessResult', base: 0, count };
  let commands: Command[] = [{ op: 'accessLoad', base: 0, records }, access, result];
  for (;;) {
    const completion = yield* world.jobs.submit(QUEUE, 'access', commands).wait();
    if (completion.faults.length === 0 && completion.dropped === 0) return completion.io;
    device.stats.addOwn('x_fault_dropped', completion.dropped);
    const taken = yield* faults.serve(completion.faults);
    if (taken === 'EPROTO') return `the fault ring returned ${completion.faults.length} words: no whole records`;
    const [failure] = faults.takeFailures();
    if (failure !== undefined) return describeFailure(failure);
    faults.takeReplies();
    commands = [access, result];
  }
}

const ACCESS_NAMES = ['read', 'write', 'atomic'];

function describeFailure(failure: FaultFailure): string {
  const kind = present(ACCESS_NAMES[failure.access] ?? 'reserved', 'access kind');
  const times = failure.repeats > 1 ? ` after ${failure.repeats} identical faults` : '';
  return `GPU ${kind} of page 0x${failure.vpn.toString(16)} cannot be served${times}: ${failure.error ?? 'no error'} (${failure.rule})`;
}
