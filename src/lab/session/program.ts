// The workload as one operation: populate, then step after step on both sides, until it ends or is told to stop.
import { NS_PER_S, type Ns } from '../../base/units.ts';
import { ACCESS_RESULT_WORDS } from '../../engine/plan/commands.ts';
import { WaitQueue } from '../../model/sched/fence.ts';
import type { Op } from '../../model/sched/op.ts';
import type { Oracle } from '../workload/oracle.ts';
import { EMPTY_LIST, type AccessList, type Step, type Workload } from '../workload/workload.ts';
import { runCpuList } from './cpu-client.ts';
import { runGpuLists } from './gpu-client.ts';
import { join } from './join.ts';
import type { Machine } from './machine.ts';
import { populate } from './populate.ts';
import { StepSource } from './step-group.ts';
import { verifyPages, type Verification } from './verify.ts';

/** What the outside may change while the program runs. */
export interface ProgramControl {
  paused: boolean;
  /** Steps that may run although paused. */
  stepsAllowed: number;
  stopRequested: boolean;
  verifyRequested: boolean;
  /** Steps a second; 0 = unlimited. */
  pace: number;
  /** Stop after so many steps; null = the workload's end. */
  maxSteps: number | null;
  /** Woken after any change of the above. */
  readonly changed: WaitQueue;
}

export interface ProgramProgress {
  populated: boolean;
  steps: number;
  accesses: number;
  wrongLoads: number;
  failure: string | null;
  /** Result of the last verification. */
  verification: Verification | null;
}

export interface ProgramParts {
  readonly machine: Machine;
  readonly workload: Workload;
  readonly oracle: Oracle;
  readonly control: ProgramControl;
  readonly progress: ProgramProgress;
  /** Called once memory is populated: what came before is set-up, not workload. */
  readonly onPopulated: () => void;
  /** Called when the program comes to rest at a pause: nothing moves and nobody sleeps. */
  readonly onRest: () => void;
  /** Called around each comparison with the oracle, whose time is no part of the workload. */
  readonly onVerifying: () => void;
  readonly onVerified: (verification: Verification) => void;
}

export function newControl(): ProgramControl {
  return {
    paused: false,
    stepsAllowed: 0,
    stopRequested: false,
    verifyRequested: false,
    pace: 0,
    maxSteps: null,
    changed: new WaitQueue('control'),
  };
}

export function newProgress(): ProgramProgress {
  return { populated: false, steps: 0, accesses: 0, wrongLoads: 0, failure: null, verification: null };
}

/** Runs the workload. Ends when it is over, stopped, at its step limit, or when an access cannot be served. */
export function* runProgram(parts: ProgramParts): Op<void> {
  const { machine, workload, oracle, control, progress } = parts;
  yield* populate(machine.world, machine.mm, workload.vmas, oracle);
  progress.populated = true;
  parts.onPopulated();
  const steps = new StepSource(workload.steps(), Math.min(machine.partLimit, machine.listCapacity));
  let last: Ns | null = null;
  while (progress.failure === null) {
    last = yield* gate(parts, last);
    if (control.stopRequested) return;
    const group = steps.next(stepsWanted(control, progress));
    if (group.length === 0) return;
    yield* runGroup(parts, group);
  }
}

/** Steps that may run without looking at the controls again; 0 at the step limit. */
function stepsWanted(control: ProgramControl, progress: ProgramProgress): number {
  const left = control.maxSteps === null ? Number.MAX_SAFE_INTEGER : control.maxSteps - progress.steps;
  return control.paused || control.pace > 0 ? Math.min(1, left) : left;
}

/**
 * Waits while paused and until the next step is due; verifies between steps, when nothing moves. Every change of the
 * controls is acted on at once, however slow the pace. `last`: when the step before began (null: there was none).
 * Returns when this one begins: a late step does not make the following ones hurry.
 */
function* gate(parts: ProgramParts, last: Ns | null): Op<Ns> {
  const { control } = parts;
  const { sched } = parts.machine.world;
  for (;;) {
    if (control.verifyRequested) yield* verifyNow(parts);
    const due = control.pace > 0 && last !== null ? last + NS_PER_S / control.pace : sched.now;
    if (control.stopRequested) return sched.now;
    if (control.paused) {
      if (takeStep(control)) return sched.now;
      parts.onRest();
      yield control.changed;
    } else if (due <= sched.now) return sched.now;
    else yield* sched.sleepUntilOr(due, control.changed);
  }
}

function takeStep(control: ProgramControl): boolean {
  if (control.stepsAllowed === 0) return false;
  control.stepsAllowed--;
  return true;
}

/** Compares every page with the oracle and keeps the result. */
export function* verifyNow(parts: ProgramParts): Op<void> {
  parts.control.verifyRequested = false;
  parts.onVerifying();
  const { machine, workload, oracle, progress } = parts;
  progress.verification = yield* verifyPages(machine.world, machine.mm, workload.vmas, oracle);
  parts.onVerified(progress.verification);
}

/** Performs a group of steps: of the GPU alone in a chain, or one step on both sides at a time. */
function* runGroup(parts: ProgramParts, group: readonly Step[]): Op<void> {
  const { machine, oracle, progress } = parts;
  const lists = group.map((step) => step.gpu ?? EMPTY_LIST).filter((list) => list.count > 0);
  const sides: Op<SideResult>[] = [];
  if (lists.length > 0) sides.push(gpuSide(machine, lists));
  const cpu = group[0]?.cpu ?? null;
  if (cpu !== null) sides.push(cpuSide(machine, cpu));
  const [first] = sides;
  const results =
    sides.length === 1 && first !== undefined ? [yield* first] : yield* join(machine.world.sched, 'step', sides);
  for (const { failure } of results) progress.failure ??= failure;
  // Of a group that failed nobody knows which accesses were made: none of them counts.
  if (progress.failure !== null) return;
  progress.wrongLoads += checkGroup(oracle, group, results);
  progress.steps += group.length;
  for (const step of group) progress.accesses += (step.gpu?.count ?? 0) + (step.cpu?.count ?? 0);
}

/** What one side returned: words of each access, the loaded value at `offset`. */
interface SideResult {
  readonly side: 'gpu' | 'cpu';
  readonly values: Uint32Array;
  readonly failure: string | null;
}

function* gpuSide(machine: Machine, lists: readonly AccessList[]): Op<SideResult> {
  const { results, failure } = yield* runGpuLists(machine, lists);
  return { side: 'gpu', values: results, failure };
}

function* cpuSide(machine: Machine, list: AccessList): Op<SideResult> {
  const { values, failure } = yield* runCpuList(machine.world, machine.mm, list);
  return { side: 'cpu', values, failure };
}

/** Compares the loads of each step with the truth at its time, then moves the truth on. Returns the wrong ones. */
function checkGroup(oracle: Oracle, group: readonly Step[], results: readonly SideResult[]): number {
  const gpu = results.find((result) => result.side === 'gpu')?.values ?? NO_WORDS;
  const cpu = results.find((result) => result.side === 'cpu')?.values ?? NO_WORDS;
  let wrong = 0;
  let at = 0;
  for (const step of group) {
    if (step.gpu !== null) wrong += oracle.wrongLoads(step.gpu, gpu.subarray(at), ACCESS_RESULT_WORDS, 1);
    if (step.cpu !== null) wrong += oracle.wrongLoads(step.cpu, cpu, 1, 0);
    at += (step.gpu?.count ?? 0) * ACCESS_RESULT_WORDS;
    oracle.apply(step);
  }
  return wrong;
}

const NO_WORDS = new Uint32Array(0);
