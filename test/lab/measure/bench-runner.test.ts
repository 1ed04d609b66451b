import { describe, expect, it } from 'vitest';
import { DeviceLostError } from '../../../src/engine/plan/executor.ts';
import type { Command } from '../../../src/engine/plan/commands.ts';
import type { Job } from '../../../src/engine/plan/job.ts';
import { arenaConfig, type ArenaSize } from '../../../src/lab/measure/arena.ts';
import type { BenchCase, PreparedCase } from '../../../src/lab/measure/bench-case.ts';
import { runBench, type BenchOptions, type BenchResult } from '../../../src/lab/measure/bench-runner.ts';
import { benchWarnings } from '../../../src/lab/measure/bench-warnings.ts';
import { commonStep, wallStep } from '../../../src/lab/measure/clock-step.ts';
import { pagesCopied, TimedExecutor, type TimedOptions } from '../../support/timed-executor.ts';

const ARENA: ArenaSize = { dataPages: 1024, accesses: 16 };
const OPTIONS: BenchOptions = {
  sampling: { samples: 20, minSamples: 5, regionMs: 5, warmRegions: 2, warmMs: 0 },
  seed: 1,
  arena: ARENA,
  budgetMs: null,
};

const copy = (pages: number): Command => ({ op: 'copy', srcSpace: 0, srcFrame: 0, dstSpace: 1, dstFrame: 0, pages });

/** A case of `pages`-page copies; every operation is one command. */
function bench(id: string, parts: Partial<BenchCase & PreparedCase> & { pages?: number } = {}): BenchCase {
  const { pages = 1 } = parts;
  return {
    id,
    about: id,
    unit: 'B/s',
    measure: parts.measure ?? 'rate',
    convention: 'payload',
    peer: parts.peer ?? null,
    limit: parts.limit ?? null,
    tier: 'core',
    group: parts.group ?? 'g',
    prepare: () => ({
      setup: [],
      maxOps: parts.maxOps ?? 1 << 20,
      amountPerOp: pages * 4096,
      region: (ops) => ({ before: [], timed: Array.from({ length: ops }, () => copy(pages)) }),
      check: parts.check ?? null,
      params: {},
    }),
  };
}

/** A device that copies a page in `perPage` ns and needs `perJob` ns for any job. */
const device = (perPage: number, perJob: number) => (job: Job) => perJob + perPage * pagesCopied(job.commands);

async function measure(
  cases: readonly BenchCase[],
  timed: TimedOptions,
  change: Partial<BenchOptions> = {},
): Promise<{ result: BenchResult; executor: TimedExecutor }> {
  const executor = new TimedExecutor(arenaConfig(ARENA), timed);
  const hooks = { now: executor.now, cancelled: () => false, progress: () => {} };
  return { result: await runBench(executor, cases, { ...OPTIONS, ...change }, hooks), executor };
}

