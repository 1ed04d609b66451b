// A replay on a real adapter and on the twin: equal counters, equal event hash, every page equal to the oracle.
import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { openTrace } from '../../../src/lab/trace/open.ts';
import { gpuIt, openExecutor } from '../../support/dawn.ts';
import { runOn, runOnTwin, scenarioOf } from '../../support/run-scenario.ts';

describe('gpu and twin tell the same story', () => {
  const workload = { footprintBytes: 4 << 20, batch: 256 };
  gpuIt.each([
    ['sweep', { workload }],
    ['random, physical', { workload: { ...workload, name: 'random' }, engine: { copyMode: 'physical' } }],
    ['ping-pong, atomic', { workload: { ...workload, name: 'ping-pong', atomicPercent: 50 } }],
  ])('%s', { timeout: 300_000 }, async (_name, groups) => {
    const scenario = scenarioOf({ ...groups, run: { maxSteps: 6 } });
    const onGpu = await runOn(scenario, openExecutor);
    const onTwin = await runOnTwin(scenario);
    expect(onGpu.outcome).toMatchObject({ end: 'done', wrongLoads: 0, verification: { mismatchedPages: 0 } });
    expect(onGpu.run.eventHash).toBe(onTwin.run.eventHash);
    expect(onGpu.run.counters()).toEqual(onTwin.run.counters());
  });
});

describe('the lackey fixture', () => {
  gpuIt.each(['25%', '50%', '100%', '200%'])('VRAM %s', { timeout: 600_000 }, async (vram) => {
    const file = new URL('../../fixtures/sort-paths.lackey.gz', import.meta.url);
    const trace = await openTrace('sort-paths.lackey.gz', readFileSync(file));
    const scenario = scenarioOf({ machine: { vram }, workload: { name: 'trace', batch: 4096 } });
    const { outcome, prepared } = await runOn(scenario, openExecutor, trace);
    expect(prepared.workload.touchedPages).toBeGreaterThanOrEqual(4096);
    expect(outcome).toMatchObject({ end: 'done', failure: null, wrongLoads: 0 });
    expect(outcome.verification).toMatchObject({ pagesChecked: prepared.sizes.vmaPages, mismatchedPages: 0 });
  });
});
