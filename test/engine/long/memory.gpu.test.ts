// The executor on a GPU keeps nothing on the host of the jobs that it has run, however many there were.
import { describe, expect, test } from 'vitest';
import { createGpuExecutor } from '../../../src/engine/gpu/gpu-executor.ts';
import { GpuUnavailable } from '../../../src/engine/gpu/unavailable.ts';
import type { Completion } from '../../../src/engine/plan/job.ts';
import { ADAPTER, gpu, gpuIt } from '../../support/dawn.ts';
import { heapGrowth } from '../../support/heap-growth.ts';
import { JobMill, MILL_CONFIG } from '../../support/job-mill.ts';

const ALLOWED_BYTES = 1 << 20;
const SHORT = 6000;
const LONG = 100_000;
const long = process.env.PAGEFERRY_LONG === '1';

async function growth(jobs: number, keep?: (completion: Completion) => void): Promise<number> {
  const executor = await createGpuExecutor(gpu, MILL_CONFIG, { adapter: ADAPTER });
  if (executor instanceof GpuUnavailable) throw new Error(executor.message);
  const mill = new JobMill(executor, keep);
  const bytes = await heapGrowth(jobs, (count) => mill.run(count));
  executor.destroy();
  return bytes;
}

describe('host memory of the GPU executor', () => {
  gpuIt(
    'is flat over some thousand jobs, and growth shows when completions are kept',
    async () => {
      expect(await growth(SHORT)).toBeLessThan(ALLOWED_BYTES);
      const kept: Completion[] = [];
      expect(await growth(SHORT, (completion) => kept.push(completion))).toBeGreaterThan(ALLOWED_BYTES);
      expect(kept.length).toBeGreaterThanOrEqual(SHORT);
    },
    120_000,
  );

  (long ? gpuIt : test.skip)(
    'is flat over a hundred thousand jobs (long tier: PAGEFERRY_LONG=1)',
    async () => {
      const bytes = await growth(LONG);
      console.info(`${LONG} jobs on the GPU: ${bytes} bytes more in the last third than in the first`);
      expect(bytes).toBeLessThan(ALLOWED_BYTES);
    },
    600_000,
  );
});
