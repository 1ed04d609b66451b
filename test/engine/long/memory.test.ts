// The twin keeps nothing of the jobs that it has run: host memory is flat however many there were.
import { describe, expect, it } from 'vitest';
import type { Completion } from '../../../src/engine/plan/job.ts';
import { createTwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import { heapGrowth } from '../../support/heap-growth.ts';
import { JobMill, MILL_CONFIG } from '../../support/job-mill.ts';

/** A job's completion alone takes more than 100 bytes: keeping each would exceed this by far. */
const ALLOWED_BYTES = 1 << 20;
const SHORT = 24_000;
const LONG = 1_000_000;
const long = process.env.PAGEFERRY_LONG === '1';

describe('host memory of the twin', () => {
  it('is flat over some thousand jobs, and growth shows when completions are kept', async () => {
    const mill = new JobMill(createTwinExecutor(MILL_CONFIG));
    expect(await heapGrowth(SHORT, (count) => mill.run(count))).toBeLessThan(ALLOWED_BYTES);
    const kept: Completion[] = [];
    const leaking = new JobMill(createTwinExecutor(MILL_CONFIG), (completion) => kept.push(completion));
    expect(await heapGrowth(SHORT, (count) => leaking.run(count))).toBeGreaterThan(ALLOWED_BYTES);
    expect(kept.length).toBeGreaterThanOrEqual(SHORT);
  }, 60_000);

  it.skipIf(!long)(
    'is flat over a million jobs (long tier: PAGEFERRY_LONG=1)',
    async () => {
      const mill = new JobMill(createTwinExecutor(MILL_CONFIG));
      const growth = await heapGrowth(LONG, (count) => mill.run(count));
      console.info(`${LONG} jobs on the twin: ${growth} bytes more in the last third than in the first`);
      expect(growth).toBeLessThan(ALLOWED_BYTES);
    },
    600_000,
  );
});