describe('a benchmark on a device with known times', () => {
  it('gives the known rate, by timestamps, from regions that are long enough', async () => {
    const { result } = await measure([bench('a')], { gpuNs: device(1000, 0), overheadNs: 3e6 });
    const [metric] = result.metrics;
    expect(metric).toMatchObject({ id: 'a', n: 20, source: 'gpu', median: 4096e6, mad: 0, warnings: [] });
    expect(metric?.params['regionMs']).toBeGreaterThanOrEqual(5);
    expect(result).toMatchObject({ partial: false, verification: null, counters: { x_bench_samples: 20 } });
  });

  it('makes regions so long that the cost of a job does not fill them', async () => {
    // A job costs 6 ms whatever it does: longer than a region has to be.
    const { result } = await measure([bench('a')], { gpuNs: device(1000, 6e6) });
    expect(result.metrics[0]?.params['opsPerRegion']).toBeGreaterThan(6000);
    expect(result.metrics[0]?.median).toBeGreaterThan(4096e6 / 2);
  });

  it('makes regions 50 steps of a coarse clock long', async () => {
    const { result } = await measure([bench('a')], { gpuNs: device(1000, 0), stepNs: 1_000_000 });
    expect(result.clock.gpuStepNs).toBe(1_000_000);
    expect(result.metrics[0]?.params['regionMs']).toBeGreaterThanOrEqual(50);
  });

  it('uses wall time, and all of it, where there are no timestamps', async () => {
    const { result } = await measure([bench('a', { maxOps: 5000 })], {
      gpuNs: device(1000, 0),
      overheadNs: 5e6,
      timestamps: false,
    });
    expect(result.metrics[0]).toMatchObject({ source: 'wall', median: 4096e6 / 2 });
    expect(result.clock.gpuStepNs).toBeNull();
  });

  it('says when a region cannot be made long enough', async () => {
    const { result } = await measure([bench('a', { maxOps: 10 })], { gpuNs: device(1000, 0) });
    expect(result.metrics[0]?.warnings.map(({ code }) => code)).toEqual(['too-small-to-measure']);
  });

  it('leaves impossible timestamps out and counts them', async () => {
    let timed = 0;
    const drops = (job: Job): boolean => job.label === 'a' && ++timed % 4 === 0;
    const { result } = await measure([bench('a')], { gpuNs: device(1000, 0), drops });
    const [metric] = result.metrics;
    expect(metric?.n).toBeLessThan(20);
    expect(metric?.warnings.map(({ code }) => code)).toEqual(['few-samples', 'dropped-timestamps']);
    expect(metric?.median).toBe(4096e6);
    // A lost timestamp is no region that took no time: the region is as long as it is without losses.
    const control = await measure([bench('a')], { gpuNs: device(1000, 0) });
    expect(metric?.params['opsPerRegion']).toBe(control.result.metrics[0]?.params['opsPerRegion']);
  });

  it('leaves out what was measured while the page was hidden, and counts it', async () => {
    let hidden = 0;
    const executor = new TimedExecutor(arenaConfig(ARENA), { gpuNs: device(1000, 0) });
    const submit = executor.submit.bind(executor);
    let jobs = 0;
    executor.submit = (job): void => {
      if (job.label === 'a' && ++jobs % 5 === 0) hidden++;
      submit(job);
    };
    const hooks = { now: executor.now, cancelled: () => false, progress: () => {}, disturbances: () => hidden };
    const [metric] = (await runBench(executor, [bench('a')], OPTIONS, hooks)).metrics;
    expect(metric?.n).toBeLessThan(20);
    expect(metric?.warnings.map(({ code }) => code)).toEqual(['few-samples', 'hidden-tab']);
  });

  it('says of the case, and of no other, that its mapped uploads went another way', async () => {
    const executor = new TimedExecutor(arenaConfig(ARENA), { gpuNs: device(1000, 0) });
    const submit = executor.submit.bind(executor);
    let fallback = 0;
    executor.submit = (job): void => {
      if (job.label === 'a') fallback += 10;
      submit(job);
    };
    const watched = Object.defineProperty(executor, 'uploadCounts', { get: () => ({ mapped: 0, fallback }) });
    const hooks = { now: executor.now, cancelled: () => false, progress: () => {} };
    const { metrics } = await runBench(watched, [bench('a'), bench('b')], OPTIONS, hooks);
    const said = metrics.map(({ warnings }) => warnings.map(({ code, message }) => `${code}: ${message}`));
    expect(said).toEqual([['uploads-fell-back: 200 words went by writeBuffer'], []]);
  });

  it('has no figure when no sample was valid, and names the case', async () => {
    let hidden = 0;
    const executor = new TimedExecutor(arenaConfig(ARENA), { gpuNs: device(1000, 0) });
    const hooks = { now: executor.now, cancelled: () => false, progress: () => {}, disturbances: () => hidden++ };
    const result = await runBench(executor, [bench('a')], OPTIONS, hooks);
    expect(result.metrics).toEqual([]);
    const said = benchWarnings(result, executor.info, ARENA).find(({ code }) => code === 'no-valid-samples');
    expect(said?.message).toBe('no figure of a');
  });

  it('times jobs of which several are under way by the wall clock', async () => {
    const shape = { measure: 'throughput', maxOps: 4096 } as const;
    const { result, executor } = await measure([bench('a', shape)], { gpuNs: () => 1000, overheadNs: 399_000 });
    expect(result.metrics[0]).toMatchObject({ source: 'wall', median: 4096 / 400e-6 });
    expect(executor.jobs.at(-1)).toMatchObject({ timed: false });
  });

  it('times each round trip of a latency case by the wall clock', async () => {
    const { result } = await measure([bench('a', { measure: 'latency' })], { gpuNs: () => 1000, overheadNs: 399_000 });
    expect(result.metrics[0]).toMatchObject({ source: 'wall', median: 400_000 });
  });

  it('notices drift', async () => {
    let jobs = 0;
    const slowing = (job: Job): number => device(1000, 0)(job) * (1 + (job.label === 'a' ? ++jobs : 0) / 20);
    const { result } = await measure([bench('a')], { gpuNs: slowing });
    expect(result.metrics[0]?.warnings.map(({ code }) => code)).toContain('drift');
  });
});

