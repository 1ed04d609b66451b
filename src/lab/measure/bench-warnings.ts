// What a reader of a benchmark's figures must doubt, from what ran it and how it ended.
import { MIB, NS_PER_MS, PAGE_SIZE } from '../../base/units.ts';
import type { ExecutorInfo } from '../../engine/plan/executor.ts';
import type { ArenaSize } from './arena.ts';
import type { BenchResult } from './bench-runner.ts';
import { warning, type Warning } from './warnings.ts';

/** Below this a large GPU's last cache holds everything (webgpu.md §2.3). */
const WORKING_SET_BYTES = 256 * MIB;
/** Steps from here on are coarse: a region of 5 ms has no more than 500. */
const COARSE_NS = 0.01 * NS_PER_MS;

/** Warnings about the run as a whole; those about one figure stand at that figure. */
export function benchWarnings(result: BenchResult, info: ExecutorInfo, arena: ArenaSize): Warning[] {
  return [...aboutAdapter(info, arena, result.clock.gpuStepNs ?? 0), ...aboutEnd(result)];
}

function aboutAdapter({ kind, name, software, timestamps }: ExecutorInfo, arena: ArenaSize, stepNs: number): Warning[] {
  const bytes = 2 * arena.dataPages * PAGE_SIZE;
  const found = [
    kind === 'twin' && warning('nothing-on-gpu', `${name} ran every job`),
    software && warning('software-adapter', `${name} is a CPU`),
    kind === 'gpu' && !timestamps && warning('no-timestamps', `${name} has no timestamp queries`),
    kind === 'gpu' &&
      bytes < WORKING_SET_BYTES &&
      warning('working-set-small', `both spaces together hold ${bytes / MIB} MiB`),
    stepNs >= COARSE_NS && warning('coarse-clock', `GPU timestamps step by ${stepNs} ns`),
  ];
  return found.filter((one) => one !== false);
}

function aboutEnd({ verification, wrong, leftOut, partial }: BenchResult): Warning[] {
  const found = [
    verification === null && warning('unverified', 'no page was compared'),
    wrong.length > 0 && warning('verification-failed', `wrong bytes: ${wrong.join(', ')}`),
    leftOut.length > 0 && warning('out-of-time', `no time for, and left out: ${leftOut.join(', ')}`),
    partial && warning('partial', 'the run was stopped'),
  ];
  return found.filter((one) => one !== false);
}
