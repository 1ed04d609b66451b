import { describe, expect, it } from 'vitest';
import { mergePasses } from '../../../src/lab/measure/merge-passes.ts';
import type { Metric } from '../../../src/lab/measure/report.ts';
import { warning } from '../../../src/lab/measure/warnings.ts';
import { figure } from './some-report.ts';

const merge = (...passes: Metric[][]): Metric[] => mergePasses(passes);

describe('passes', () => {
  it('are joined in their order, with statistics of all samples', () => {
    const [x, y] = merge(
      [figure('x', 'ns', [5, 1], { params: { faults: 2 } }), figure('y', 'ns', [7])],
      [figure('y', 'ns', [8]), figure('x', 'ns', [3])],
    );
    expect(x).toMatchObject({ id: 'x', samples: [5, 1, 3], n: 3, median: 3, min: 1, params: { faults: 2, passes: 2 } });
    expect(x?.passSizes).toEqual([2, 1]);
    expect(y).toMatchObject({ id: 'y', samples: [7, 8] });
  });

  it('one alone stays as it is', () => {
    const alone = [figure('x', 'ns', [5, 1])];
    expect(merge(alone)).toEqual(alone);
    expect(merge()).toEqual([]);
  });

  it('keep a case that only a later one has', () => {
    const merged = merge([figure('x', 'ns', [1])], [figure('z', 'ns', [2])]);
    expect(merged.map(({ id, warnings }) => [id, warnings[0]?.code, warnings[0]?.message])).toEqual([
      ['x', 'passes-differ', '1 of 2 passes'],
      ['z', 'passes-differ', '1 of 2 passes'],
    ]);
  });

  it('pair a case with its peer within each pass', () => {
    const lost = [warning('dropped-timestamps', '1 samples')];
    const pass = (ours: number[], peer: number[], parts: Partial<Metric> = {}): Metric[] => [
      figure('x', 'B/s', ours, { peer: 'p', ...parts }),
      figure('p', 'B/s', peer),
    ];
    expect(merge(pass([2, 4], [1, 2]), pass([6], [3]))[0]?.peerRatio).toEqual({ median: 2, low: 2, high: 2, pairs: 3 });
    // Nobody knows which rounds are missing.
    const [x] = merge(pass([2, 4], [1, 2]), pass([6], [3], { warnings: lost }), pass([1], [1, 1]));
    expect(x?.peerRatio?.pairs).toBe(2);
    expect(merge([figure('x', 'B/s', [1])], [figure('x', 'B/s', [1])])[0]?.peerRatio).toBeNull();
  });

  it('pair a case with its limit within each pass', () => {
    const pass = (ours: number[], bound: number[], unit = 'B/s'): Metric[] => [
      figure('x', 'B/s', ours, { limit: 'l' }),
      figure('l', unit, bound),
    ];
    expect(merge(pass([2, 4], [4, 8]), pass([6], [12]))[0]?.limitRatio).toMatchObject({ median: 0.5, pairs: 3 });
    // Figures of different units have no ratio.
    expect(merge(pass([2, 4], [4, 8], 'ns'), pass([6], [12], 'ns'))[0]?.limitRatio).toBeNull();
  });

  it('on another clock are left out, and that is said', () => {
    const [x] = merge([figure('x', 'ns', [1])], [figure('x', 'ns', [9], { source: 'wall' })], [figure('x', 'ns', [3])]);
    expect(x).toMatchObject({ source: 'gpu', samples: [1, 3] });
    expect(x?.warnings.map(({ code }) => code)).toEqual(['passes-differ']);
  });

  it('say once what several of them doubt', () => {
    const doubt = (message: string): Partial<Metric> => ({ warnings: [warning('drift', message)] });
    const [x] = merge([figure('x', 'ns', [1], doubt('a'))], [figure('x', 'ns', [1], doubt('b'))]);
    expect(x?.warnings.map(({ message }) => message)).toEqual(['a (in 2 of 2 passes)']);
  });
});
