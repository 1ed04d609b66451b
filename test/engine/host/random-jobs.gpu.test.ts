// Host pages around a GPU are, word for word, what a twin with device pages is, whichever way the uploads go (I-M5).
//
// A failure prints the seed of its episode; `PAGEFERRY_SEED=<seed> npx vitest run --project gpu host/random` runs it alone.
import { afterAll, describe, expect } from 'vitest';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import type { GpuExecutor, GpuOptions } from '../../../src/engine/gpu/gpu-executor.ts';
import { HostPagesExecutor, innerConfig } from '../../../src/engine/host/host-pages-executor.ts';
import { createTwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import { gpuIt, openExecutor } from '../../support/dawn.ts';
import { compareExecutors } from '../../support/differential.ts';
import { RANDOM_CONFIGS } from '../../support/random-jobs.ts';
import { SMALL_FLUSHES } from '../../support/small-flushes.ts';
import { reachableJobs } from './reachable.ts';

const EPISODES = 8;
const JOBS = 8;
const BURST = 3;
const wanted = process.env.PAGEFERRY_SEED;

/** Jobs spread over submissions, uploads over staging buffers that are soon all in use. */
const SMALL: GpuOptions = { flushLimits: SMALL_FLUSHES, uploadRing: { chunkBytes: 6144, chunks: 3 } };

describe.each([
  { name: 'queue writes', config: 0, uploadPath: 'writeBuffer', options: {} },
  { name: 'mapped uploads, two devices', config: 1, uploadPath: 'mapped', options: {} },
  { name: 'mapped uploads, no TLB', config: 2, uploadPath: 'mapped', options: {} },
  { name: 'queue writes, small submissions', config: 1, uploadPath: 'writeBuffer', options: SMALL },
  { name: 'mapped uploads, small submissions', config: 3, uploadPath: 'mapped', options: SMALL },
] as const)('random jobs, $name', ({ config, uploadPath, options }) => {
  const shape = RANDOM_CONFIGS[config] as ExecutorConfig;
  const twin = createTwinExecutor(shape);
  let gpu: GpuExecutor | null = null;
  let suspect: HostPagesExecutor | null = null;
  let seq = 1;
  afterAll(() => gpu?.destroy());

  const seeds = wanted === undefined ? Array.from({ length: EPISODES }, (_, i) => 1000 * config + i) : [Number(wanted)];
  gpuIt.each(seeds)('seed %i', async (seed) => {
    gpu ??= await openExecutor(innerConfig(shape), options);
    suspect ??= new HostPagesExecutor(gpu, shape, { uploadPath, readsAtSubmit: true });
    const jobs = reachableJobs(seed, shape, JOBS, seq);
    for (let i = 0; i < jobs.length; i += BURST) {
      const burst = jobs.slice(i, i + BURST).map((job) => ({ ...job, seq: seq++ }));
      const report = await compareExecutors(suspect, twin, burst);
      expect(report, `host pages on a GPU ≠ device pages on the twin: PAGEFERRY_SEED=${seed}\n${report}`).toBeNull();
      seq++;
    }
  });

  gpuIt('its uploads took the way that was asked for (control)', () => {
    const { mapped, fallback } = gpu?.uploadCounts ?? { mapped: 0, fallback: 0 };
    if (uploadPath === 'mapped') expect(mapped).toBeGreaterThan(0);
    expect(fallback > 0).toBe(uploadPath === 'mapped' && options === SMALL);
  });
});
