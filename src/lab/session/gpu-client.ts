// The GPU side of a workload: runs steps as GPU programs, has their faults served, replays what is pending.
import { present } from '../../base/assert.ts';
import {
  ACCESS_RECORD_WORDS,
  ACCESS_RESULT_WORDS,
  type Access,
  type AccessLoad,
  type Command,
} from '../../engine/plan/commands.ts';
import { FAULT_RECORD_WORDS } from '../../engine/plan/job.ts';
import type { Op } from '../../model/sched/op.ts';
import { blankFault, decodeFault } from '../../model/xe/fault-record.ts';
import type { FaultFailure } from '../../model/xe/fault-queue.ts';
import type { AccessList } from '../workload/workload.ts';
import type { Machine } from './machine.ts';

/** The logical queue of GPU programs. */
const QUEUE = 'compute';

/** What the GPU made of a group of lists: their results one after another, or why it was stopped. */
export interface GpuResult {
  /** ACCESS_RESULT_WORDS words an access. */
  readonly results: Uint32Array;
  readonly failure: string | null;
}

/**
 * Performs `lists` in order, each to its end before the next begins, without waiting between them: their programs are
 * chained, so that a fault stops what follows until it has been served. Together they hold at most
 * `machine.partLimit` accesses, so that all faults fit into the ring; a single longer list runs in parts.
 */
export function* runGpuLists(machine: Machine, lists: readonly AccessList[]): Op<GpuResult> {
  const total = lists.reduce((sum, list) => sum + list.count, 0);
  if (total <= machine.partLimit) return yield* runChain(machine, lists, total);
  const results = new Uint32Array(total * ACCESS_RESULT_WORDS);
  let at = 0;
  for (const part of lists.flatMap((list) => partsOf(list, machine.partLimit))) {
    const done = yield* runChain(machine, [part], part.count);
    if (done.failure !== null) return done;
    results.set(done.results, at);
    at += done.results.length;
  }
  return { results, failure: null };
}

function partsOf(list: AccessList, limit: number): AccessList[] {
  const parts: AccessList[] = [];
  for (let first = 0; first < list.count; first += limit) {
    const count = Math.min(limit, list.count - first);
    const from = first * ACCESS_RECORD_WORDS;
    parts.push({ count, records: list.records.subarray(from, from + count * ACCESS_RECORD_WORDS) });
  }
  return parts;
}

/** Runs until nothing is pending. Whatever is done already does nothing in a replay. */
function* runChain(machine: Machine, lists: readonly AccessList[], total: number): Op<GpuResult> {
  const { world, faults, device } = machine;
  const { loads, programs } = chainCommands(machine, lists);
  const result: Command = { op: 'accessResult', base: 0, count: total };
  let commands: Command[] = [...loads, ...programs, result];
  for (;;) {
    const completion = yield* world.jobs.submit(QUEUE, 'access', commands).wait();
    if (completion.faults.length === 0 && completion.dropped === 0) return { results: completion.io, failure: null };
    device.stats.addOwn('x_fault_dropped', completion.dropped);
    markFaulting(machine, completion.faults);
    const taken = yield* faults.serve(completion.faults);
    machine.faulting.clear();
    faults.takeReplies();
    const failure = taken === 'EPROTO' ? 'the fault ring held no whole records' : failureText(faults.takeFailures());
    if (failure !== null) return { results: completion.io, failure };
    commands = [...programs, result];
  }
}

function chainCommands(machine: Machine, lists: readonly AccessList[]): { loads: AccessLoad[]; programs: Access[] } {
  const { vm, tlb } = machine;
  const loads: AccessLoad[] = [];
  const programs: Access[] = [];
  let base = 0;
  for (const { count, records } of lists) {
    loads.push({ op: 'accessLoad', base, records });
    programs.push({ op: 'access', asid: vm.asid, root: vm.pt.root, base, count, tlb, chained: base > 0 });
    base += count;
  }
  return { loads, programs };
}

/** Remembers the pages of a batch of records until they are answered. */
function markFaulting(machine: Machine, words: Uint32Array): void {
  const record = blankFault();
  for (let at = 0; at < words.length; at += FAULT_RECORD_WORDS) {
    if (decodeFault(words, at, FAULT_RECORD_WORDS, record) === 0) machine.faulting.add(record.vpn);
  }
}

const ACCESS_NAMES = ['read', 'write', 'atomic'];

function failureText([failure]: readonly FaultFailure[]): string | null {
  if (failure === undefined) return null;
  const kind = present(ACCESS_NAMES[failure.access] ?? 'reserved', 'access kind');
  const times = failure.repeats > 1 ? ` after ${failure.repeats} identical faults` : '';
  return `GPU ${kind} of page 0x${failure.vpn.toString(16)} cannot be served${times}: ${failure.error ?? 'no error'} (${failure.rule})`;
}
