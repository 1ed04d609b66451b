// What a reader of a benchmark's figures must doubt, from what ran it and how it ended.
import { MIB, NS_PER_MS, PAGE_SIZE } from '../../base/units.ts';
import type { ExecutorInfo } from '../../engine/plan/executor.ts';
import { lastCache, uncachedBytes, type ArenaSize } from './arena.ts';
import type { BenchResult } from './bench-runner.ts';
import { warning, type Warning } from './warnings.ts';

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
      bytes < uncachedBytes(arena) &&
      warning('working-set-small', `cached: both spaces together hold ${bytes / MIB} MiB, ${wantedText(arena)}`),
    stepNs >= COARSE_NS && warning('coarse-clock', `GPU timestamps step by ${stepNs} ns`),
  ];
  return found.filter((one) => one !== false);
}

function wantedText(arena: ArenaSize): string {
  const { bytes, known } = lastCache(arena);
  const cache = `a last-level cache of ${bytes / MIB} MiB${known ? '' : ' (assumed)'}`;
  return `and ${uncachedBytes(arena) / MIB} MiB are needed to keep repeats out of ${cache}`;
}

function aboutEnd({ verification, wrong, leftOut, invalid = [], partial }: BenchResult): Warning[] {
  const found = [
    verification === null && warning('unverified', 'no page was compared'),
    wrong.length > 0 && warning('verification-failed', `wrong bytes: ${wrong.join(', ')}`),
    leftOut.length > 0 && warning('out-of-time', `no time for, and left out: ${leftOut.join(', ')}`),
    invalid.length > 0 && warning('no-valid-samples', `no figure of ${invalid.join(', ')}`),
    partial && warning('partial', 'the run was stopped'),
  ];
  return found.filter((one) => one !== false);
}
