// Model time of jobs and of the handler's own work: sums of named constants, a function of the commands alone.
import { PAGE_SIZE, type Ns } from '../../base/units.ts';
import { SYSTEM_SPACE, type Command } from '../../engine/plan/commands.ts';
import type { JobCost } from '../sched/job-queue.ts';
import type { CostConstants, CurvePoint } from './constants.ts';

/** What the driver charges to the model clock for its own work; all zero in live runs, where real time passes. */
export interface ServiceCost {
  /** Per fault served. */
  readonly faultNs: Ns;
  /** Per page that migrates, either way. */
  readonly pageNs: Ns;
  /** Per page that page collection walks. */
  readonly collectNs: Ns;
  /** Per bind. */
  readonly bindNs: Ns;
  /** Per TLB invalidation that somebody waits for. */
  readonly tlbInvalNs: Ns;
}

export const NO_SERVICE_COST: ServiceCost = { faultNs: 0, pageNs: 0, collectNs: 0, bindNs: 0, tlbInvalNs: 0 };

export function serviceCost(constants: CostConstants): ServiceCost {
  return {
    faultNs: constants.faultFixed.value,
    pageNs: constants.pageWork.value,
    collectNs: constants.pageCollection.value,
    bindNs: constants.bind.value,
    tlbInvalNs: constants.tlbInvalidation.value,
  };
}

/** Jobs that take no time: for live runs, whose clock is pinned to wall time, and for tests of order alone. */
export const NO_JOB_COST: JobCost = () => 0;

/**
 * Duration of a job: one submission if any of its commands is the device's own work, plus each command's time.
 * A TLB invalidation costs nothing here; whoever waits for it is charged by ServiceCost.
 */
export function createJobCost(constants: CostConstants): JobCost {
  const submission = constants.jobSubmission.value;
  return (commands) => {
    let ns = commands.some(onDevice) ? submission : 0;
    for (const command of commands) ns += commandCost(constants, command);
    return Math.round(ns);
  };
}

/** Work that the kernel hands to the copy engine. Page-table edits are CPU writes in the driver (xe.md §4.6). */
function onDevice(command: Command): boolean {
  return command.op === 'copy' || command.op === 'copyTranslated' || command.op === 'fillSeeded';
}

function commandCost(constants: CostConstants, command: Command): Ns {
  switch (command.op) {
    case 'copy':
    case 'copyTranslated':
    case 'copyBaseline':
      return copyCost(constants, command.srcSpace, command.dstSpace, command.pages);
    case 'fill':
    case 'fillSeeded':
      return (command.pages * PAGE_SIZE) / bandwidth(constants, command.space);
    case 'pteWrite':
      return (command.entries.length / 2) * constants.pteStore.value;
    case 'pteFill':
    case 'zap':
      return command.count * constants.pteStore.value;
    case 'access':
      return command.count * constants.access.value;
    default:
      return 0;
  }
}

function copyCost(constants: CostConstants, src: number, dst: number, pages: number): Ns {
  const bytes = pages * PAGE_SIZE;
  const crosses = (src === SYSTEM_SPACE) !== (dst === SYSTEM_SPACE);
  return crosses ? curveTime(constants.link, bytes) : bytes / bandwidth(constants, src);
}

function bandwidth(constants: CostConstants, space: number): number {
  return space === SYSTEM_SPACE ? constants.systemBandwidth.value : constants.vramBandwidth.value;
}

/** Time of one transfer: linear between the curve's points and beyond them with the slope of the nearest pair. */
export function curveTime(curve: readonly CurvePoint[], bytes: number): Ns {
  let i = 1;
  while (i < curve.length - 1 && bytes > (curve[i]?.bytes ?? 0)) i++;
  const a = curve[i - 1];
  const b = curve[i];
  if (a === undefined) return 0;
  if (b === undefined) return (a.time.value * bytes) / a.bytes;
  const slope = (b.time.value - a.time.value) / (b.bytes - a.bytes);
  return a.time.value + slope * (bytes - a.bytes);
}
