// Several cases against themselves: each on its own memory, each with its share, and what was done when somebody stops.
import { describe, expect, it } from 'vitest';
import { createTwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import type { BenchHost } from '../../../src/lab/bench/bench-host.ts';
import { composeReport } from '../../../src/lab/bench/compose-report.ts';
import { measureAa } from '../../../src/lab/bench/measure-aa.ts';
import type { BenchCase } from '../../../src/lab/measure/bench-case.ts';
import { browserHost } from '../../../src/lab/measure/environment.ts';
import { parseReport } from '../../../src/lab/measure/report.ts';

const CHOICES = {
  sampling: { samples: 5, minSamples: 5, regionMs: 0, warmRegions: 1, warmMs: 0 },
  seed: 3,
  quick: true,
  repeat: 1,
  budgetMs: null,
};

function bench(id: string): BenchCase {
  return {
    id,
    about: id,
    unit: 'x/s',
    measure: 'rate',
    convention: 'fills',
    peer: null,
    limit: null,
    tier: 'core',
    group: id,
    prepare: (arena) => ({
      setup: [],
      maxOps: 1,
      amountPerOp: 1,
      region: () => ({ before: [], timed: [arena.poison(1, 0, 1)] }),
      check: { commands: [], judge: () => ({ pagesChecked: 2, mismatchedPages: 0 }) },
      params: {},
    }),
  };
}

/** Cancels when `stop` says so, asked with the number of memories opened so far. */
function hostOf(stop: (opened: number) => boolean): BenchHost & { opened: number } {
  let now = 0;
  const host: BenchHost & { opened: number } = {
    adapter: 'twin',
    fallback: null,
    facts: browserHost({ userAgent: 'test', hardwareConcurrency: 1 }),
    opened: 0,
    open: (config) => {
      host.opened++;
      return Promise.resolve(createTwinExecutor(config));
    },
    // A clock of its own: what is timed does not matter here.
    now: () => (now += 1 + (now % 3)),
    cancelled: () => stop(host.opened),
    running: () => {},
    progress: () => {},
    note: () => {},
  };
  return host;
}

const CASES = ['a', 'b', 'c'].map(bench);

describe('cases against themselves', () => {
  it('each have their own share, and a report names them all', async () => {
    const host = hostOf(() => false);
    const results = await measureAa(host, CASES, 4, CHOICES);
    expect(results.aa.map((one) => [one.case, one.trials, one.samplesPerSide])).toEqual([
      ['a', 4, 5],
      ['b', 4, 5],
      ['c', 4, 5],
    ]);
    expect(host.opened).toBe(3);
    expect(results.result.metrics.map(({ id, n }) => [id, n])).toEqual([
      ['a', 40],
      ['b', 40],
      ['c', 40],
    ]);
    expect(results.result).toMatchObject({ partial: false, verification: { pagesChecked: 6, mismatchedPages: 0 } });
    const surroundings = {
      host,
      selection: { cases: CASES, added: new Set<string>() },
      choices: CHOICES,
      adapter: 'twin',
      command: '',
      createdAt: '2026-11-20T12:00:00.000Z',
    };
    const report = composeReport(results, surroundings);
    expect(report.aa?.case).toBe('a');
    expect(report.aaCases?.map((one) => one.case)).toEqual(['a', 'b', 'c']);
    expect(parseReport(JSON.parse(JSON.stringify(report))).ok).toBe(true);
    // One alone stays where older readers look for it.
    const alone = composeReport({ ...results, aa: results.aa.slice(0, 1) }, surroundings);
    expect([alone.aa?.case, alone.aaCases]).toEqual(['a', undefined]);
  });

  it('keep what was done when somebody stops', async () => {
    const host = hostOf((opened) => opened >= 2);
    const { aa, result } = await measureAa(host, CASES, 4, CHOICES);
    expect(aa.map((one) => one.case)).toEqual(['a']);
    expect(result.partial).toBe(true);
    expect(host.opened).toBe(2);
  });
});
