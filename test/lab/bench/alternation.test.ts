// Runs in turns: sides swap, runs are joined as passes, and the comparison rests on runs, not on their samples.
import { describe, expect, it } from 'vitest';
import { alternation, turnsOf } from '../../../src/lab/bench/alternation.ts';
import type { Report } from '../../../src/lab/measure/report.ts';
import { figure, someReport } from '../measure/some-report.ts';

/** A run whose samples lie closely around `rate`. */
function run(rate: number, runtime: 'node' | 'browser', mismatchedPages = 0): Report {
  const made = someReport({
    metrics: [figure('copy', 'B/s', [rate, rate + 1, rate + 2])],
    info: { name: runtime === 'node' ? 'Adapter, driver 5' : 'adapter' },
    change: { verification: { pagesChecked: 8, mismatchedPages } },
  });
  const { environment } = made;
  return { ...made, environment: { ...environment, host: { ...environment.host, runtime } } };
}

const NODE = [1000, 1100, 1200, 1300, 1400].map((rate) => run(rate, 'node'));

describe('runs in turns', () => {
  it('swap sides from pair to pair', () => {
    expect(turnsOf(3)).toEqual(['b', 'a', 'a', 'b', 'b', 'a']);
  });

  it('are compared by runs: the ratio of their medians, with an interval', () => {
    const browser = [2002, 2202, 2402, 2602, 2802].map((rate) => run(rate - 1, 'browser'));
    const { comparison, a, b, runs, partial } = alternation(NODE, browser, false);
    expect({ runs, partial }).toEqual({ runs: 5, partial: false });
    const [copy] = comparison.metrics;
    expect(copy).toMatchObject({ id: 'copy', basis: 'passes', verdict: 'faster' });
    expect(copy?.ratio?.median).toBe(2402 / 1201);
    expect(copy?.ratio?.low).toBeGreaterThan(1);
    expect(a.metrics[0]?.passSizes).toEqual([3, 3, 3, 3, 3]);
    expect(b.metrics[0]?.n).toBe(15);
    expect(a.verification).toEqual({ pagesChecked: 40, mismatchedPages: 0 });
    // Two programs call one adapter by two names: that alone does not forbid a verdict.
    expect(comparison.warnings.map(({ code }) => code)).toEqual(['setups-differ']);
  });

  it('show no difference where there is none (control)', () => {
    const [copy] = alternation(NODE, NODE.toReversed(), false).comparison.metrics;
    expect(copy).toMatchObject({ verdict: 'no difference shown', ratio: { median: 1 } });
  });

  it('have no verdict on two adapters, or after wrong bytes', () => {
    const other = NODE.map((one) => {
      const { environment } = one;
      const adapter = { ...environment.adapter, architecture: 'another' };
      return {
        ...one,
        environment: { ...environment, adapter, host: { ...environment.host, runtime: 'browser' as const } },
      };
    });
    expect(alternation(NODE, other, false).comparison.metrics[0]?.verdict).toBe('not comparable');
    const wrong = [...NODE.slice(1), run(1000, 'node', 1)];
    expect(alternation(NODE, wrong, false).comparison.metrics[0]?.verdict).toBe('not comparable');
  });
});
