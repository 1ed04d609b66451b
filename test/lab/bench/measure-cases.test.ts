// Measuring without a command line: passes, budgets, added cases and disturbances, on a host that a test controls.
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../bench/cases/catalogue.ts';
import { createTwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import type { BenchHost } from '../../../src/lab/bench/bench-host.ts';
import type { Choices } from '../../../src/lab/bench/choices.ts';
import { BenchFailure, type AnyCase, type ExperimentResult } from '../../../src/lab/bench/experiment.ts';
import { measureCases } from '../../../src/lab/bench/measure-cases.ts';
import { openArena } from '../../../src/lab/bench/open-arena.ts';
import { GpuUnavailable } from '../../../src/engine/gpu/unavailable.ts';
import { QUICK_SAMPLES } from '../../../src/lab/measure/bench-runner.ts';
import { browserHost } from '../../../src/lab/measure/environment.ts';
import { TimedExecutor } from '../../support/timed-executor.ts';
import { figure } from '../measure/some-report.ts';

const CHOICES: Choices = {
  sampling: { ...QUICK_SAMPLES, samples: 5 },
  seed: 1,
  quick: true,
  repeat: 1,
  budgetMs: null,
};

function host(parts: Partial<BenchHost> = {}): BenchHost {
  return {
    adapter: 'twin',
    fallback: null,
    facts: browserHost({ userAgent: 'test', hardwareConcurrency: 1 }),
    open: (config) => Promise.resolve(createTwinExecutor(config)),
    now: () => performance.now(),
    cancelled: () => false,
    running: () => {},
    progress: () => {},
    note: () => {},
    ...parts,
  };
}

/** One case whose experiment is `measure`. */
function experiment(id: string, measure: () => void = () => {}): AnyCase {
  const result: ExperimentResult = {
    metrics: [figure(id, 'ns', [1, 2, 3, 4, 5], { source: 'wall' })],
    verification: { pagesChecked: 2, mismatchedPages: 0 },
    wrong: [],
    leftOut: [],
    counters: { x_bench_test: 1 },
  };
  const run = (): Promise<ExperimentResult> => {
    measure();
    return Promise.resolve(result);
  };
  const rest = { unit: 'ns', convention: '', peer: null, limit: null, tier: 'core' as const };
  return { id, about: id, ...rest, experiment: { name: id, measure: run } };
}

const COPY = CATALOGUE.filter(({ id }) => id === 'copy.up.2M.physical');
const chosen = (...cases: AnyCase[]) => ({ cases, added: new Set<string>() });

describe('measuring cases', () => {
  it('joins jobs and experiments, and passes of both', async () => {
    const selection = chosen(...COPY, experiment('test.one'), experiment('test.two'));
    const { result } = await measureCases(host(), selection, { ...CHOICES, repeat: 2 });
    expect(result.metrics.map(({ id, n }) => [id, n])).toEqual([
      ['copy.up.2M.physical', 10],
      ['test.one', 10],
      ['test.two', 10],
    ]);
    expect(result.counters).toMatchObject({ x_bench_test: 4, x_bench_cases: 1 });
    expect(result.verification?.mismatchedPages).toBe(0);
    expect(result.partial).toBe(false);
  });

  it('marks what nobody chose, of either kind', async () => {
    const selection = { cases: [...COPY, experiment('test.one')], added: new Set(['copy.up.2M.physical', 'test.one']) };
    const { result } = await measureCases(host(), selection, CHOICES);
    expect(result.metrics.map(({ params }) => params['added'])).toEqual([true, true]);
    const control = await measureCases(host(), chosen(...selection.cases), CHOICES);
    expect(control.result.metrics.map(({ params }) => params['added'])).toEqual([undefined, undefined]);
  });

  it('leaves experiments out when the time is up, and begins none after a cancel', async () => {
    let begun = 0;
    const one = experiment('test.one', () => begun++);
    const late = await measureCases(host(), chosen(one), { ...CHOICES, budgetMs: 1e-9 });
    expect(late.result.leftOut).toEqual(['test.one']);
    const stopped = await measureCases(host({ cancelled: () => true }), chosen(one), CHOICES);
    expect(stopped.result).toMatchObject({ partial: true, metrics: [] });
    expect(begun).toBe(0);
    await measureCases(host(), chosen(one), CHOICES);
    expect(begun).toBe(1);
  });
});

describe('jobs that had to wait', () => {
  /** A device with times of its own; the page is hidden before the round `at`. */
  async function measured(at: number): Promise<{ jobs: number; samples: number | undefined }> {
    let executor: TimedExecutor | null = null;
    let rounds = 0;
    const timed = host({
      open: (config) => Promise.resolve((executor = new TimedExecutor(config, { gpuNs: () => 6e6 }))),
      now: () => executor?.now() ?? 0,
      quiet: () => Promise.resolve(++rounds === at),
    });
    const { result } = await measureCases(timed, chosen(...COPY), CHOICES);
    return { jobs: result.counters['x_bench_jobs'] ?? 0, samples: result.metrics[0]?.n };
  }

  it('are warmed up anew', async () => {
    const [never, once] = [await measured(0), await measured(3)];
    expect(never.samples).toBe(5);
    expect(once).toEqual({ jobs: never.jobs + CHOICES.sampling.warmRegions, samples: 5 });
  });
});

describe('a disturbed experiment', () => {
  /** A page that is hidden during the first `times` measurements. */
  async function measured(times: number): Promise<{ begun: number; codes: string[] }> {
    let [begun, disturbances] = [0, 0];
    const one = experiment('test.one', () => {
      if (begun++ < times) disturbances++;
    });
    const { result } = await measureCases(host({ disturbances: () => disturbances }), chosen(one), CHOICES);
    return { begun, codes: result.metrics.flatMap(({ warnings }) => warnings.map(({ code }) => code)) };
  }

  it('is measured again', async () => {
    expect(await measured(0)).toEqual({ begun: 1, codes: [] });
    expect(await measured(2)).toEqual({ begun: 3, codes: [] });
  });

  it('is marked when it will not come to rest', async () => {
    expect(await measured(9)).toEqual({ begun: 3, codes: ['hidden-tab'] });
  });
});

describe('the arena', () => {
  const short = (most: number): Partial<BenchHost> => ({
    open: (config) => {
      const pages = Math.max(...config.spaces.map((space) => space.pages));
      return Promise.resolve(pages > most ? new GpuUnavailable('limits', 'too large') : createTwinExecutor(config));
    },
  });

  it('is stepped down until it fits, and says so', async () => {
    const { size, stepped, executor } = await openArena(host(short(3000)), true);
    executor.destroy();
    expect(size.dataPages).toBeLessThan(3000);
    expect(stepped.map(({ code }) => code)).toEqual(['vram-stepped-down']);
    const control = await openArena(host(), true);
    expect(control.stepped).toEqual([]);
  });

  it('fails by name where there is too little', async () => {
    const failure = openArena(host(short(100)), true);
    await expect(failure).rejects.toBeInstanceOf(BenchFailure);
    await expect(failure).rejects.toMatchObject({ reason: 'no-memory', message: 'too large' });
  });
});
