// Sizes of a run: percentages to the page, what the user gave exactly, and addresses that the device can mirror.
import { describe, expect, it } from 'vitest';
import { createTwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import { executorConfig } from '../../../src/lab/session/machine.ts';
import { TWIN } from '../../../src/lab/session/open-executor.ts';
import { prepareRun } from '../../../src/lab/session/prepare.ts';
import { Run } from '../../../src/lab/session/run.ts';
import { sizesOf } from '../../../src/lab/session/sizing.ts';
import { openTrace } from '../../../src/lab/trace/open.ts';
import type { Workload } from '../../../src/lab/workload/workload.ts';
import { prepare, runOnTwin, scenarioOf } from '../../support/run-scenario.ts';

const MIB = 1 << 20;

function ofPages(pages: number): Workload {
  const vmas = [{ name: 'v', startVpn: 0x7f0000000, pages, write: true }];
  return { name: 'v', vmas, touchedPages: pages, totalAccesses: null, notes: [], steps: () => [].values() };
}

describe('percentages', () => {
  it('are rounded up to 2 MiB, and not beyond for a hair of binary fraction', () => {
    const percent = (pages: number, value: number): number =>
      sizesOf(ofPages(pages), { kind: 'percent', percent: value }).dataPages;
    // 512,000 × 1.1 is 563,200.0000000001 in doubles.
    expect(percent(512_000, 1.1)).toBe(5632);
    expect(percent(512_000, 1.1001)).toBe(6144);
    expect(percent(1024, 50)).toBe(512);
    expect(percent(1026, 50)).toBe(1024);
    expect(percent(16, 200)).toBe(512);
  });
});

describe('system memory', () => {
  const give = (systemMemory: number | null) =>
    prepareRun(
      scenarioOf({ machine: { systemMemory }, workload: { footprintBytes: 4 * MIB } }),
      null,
      TWIN,
      new Set(systemMemory === null ? [] : ['machine.systemMemory']),
    );

  it('is what the user gave', () => {
    expect(give(16 * MIB)).toMatchObject({ ok: true, sizes: { systemPages: 4096 } });
    expect(give(null)).toMatchObject({ ok: true, sizes: { vmaPages: 1024 } });
  });

  it('is refused where it does not hold the workload, or does not fit the adapter', () => {
    expect(give(4 * MIB)).toMatchObject({ ok: false, field: 'machine.systemMemory' });
    expect(give(2048 * MIB)).toMatchObject({ ok: false, field: 'machine.systemMemory' });
  });

  it('of the footprint and the zero page is enough to run', async () => {
    const scenario = scenarioOf({
      machine: { systemMemory: 4 * MIB + 4096 },
      workload: { footprintBytes: 4 * MIB, batch: 256, name: 'ping-pong' },
      run: { maxSteps: 6 },
    });
    const { outcome } = await runOnTwin(scenario);
    expect(outcome).toMatchObject({ end: 'done', wrongLoads: 0, verification: { mismatchedPages: 0 } });
  });
});

describe('addresses of a trace', () => {
  const trace = (text: string) => openTrace('t', new TextEncoder().encode(text));

  it('beyond user space are refused by address', async () => {
    const scenario = scenarioOf({ workload: { name: 'trace' } });
    const refused = prepareRun(scenario, await trace(' L ffff800000001234,8\n'), TWIN, new Set());
    expect(refused).toMatchObject({
      ok: false,
      field: 'trace',
      given: expect.stringContaining('0xffff800000000000') as string,
    });
  });

  it.each([' L 00000010,8\n S 00000010,8\n', ' L 7fffffffffff,1\n S 7fffffffff00,8\n'])(
    'at an end of it run: %j',
    async (text) => {
      const prepared = prepare(scenarioOf({ workload: { name: 'trace' } }), await trace(text));
      const executor = createTwinExecutor(executorConfig(prepared.scenario, prepared.sizes));
      const run = new Run({ ...prepared, executor, wall: () => performance.now() });
      expect(await run.start()).toMatchObject({ end: 'done', wrongLoads: 0, verification: { mismatchedPages: 0 } });
    },
  );
});
