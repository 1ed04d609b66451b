import { expect, it } from 'vitest';
import { runOnTwin, scenarioOf } from '../../support/run-scenario.ts';
it.each([1,2,3,4,5,6,7,8,9,10,11,12])('seed %d', async (seed) => {
  const s = scenarioOf({ workload: { footprintBytes: 8 << 20, batch: 512, name: 'ping-pong', atomicPercent: 20 }, run: { maxSteps: 6, seed: 77 } });
  const { outcome } = await runOnTwin(s, { order: { seed } });
  expect(outcome).toMatchObject({ wrongLoads: 0, failure: null, verification: { mismatchedPages: 0 } });
});