describe('cases of one group', () => {
  const pair = [bench('ours', { peer: 'peer', pages: 2 }), bench('peer')];

  it('take turns in an order that the seed decides', async () => {
    const order = async (seed: number): Promise<string> => {
      const { executor } = await measure(pair, { gpuNs: device(1000, 0) }, { seed });
      return executor.jobs
        .slice(-40)
        .map((job) => job.label[0])
        .join('');
    };
    const first = await order(1);
    expect(await order(1)).toBe(first);
    expect(await order(2)).not.toBe(first);
    expect(first).toMatch(/^(op|po){20}$/);
    expect(first).toContain('op');
    expect(first).toContain('po');
  });

  it('have the ratio of their pairs', async () => {
    const slower = (job: Job): number => device(1000, 0)(job) * (job.label === 'peer' ? 2 : 1);
    const { result } = await measure(pair, { gpuNs: slower });
    expect(result.metrics[0]?.peerRatio).toEqual({ median: 2, low: 2, high: 2, pairs: 20 });
    expect(result.metrics[1]?.peerRatio).toBeNull();
  });

  it('have the ratio to their limit too, and none to a figure in another unit', async () => {
    const slower = (job: Job): number => device(1000, 0)(job) * (job.label === 'limit' ? 1 : 4);
    const cases = [bench('ours', { limit: 'limit' }), bench('limit')];
    const { result } = await measure(cases, { gpuNs: slower });
    expect(result.metrics[0]?.limitRatio).toEqual({ median: 0.25, low: 0.25, high: 0.25, pairs: 20 });
    const apart = await measure([cases[0] as BenchCase, { ...(cases[1] as BenchCase), unit: 'x/s' }], {
      gpuNs: slower,
    });
    expect(apart.result.metrics[0]?.limitRatio).toBeNull();
  });

  it('say which of them nobody chose', async () => {
    const { result } = await measure(pair, { gpuNs: device(1000, 0) }, { added: new Set(['peer']) });
    expect(result.metrics.map(({ params }) => params['added'])).toEqual([undefined, true]);
  });

  it('share the time by how many they are', async () => {
    // Three cases of one group and one of another: three quarters of the time belong to the first.
    const group = ['a', 'b', 'c'].map((id) => bench(id, { maxOps: 5000 }));
    const cases = [...group, bench('alone', { group: 'h', maxOps: 5000 })];
    const free = await measure(cases, { gpuNs: device(1000, 0) }, { sampling: { ...OPTIONS.sampling, samples: 100 } });
    const { result } = await measure(
      cases,
      { gpuNs: device(1000, 0) },
      { sampling: { ...OPTIONS.sampling, samples: 100 }, budgetMs: 0.5 * free.executor.now() },
    );
    const [a, , , alone] = result.metrics.map(({ n }) => n);
    expect(a).toBeGreaterThan(20);
    expect(Math.abs((a as number) - (alone as number))).toBeLessThan(15);
  });

  it('get as many samples as the time allows, and never fewer than five', async () => {
    const { result } = await measure(pair, { gpuNs: device(1000, 0) }, { budgetMs: 0 });
    expect(result.metrics.map(({ n }) => n)).toEqual([5, 5]);
    expect(result.metrics[0]?.warnings.map(({ code }) => code)).toContain('few-samples');
  });
});

