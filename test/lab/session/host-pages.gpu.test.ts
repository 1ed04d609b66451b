// Real migration between host and device: the same story as on the twin with device pages, and every page right, whichever
// way the uploads go.
import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { HostPagesExecutor } from '../../../src/engine/host/host-pages-executor.ts';
import type { Executor, ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import { openExecutor, systemPagesOf } from '../../../src/lab/session/open-executor.ts';
import type { Scenario } from '../../../src/lab/session/scenario.ts';
import { openTrace } from '../../../src/lab/trace/open.ts';
import { ADAPTER, gpu, gpuIt } from '../../support/dawn.ts';
import { runOn, runOnTwin, scenarioOf } from '../../support/run-scenario.ts';

function variant(groups: object, systemPages: 'device' | 'host', uploadPath: string): Scenario {
  const { engine, run, ...others } = groups as { engine?: object; run?: object };
  return scenarioOf({
    ...others,
    engine: { copyMode: 'physical', uploadPath, ...engine },
    run: { systemPages, ...run },
  });
}

function open(scenario: Scenario) {
  return async (config: ExecutorConfig): Promise<Executor> => {
    const chosen = { kind: ADAPTER, maxSpacePages: 2 ** 18, segmentPages: 2 ** 18, fallback: null };
    const executor = await openExecutor(gpu, chosen, config, systemPagesOf(scenario));
    expect(executor).toBeInstanceOf(HostPagesExecutor);
    return executor as Executor;
  };
}

describe('host pages on a GPU and device pages on the twin tell the same story', () => {
  const workload = { footprintBytes: 4 << 20, batch: 256 };
  const run = { maxSteps: 6 };
  gpuIt.each([
    ['sweep, queue writes', 'writeBuffer', { workload, run }],
    ['sweep, mapped', 'mapped', { workload, run }],
    ['random, pipelined', 'mapped', { workload: { ...workload, name: 'random' }, engine: { wait: 'pipelined' }, run }],
    ['ping-pong, atomic', 'writeBuffer', { workload: { ...workload, name: 'ping-pong', atomicPercent: 50 }, run }],
  ])('%s', { timeout: 300_000 }, async (_name, uploadPath, groups) => {
    const scenario = variant(groups, 'host', uploadPath);
    const host = await runOn(scenario, open(scenario));
    const device = await runOnTwin(variant(groups, 'device', uploadPath));
    expect(host.outcome).toMatchObject({ end: 'done', wrongLoads: 0, verification: { mismatchedPages: 0 } });
    expect(host.outcome.verification).toEqual(device.outcome.verification);
    expect(host.run.eventHash).toBe(device.run.eventHash);
    expect(host.run.counters()).toEqual(device.run.counters());
  });

  gpuIt('and another seed another (control)', { timeout: 300_000 }, async () => {
    const groups = (seed: number): object => ({ workload: { ...workload, name: 'random' }, run: { ...run, seed } });
    const scenario = variant(groups(1), 'host', 'mapped');
    const host = await runOn(scenario, open(scenario));
    const other = await runOnTwin(variant(groups(2), 'device', 'mapped'));
    expect(host.run.eventHash).not.toBe(other.run.eventHash);
  });
});

describe('the lackey fixture, with a live clock', () => {
  gpuIt.each(['writeBuffer', 'mapped'])('%s', { timeout: 600_000 }, async (uploadPath) => {
    const file = new URL('../../fixtures/sort-paths.lackey.gz', import.meta.url);
    const trace = await openTrace('sort-paths.lackey.gz', readFileSync(file));
    const groups = {
      machine: { vram: '50%' },
      workload: { name: 'trace', batch: 4096 },
      engine: { wait: 'pipelined' },
      run: { clock: 'live', maxSteps: 400 },
    };
    const scenario = variant(groups, 'host', uploadPath);
    const { outcome, prepared } = await runOn(scenario, open(scenario), trace);
    expect(outcome).toMatchObject({ end: 'done', failure: null, wrongLoads: 0 });
    expect(outcome.verification).toMatchObject({ pagesChecked: prepared.sizes.vmaPages, mismatchedPages: 0 });
  });
});
