// The A/A mode on a device whose noise is known: a case never differs from itself, and the mode has to find that.
import { describe, expect, it } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import type { Command } from '../../../src/engine/plan/commands.ts';
import type { Job } from '../../../src/engine/plan/job.ts';
import { aaLines, aaWarnings, runAa, type AaResult } from '../../../src/lab/measure/aa.ts';
import { arenaConfig, type ArenaSize } from '../../../src/lab/measure/arena.ts';
import type { BenchCase } from '../../../src/lab/measure/bench-case.ts';
import { pagesCopied, TimedExecutor } from '../../support/timed-executor.ts';

const ARENA: ArenaSize = { dataPages: 1024, accesses: 16 };
const SAMPLING = { samples: 15, minSamples: 15, regionMs: 5, warmRegions: 1, warmMs: 0 };
const SEED = 20261120;
const COPY: Command = { op: 'copy', srcSpace: 0, srcFrame: 0, dstSpace: 1, dstFrame: 0, pages: 1 };

function bench(mismatchedPages = 0): BenchCase {
  return {
    id: 'a',
    about: 'a',
    unit: 'B/s',
    measure: 'rate',
    convention: 'payload',
    peer: null,
    limit: null,
    tier: 'core',
    group: 'g',
    prepare: () => ({
      setup: [],
      maxOps: 64,
      amountPerOp: 4096,
      region: (ops) => ({ before: [], timed: Array.from({ length: ops }, () => COPY) }),
      check: { commands: [COPY], judge: () => ({ pagesChecked: 4, mismatchedPages }) },
      params: {},
    }),
  };
}

/** A millisecond a page, and noise that is skewed and now and then large. */
function noisy(): (job: Job) => number {
  const rng = createRng(SEED);
  return (job) => {
    const far = rng.below(30) === 0 ? 2 : 1;
    return far * pagesCopied(job.commands) * (1e6 + (rng.below(1000) * rng.below(1000)) / 10);
  };
}

function run(trials: number, cancelled: (jobs: number) => boolean = () => false, wrong = 0): Promise<AaResult> {
  const executor = new TimedExecutor(arenaConfig(ARENA), { gpuNs: noisy() });
  const hooks = { now: executor.now, cancelled: () => cancelled(executor.jobs.length), progress: () => {} };
  return runAa(executor, bench(wrong), { trials, sampling: SAMPLING, seed: SEED, arena: ARENA }, hooks);
}

describe('a case against itself', () => {
  it('is claimed to differ in at most one of twenty trials', async () => {
    const { aa, result } = await run(400);
    expect(aa).toMatchObject({ case: 'a', trials: 400, samplesPerSide: 15, alpha: 0.05 });
    expect(aa?.low, `seed ${SEED}, ${aa?.claims} claims`).toBeLessThanOrEqual(0.05);
    expect(aa?.rate).toBe((aa?.claims ?? 0) / 400);
    expect(result.metrics[0]).toMatchObject({ id: 'a', n: 400 * 30, source: 'gpu' });
    expect(result).toMatchObject({ partial: false, verification: { pagesChecked: 4, mismatchedPages: 0 } });
  });

  it('keeps the trials it has when it is stopped', async () => {
    const { aa, result } = await run(400, (jobs) => jobs > 1000);
    expect(result.partial).toBe(true);
    expect(aa?.trials).toBeGreaterThan(10);
    expect(aa?.trials).toBeLessThan(400);
    expect(await run(400, (jobs) => jobs > 5)).toMatchObject({ aa: null, result: { partial: true, metrics: [] } });
  });

  it('that leaves wrong bytes is named', async () => {
    expect((await run(5, undefined, 3)).result.wrong).toEqual(['a: 3 of 4 pages']);
  });
});

describe('what is said of it', () => {
  const facts = { case: 'a', trials: 200, samplesPerSide: 15, alpha: 0.05 };
  const fine = { ...facts, claims: 7, rate: 0.035, low: 0.0171, high: 0.0705 };
  const bad = { ...facts, claims: 30, rate: 0.15, low: 0.107, high: 0.206 };

  it('is the share with its interval', () => {
    expect(aaLines(fine)).toEqual([
      'A/A: a against itself, 200 trials of 15 samples a side',
      'a difference was claimed in 7 (3.50 %; 95 % interval 1.71 % … 7.05 %)',
      'the interval includes 5.00 %: comparisons claim no more than they should',
    ]);
    expect(aaLines({ ...fine, high: 0.04 })[2]).toContain('lies below 5.00 %');
  });

  it('is a warning where it claims too much, and none where it does not', () => {
    expect(aaLines(bad)[2]).toContain('lies above 5.00 %');
    expect(aaWarnings(bad).map(({ code }) => code)).toEqual(['claims-too-often']);
    expect(aaWarnings(fine)).toEqual([]);
    expect(aaWarnings(null)).toEqual([]);
  });
});
