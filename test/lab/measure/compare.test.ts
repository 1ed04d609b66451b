// Comparisons of two reports: verdicts where one is possible, and a typed warning wherever it is not.
import { describe, expect, it } from 'vitest';
import { comparisonTable } from '../../../src/lab/measure/compare-table.ts';
import { compareReports, duplicateId } from '../../../src/lab/measure/compare.ts';
import type { Metric, Report } from '../../../src/lab/measure/report.ts';
import { figure, someReport, type Choice } from './some-report.ts';

const BASE = Array.from({ length: 15 }, (_, i) => 1000 + i);
const by = (factor: number): number[] => BASE.map((value) => value * factor);
const reportOf = (metrics: readonly Metric[], rest: Choice = {}): Report => someReport({ ...rest, metrics });
const codes = (warnings: readonly { code: string }[]): string[] => warnings.map(({ code }) => code);

describe('a comparison', () => {
  const a = reportOf([
    figure('rate', 'B/s', BASE),
    figure('time', 'ns', BASE),
    figure('same', 'ns', BASE),
    figure('old', 'ns', BASE),
  ]);
  const b = reportOf([
    figure('same', 'ns', BASE),
    figure('time', 'ns', by(1.3)),
    figure('rate', 'B/s', by(1.3)),
    figure('new', 'ns', BASE),
  ]);

  it('gives ratio, interval, test and verdict by the unit, in the order of A', () => {
    const { metrics } = compareReports(a, b);
    expect(metrics.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['rate', 'faster'],
      ['time', 'slower'],
      ['same', 'no difference shown'],
    ]);
    const [rate] = metrics;
    expect(rate?.ratio?.median).toBeCloseTo(1.3, 12);
    expect(rate?.ratio?.low).toBeGreaterThan(1.28);
    expect(rate?.ratio?.high).toBeLessThan(1.32);
    expect(rate?.p).toBeLessThan(0.001);
    expect(rate?.worsePercent).toBeCloseTo(-30, 9);
    expect(metrics[2]).toMatchObject({ p: 1, ratio: { median: 1 } });
  });

  it('is the same every time', () => {
    expect(compareReports(a, b)).toEqual(compareReports(a, b));
  });

  it('lists ids that one side lacks', () => {
    expect(compareReports(a, b)).toMatchObject({ onlyInA: ['old'], onlyInB: ['new'] });
  });

  it('calls a regression what is slower by the test and beyond the threshold, and nothing else', () => {
    expect(compareReports(a, b).regressions).toEqual([]);
    expect(compareReports(a, b, 29).regressions).toEqual(['time']);
    expect(compareReports(a, b, 31).regressions).toEqual([]);
    expect(compareReports(b, a, 20).regressions).toEqual(['rate']);
    // A rate of 1 / 1.3 is 23 % lower.
    expect(compareReports(b, a, 24).regressions).toEqual([]);
    // Far apart, but so scattered that nothing is shown: within the noise.
    const wild = [1000, 9000, 1100, 8000, 1200, 7000];
    const wilder = wild.map((value, i) => value * (i % 2 === 0 ? 1.6 : 1.1));
    expect(compareReports(reportOf([figure('x', 'ns', wild)]), reportOf([figure('x', 'ns', wilder)]), 1)).toMatchObject(
      {
        regressions: [],
        metrics: [{ verdict: 'no difference shown' }],
      },
    );
  });

  it('survives JSON', () => {
    const comparison = compareReports(a, b, 5);
    expect(JSON.parse(JSON.stringify(comparison))).toEqual(comparison);
    expect(comparison).toMatchObject({ schema: 'pageferry-comparison', schemaVersion: 1, threshold: 5 });
  });
});

describe('reports of several passes', () => {
  /** Six passes of five samples: within a pass nearly equal, from pass to pass not. */
  const passes = (levels: readonly number[], passSizes?: number[]): Metric =>
    figure(
      'x',
      'ns',
      levels.flatMap((level) => [level, level + 1, level + 2, level + 1, level]),
      {
        passSizes: passSizes ?? levels.map(() => 5),
      },
    );
  const a = passes([1000, 1200, 1050, 1300, 1100, 1150]);
  const b = passes([1100, 1350, 1060, 1250, 1160, 1120]);
  const compared = (one: Metric, other: Metric): unknown =>
    compareReports(reportOf([one]), reportOf([other])).metrics[0];

  it('are judged by their passes, which differ more than their samples say', () => {
    expect(compared(a, b)).toMatchObject({ basis: 'passes', verdict: 'no difference shown', a: { n: 30 } });
    const twice = passes([2000, 2400, 2100, 2600, 2200, 2300]);
    expect(compared(a, twice)).toMatchObject({ basis: 'passes', verdict: 'slower' });
  });

  it('are judged by their samples where passes are few, missing or make no sense', () => {
    const few = (metric: Metric): Metric => ({ ...metric, passSizes: [15, 15] });
    const lying = (metric: Metric): Metric => ({ ...metric, passSizes: [1, 1, 1, 1, 1] });
    for (const change of [few, lying]) expect(compared(change(a), change(b))).toMatchObject({ basis: 'samples' });
    expect(compared(a, figure('x', 'ns', BASE))).toMatchObject({ basis: 'samples' });
  });

  it('say nothing of single passes in their table', () => {
    expect(comparisonTable(compareReports(reportOf([a]), reportOf([b])))).not.toContain('single passes');
  });
});