describe('verification', () => {
  const checked = (mismatchedPages: number): BenchCase['prepare'] extends never ? never : Partial<PreparedCase> => ({
    check: { commands: [copy(1)], judge: () => ({ pagesChecked: 10, mismatchedPages }) },
  });

  it('adds up what the cases say, and names those that are wrong', async () => {
    const { result, executor } = await measure([bench('a', checked(0)), bench('b', checked(3))], {
      gpuNs: device(1000, 0),
    });
    expect(result.verification).toEqual({ pagesChecked: 20, mismatchedPages: 3 });
    const codes = benchWarnings(result, executor.info, ARENA).map(({ code, message }) => `${code}: ${message}`);
    expect(codes).toContain('verification-failed: wrong bytes: b: 3 of 10 pages');
  });

  it('that did not happen is a warning', async () => {
    const { result, executor } = await measure([bench('a')], { gpuNs: device(1000, 0) });
    expect(benchWarnings(result, executor.info, ARENA).map(({ code }) => code)).toContain('unverified');
  });
});

describe('a run that ends early', () => {
  it('keeps what was measured when it is cancelled', async () => {
    const executor = new TimedExecutor(arenaConfig(ARENA), { gpuNs: device(1000, 0) });
    const cancelled = (): boolean => executor.jobs.some((job) => job.label === 'b') && executor.jobs.length % 7 === 0;
    const hooks = { now: executor.now, cancelled, progress: () => {} };
    const result = await runBench(executor, [bench('a'), bench('b', { group: 'h' })], OPTIONS, hooks);
    expect(result.partial).toBe(true);
    expect(result.metrics[0]).toMatchObject({ id: 'a', n: 20 });
    expect(benchWarnings(result, executor.info, ARENA).map(({ code }) => code)).toContain('partial');
  });

  it('rejects when the device is lost', async () => {
    const executor = new TimedExecutor(arenaConfig(ARENA), { gpuNs: device(1000, 0) });
    executor.settled = () => Promise.reject(new DeviceLostError('gone'));
    const hooks = { now: executor.now, cancelled: () => false, progress: () => {} };
    await expect(runBench(executor, [bench('a')], OPTIONS, hooks)).rejects.toThrow('gone');
  });
});

describe('a run with an end', () => {
  // Work for the clocks and for fitting goes on in simulated time too: the end is set from a run without one.
  const timed: TimedOptions = { gpuNs: device(1000, 0) };
  const whole = async (): Promise<number> => (await measure([bench('a')], timed)).executor.now();

  it('that is far away changes nothing', async () => {
    const free = await measure([bench('a'), bench('b')], timed);
    const { result } = await measure([bench('a'), bench('b')], timed, { endMs: 1e12 });
    expect(result).toEqual(free.result);
    expect(result.leftOut).toEqual([]);
  });

  it('marks cases that were cut short, and names those for which there was no time', async () => {
    const { result } = await measure([bench('a'), bench('b', { group: 'h' })], timed, { endMs: (await whole()) - 20 });
    const [metric] = result.metrics;
    expect(metric?.id).toBe('a');
    expect(metric?.n).toBeGreaterThanOrEqual(5);
    expect(metric?.n).toBeLessThan(20);
    expect(metric?.warnings.map(({ code }) => code)).toEqual(['few-samples', 'out-of-time']);
    expect(result).toMatchObject({ partial: false, leftOut: ['b'] });
  });

  it('too near leaves everything out, and says so', async () => {
    const { result, executor } = await measure([bench('a')], timed, { endMs: 0 });
    expect(result).toMatchObject({ metrics: [], leftOut: ['a'], partial: false });
    const said = benchWarnings(result, executor.info, ARENA).find(({ code }) => code === 'out-of-time');
    expect(said?.message).toBe('no time for, and left out: a');
  });

  it('never keeps a case below its least samples', async () => {
    const all = await whole();
    for (let back = 0; back <= all; back += all / 40) {
      const { result } = await measure([bench('a')], timed, { endMs: back });
      expect(
        result.metrics.every(({ n }) => n >= 5),
        `end ${back}`,
      ).toBe(true);
      expect(result.metrics.length + result.leftOut.length, `end ${back}`).toBe(1);
    }
  });
});

describe('the step of a clock', () => {
  it('is the common divisor of durations', () => {
    expect(commonStep([65536 * 3, 65536 * 5, 0, 65536 * 4])).toBe(65536);
    expect(commonStep([100, 37])).toBe(1);
    expect(commonStep([])).toBe(0);
  });

  it('of the wall is its smallest difference', () => {
    let reading = 0;
    expect(wallStep(() => Math.floor(reading++ / 3) * 0.1)).toBe(100_000);
    expect(wallStep(() => 5)).toBeNull();
  });
});
