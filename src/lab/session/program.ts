// The workload as one operation: populate, then step after step on both sides, until it ends or is told to stop.
import { NS_PER_S, type Ns } from '../../base/units.ts';
import { WaitQueue } from '../../model/sched/fence.ts';
import type { Op } from '../../model/sched/op.ts';
import type { Oracle } from '../workload/oracle.ts';
import type { Step, Workload } from '../workload/workload.ts';
import type { ClientResult } from './client-result.ts';
import { runCpuList } from './cpu-client.ts';
import { runGpuList } from './gpu-client.ts';
import { join } from './join.ts';
import type { Machine } from './machine.ts';
import { populate } from './populate.ts';
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
  const steps = workload.steps();
  let due: Ns = machine.world.sched.now;
  while (progress.failure === null) {
    yield* gate(parts);
    if (control.stopRequested || progress.steps === control.maxSteps) return;
    const next = steps.next();
    if (next.done === true) return;
    due = yield* pace(parts, due);
    yield* runStep(parts, next.value);
  }
}

/** Waits while paused; verifies between steps, when nothing moves. */
function* gate(parts: ProgramParts): Op<void> {
  const { control } = parts;
  for (;;) {
    if (control.verifyRequested) yield* verifyNow(parts);
    if (control.stopRequested || !control.paused) return;
    if (control.stepsAllowed > 0) {
      control.stepsAllowed--;
      return;
    }
    yield control.changed;
  }
}

/** Compares every page with the oracle and keeps the result. */
export function* verifyNow(parts: ProgramParts): Op<void> {
  parts.control.verifyRequested = false;
  const { machine, workload, oracle, progress } = parts;
  progress.verification = yield* verifyPages(machine.world, machine.mm, workload.vmas, oracle);
  parts.onVerified(progress.verification);
}

/** Sleeps until the next step is due; a late step does not make the following ones hurry. */
function* pace(parts: ProgramParts, due: Ns): Op<Ns> {
  const { sched } = parts.machine.world;
  const { pace: stepsPerSecond } = parts.control;
  if (stepsPerSecond <= 0) return sched.now;
  yield* sched.sleepUntil(due);
  return Math.max(due, sched.now) + NS_PER_S / stepsPerSecond;
}

function* runStep(parts: ProgramParts, step: Step): Op<void> {
  const { machine, oracle, progress } = parts;
  const sides: Op<ClientResult>[] = [];
  if (step.gpu !== null) sides.push(runGpuList(machine, step.gpu, oracle));
  if (step.cpu !== null) sides.push(runCpuList(machine.world, machine.mm, step.cpu, oracle));
  const [first] = sides;
  const results =
    sides.length === 1 && first !== undefined ? [yield* first] : yield* join(machine.world.sched, step.label, sides);
  for (const result of results) {
    progress.accesses += result.accesses;
    progress.wrongLoads += result.wrongLoads;
    progress.failure ??= result.failure;
  }
  oracle.apply(step);
  progress.steps++;
}
