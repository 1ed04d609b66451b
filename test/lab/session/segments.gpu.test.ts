// Memory of several buffers: the run that the twin makes, every page right, and page tables in the first buffer.
import { describe, expect, test } from 'vitest';
import { MIB } from '../../../src/base/units.ts';
import type { Scenario } from '../../../src/lab/session/scenario.ts';
import { gpuIt, openExecutor } from '../../support/dawn.ts';
import { prepare, runOn, runOnTwin, scenarioOf } from '../../support/run-scenario.ts';

/** 8 MiB of data VRAM and its tables in buffers of 4 MiB; the workload is larger, so that pages go both ways. */
function split(workload: string, copyMode: string, maxSteps: number, segmentBytes: number | null = 4 * MIB): Scenario {
  return scenarioOf({
    machine: { vram: '8M' },
    workload: { name: workload, footprintBytes: 12 * MIB, batch: 512 },
    engine: { copyMode, segmentBytes },
    run: { maxSteps },
  });
}

describe('a run over segments', () => {
  gpuIt.each([
    ['sweep', 'translated', 16],
    ['random', 'physical', 2],
  ] as const)('%s, %s', { timeout: 300_000 }, async (workload, copyMode, maxSteps) => {
    const scenario = split(workload, copyMode, maxSteps);
    const segments = await runOn(scenario, (config) => {
      expect(config.segmentPages).toBe(1024);
      expect(Math.min(...config.spaces.map(({ pages }) => pages))).toBeGreaterThan(2048);
      return openExecutor(config);
    });
    const twin = await runOnTwin(scenario);
    expect(segments.outcome).toMatchObject({ end: 'done', wrongLoads: 0, verification: { mismatchedPages: 0 } });
    expect(segments.run.counters()['x_event_evict']).toBeGreaterThan(0);
    expect(segments.run.eventHash).toBe(twin.run.eventHash);
    expect(segments.run.counters()).toEqual(twin.run.counters());
  });
});

test('the largest segment holds such a machine whole (control)', () => {
  const { sizes } = prepare(split('sweep', 'physical', 1, null));
  expect(sizes.dataPages + sizes.reservePages).toBeLessThan(sizes.segmentPages);
});
