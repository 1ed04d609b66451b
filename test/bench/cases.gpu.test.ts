// Every benchmark case on a real WebGPU device leaves the bytes that the host computes on its own.
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../bench/cases/catalogue.ts';
import { createGpuExecutor } from '../../src/engine/gpu/gpu-executor.ts';
import { createNodeGpu } from '../../src/engine/gpu/node.ts';
import { GpuUnavailable } from '../../src/engine/gpu/unavailable.ts';
import { arenaConfig } from '../../src/lab/measure/arena.ts';
import type { BenchCase } from '../../src/lab/measure/bench-case.ts';
import { runBench } from '../../src/lab/measure/bench-runner.ts';

/** More chunks of 4K than one submission holds dispatches: jobs that are spread must still be whole. */
const ARENA = { dataPages: 2048, accesses: 4096 };
const SAMPLING = { samples: 1, minSamples: 1, regionMs: 0, warmRegions: 0, warmMs: 0 };
const CASES = CATALOGUE.filter((one): one is BenchCase => 'prepare' in one);
/** 16 MiB are more than this arena: such cases are what those over all of it are. */
const GROUPS = [...new Set(CASES.map(({ group }) => group))].filter((group) => !group.endsWith('.16M'));

describe('benchmark cases on the GPU', () => {
  it.each(GROUPS)('%s', async (group) => {
    const executor = await createGpuExecutor(await createNodeGpu(), arenaConfig(ARENA));
    if (executor instanceof GpuUnavailable) throw new Error(executor.message);
    const options = { sampling: SAMPLING, seed: 11, arena: ARENA, budgetMs: null };
    const hooks = { now: () => performance.now(), cancelled: () => false, progress: () => {} };
    const cases = CASES.filter((one) => one.group === group);
    const result = await runBench(executor, cases, options, hooks);
    executor.destroy();
    expect(result.wrong).toEqual([]);
    expect(result.verification?.pagesChecked).toBeGreaterThan(0);
    for (const metric of result.metrics) expect(metric.median, metric.id).toBeGreaterThan(0);
  });
});