describe('what is never compared in silence', () => {
  const one = [figure('x', 'ns', BASE)];
  const slow = [figure('x', 'ns', by(2))];
  const wrong = { verification: { pagesChecked: 10, mismatchedPages: 1 } };

  it.each<[string, Choice, boolean]>([
    ['adapters-differ', { info: { name: 'another' } }, true],
    ['software-and-hardware', { info: { software: true } }, true],
    ['software-and-hardware', { info: { kind: 'twin' } }, true],
    ['modes-differ', { run: { copyMode: 'physical' } }, true],
    ['modes-differ', { run: { clock: 'model' } }, true],
    ['modes-differ', { run: { systemPages: 'host' } }, true],
    ['modes-differ', { run: { wait: 'pipelined' } }, true],
    ['modes-differ', { run: { kind: 'replay' } }, true],
    ['verification-failed', { change: wrong }, true],
    ['setups-differ', { info: { driver: '2.0' } }, false],
    ['setups-differ', { change: { scenario: { quick: false } } }, false],
    ['partial', { change: { partial: true } }, false],
  ])('%s: %j', (code, choice, blocks) => {
    const comparison = compareReports(reportOf(one), reportOf(slow, choice), 5);
    expect(codes(comparison.warnings)).toContain(code);
    const [metric] = comparison.metrics;
    expect(metric?.verdict).toBe(blocks ? 'not comparable' : 'slower');
    expect(metric?.regression).toBe(!blocks);
    // The ratio is a fact all the same.
    expect(metric?.ratio?.median).toBe(2);
  });

  it.each<[string, Metric]>([
    ['clocks-differ', figure('x', 'ns', BASE, { source: 'wall' })],
    ['units-differ', figure('x', 'us', BASE)],
    ['few-to-compare', figure('x', 'ns', [1, 2, 3, 4])],
    ['few-to-compare', figure('x', 'ns', BASE, { samples: [] })],
    ['no-ratio', figure('x', 'ns', [0, ...BASE])],
  ])('%s at one figure', (code, metric) => {
    const [compared] = compareReports(reportOf(one), reportOf([metric]), 5).metrics;
    expect(compared).toMatchObject({ verdict: 'not comparable', p: null, regression: false });
    expect(codes(compared?.warnings ?? [])).toContain(code);
  });

  it('a unit of which nobody knows the better side', () => {
    const pages = [figure('x', 'pages', BASE)];
    const [compared] = compareReports(reportOf(pages), reportOf(pages)).metrics;
    expect(compared).toMatchObject({ verdict: 'not comparable', ratio: { median: 1 } });
    expect(codes(compared?.warnings ?? [])).toEqual(['unknown-unit']);
  });

  it('a case that was set up differently; how it was sampled does not count', () => {
    const set = (params: Metric['params']): Report => reportOf([figure('x', 'ns', BASE, { params })]);
    const [compared] = compareReports(set({ faults: 1 }), set({ faults: 2, opsPerRegion: 9 })).metrics;
    expect(compared?.warnings).toMatchObject([{ code: 'parameters-differ', message: 'faults 1 and 2' }]);
    expect(compareReports(set({ regionMs: 5 }), set({ regionMs: 6 })).metrics[0]?.warnings).toEqual([]);
  });

  it('on software, a processor is part of the adapter', () => {
    const on = (cpu: string): Report => {
      const made = reportOf(one, { info: { software: true } });
      return { ...made, environment: { ...made.environment, host: { ...made.environment.host, cpu } } };
    };
    expect(codes(compareReports(on('p'), on('q')).warnings)).toEqual(['adapters-differ']);
    expect(codes(compareReports(on('p'), on('p')).warnings)).toEqual([]);
  });

  it('reports alike have no warning (control)', () => {
    const { warnings, metrics } = compareReports(reportOf(one), reportOf(one));
    expect(warnings).toEqual([]);
    expect(metrics[0]?.warnings).toEqual([]);
  });
});

describe('the table of a comparison', () => {
  it('shows all of it in lines that align', () => {
    const a = reportOf([figure('copy', 'B/s', by(2 ** 20)), figure('trip', 'ns', BASE), figure('gone', 'ns', BASE)]);
    const b = reportOf([figure('copy', 'B/s', by(2 ** 20)), figure('trip', 'ns', by(1.5), { params: { faults: 1 } })]);
    expect(comparisonTable(compareReports(a, b, 10)).split('\n')).toEqual([
      'A: 2026-11-20T12:00:00.000Z, pageferry 0.1.0, Test "GPU" 1',
      'B: 2026-11-20T12:00:00.000Z, pageferry 0.1.0, Test "GPU" 1',
      '',
      'case             A           B   B/A          95 %       p   n  verdict',
      'copy    1007 MiB/s  1007 MiB/s  1.00  0.995 … 1.00   1.000  15  no difference shown',
      'trip *     1.01 µs     1.51 µs  1.50   1.49 … 1.51  <0.001  15  REGRESSION: 50.0 % worse',
      '',
      '2 judged at p < 0.05: without any difference, up to 0.100 of them would claim one',
      '2 judged on samples of single passes: what differs from run to run can look like a difference; --repeat 5 shows it',
      'only in A: gone',
      '* trip: parameters-differ: faults none and 1. The case was set up differently: look at its params in both reports before trusting the ratio.',
      '1 regression beyond 10 % and the noise: trip',
    ]);
  });

  it('says so when there is nothing to compare', () => {
    const table = comparisonTable(compareReports(reportOf([]), reportOf([])));
    expect(table).toContain('(no case is in both reports)');
    expect(table).toContain('no case could be judged');
  });
});

describe('ids', () => {
  it('that come twice are found', () => {
    expect(duplicateId(reportOf([figure('x', 'ns', [1]), figure('x', 'ns', [1])]))).toEqual({ index: 1, id: 'x' });
    expect(duplicateId(someReport())).toBeNull();
  });
});
