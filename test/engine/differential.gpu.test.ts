// The GPU and its twin agree on every word: memory, access results, faults, dropped counts, status (I-M5, X53).
//
// A failure prints the seed of its episode; `PAGEFERRY_SEED=<seed> npx vitest run --project gpu differential` runs that
// episode alone.
import { afterAll, describe, expect } from 'vitest';
import { ACCESS_KIND, type Command } from '../../src/engine/plan/commands.ts';
import type { Executor, ExecutorConfig } from '../../src/engine/plan/executor.ts';
import type { Job } from '../../src/engine/plan/job.ts';
import type { GpuExecutor } from '../../src/engine/gpu/gpu-executor.ts';
import { createTwinExecutor } from '../../src/engine/twin/twin-executor.ts';
import { gpuIt, openExecutor } from '../support/dawn.ts';
import { compareExecutors, complete } from '../support/differential.ts';
import { RANDOM_CONFIGS, randomJobs } from '../support/random-jobs.ts';
import { SMALL_FLUSHES } from '../support/small-flushes.ts';

const EPISODES = 12;
const JOBS = 8;
/** Jobs that are submitted at once: batching across jobs is part of what is tested. */
const BURST = 3;

/** Runs the episode of `seed` in bursts and expects no difference. Returns the next free seq. */
async function episode(gpu: Executor, twin: Executor, seed: number, firstSeq: number): Promise<number> {
  let seq = firstSeq;
  const jobs = randomJobs(seed, twin.config, JOBS, firstSeq);
  for (let i = 0; i < jobs.length; i += BURST) {
    const burst = jobs.slice(i, i + BURST).map((job) => ({ ...job, seq: seq++ }));
    const report = await compareExecutors(gpu, twin, burst);
    expect(report, `GPU ≠ twin: PAGEFERRY_SEED=${seed}\n${report}`).toBeNull();
    // The snapshot took one number.
    seq++;
  }
  return seq;
}

const wanted = process.env.PAGEFERRY_SEED;

describe.each([
  { name: 'two spaces', config: 0, options: {} },
  { name: 'two devices', config: 1, options: {} },
  { name: 'no TLB', config: 2, options: {} },
  { name: 'one TLB line', config: 3, options: {} },
  { name: 'small submissions', config: 1, options: { flushLimits: SMALL_FLUSHES } },
])('random jobs, $name', ({ config, options }) => {
  const shape = RANDOM_CONFIGS[config] as ExecutorConfig;
  const twin = createTwinExecutor(shape);
  let gpu: GpuExecutor | null = null;
  let seq = 1;
  afterAll(() => gpu?.destroy());

  const seeds = wanted === undefined ? Array.from({ length: EPISODES }, (_, i) => 1000 * config + i) : [Number(wanted)];
  gpuIt.each(seeds)('seed %i', async (seed) => {
    gpu ??= await openExecutor(shape, options);
    seq = await episode(gpu, twin, seed, seq);
  });
});

describe('a full fault ring', () => {
  const config: ExecutorConfig = { ...(RANDOM_CONFIGS[0] as ExecutorConfig), faultCapacity: 10 };
  const accesses = (count: number): Command[] => [
    { op: 'accessLoad', base: 0, records: new Uint32Array(4 * count) },
    { op: 'access', asid: 1, root: { space: 1, frame: 0, level: 4 }, base: 0, count, tlb: false, chained: false },
  ];
  const job = (seq: number, commands: Command[]): Job => ({ seq, queue: 'q', label: '', commands, timed: false });

  gpuIt.each([
    { count: 10, dropped: 0 },
    { count: 11, dropped: 1 },
    { count: 300, dropped: 290 },
  ])('$count faults drop $dropped on both, whatever the order of lanes', async ({ count, dropped }) => {
    const gpu = await openExecutor(config);
    const jobs = [job(1, accesses(count)), job(2, accesses(10)), job(3, [])];
    const [a, b] = await Promise.all([complete(gpu, jobs), complete(createTwinExecutor(config), jobs)]);
    gpu.destroy();
    expect(a.map((each) => each.dropped)).toEqual([dropped, 0, 0]);
    expect(a.map((each) => each.dropped)).toEqual(b.map((each) => each.dropped));
    expect(a.map((each) => each.faults.length)).toEqual(b.map((each) => each.faults.length));
    expect(a[1]).toEqual(b[1]);
  });
});

describe('failure injection', () => {
  gpuIt('looks the same on both', async () => {
    const config = RANDOM_CONFIGS[0] as ExecutorConfig;
    const failJob = (job: Job): boolean => job.seq === 2;
    const gpu = await openExecutor(config, { failJob });
    const touch: Command = { op: 'cpuAccess', frame: 0, word: 0, kind: ACCESS_KIND.write, operand: 1 };
    const jobs = [1, 2, 3].map((seq): Job => ({ seq, queue: 'q', label: '', commands: [touch], timed: false }));
    const [a, b] = await Promise.all([complete(gpu, jobs), complete(createTwinExecutor(config, { failJob }), jobs)]);
    gpu.destroy();
    expect(a).toEqual(b);
    expect(a.map((each) => each.status)).toEqual(['ok', 'injected', 'ok']);
  });
});
