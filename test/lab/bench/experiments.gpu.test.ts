// Experiments on a GPU: what they count at the device is what was asked of it, and encoding is measured.
import { expect } from 'vitest';
import { ENCODE_CASES } from '../../../bench/cases/encode.ts';
import { FAULT_BATCH_CASES } from '../../../bench/cases/fault-batch.ts';
import { createGpuExecutor } from '../../../src/engine/gpu/gpu-executor.ts';
import { ADAPTER, gpu, gpuIt } from '../../support/dawn.ts';
import { experimentHost, measureFew } from '../../support/experiment-host.ts';

const host = experimentHost((config) => createGpuExecutor(gpu, config, { adapter: ADAPTER }));

gpuIt('a pipelined batch of faults takes two submissions and two mappings, a waiting one many more', async () => {
  const pipelined = await measureFew(FAULT_BATCH_CASES, 'fault.batch.4.pipelined', host);
  expect(pipelined.verification).toMatchObject({ pagesChecked: 4, mismatchedPages: 0 });
  expect(pipelined.metrics[0]?.params).toMatchObject({ submits: 2, maps: 2, queueWaits: 0 });
  const waiting = await measureFew(FAULT_BATCH_CASES, 'fault.batch.4.wait', host);
  expect(waiting.metrics[0]?.params).toMatchObject({ submits: 2 + 2 * 4, maps: 2, queueWaits: 2 * 4 });
});

gpuIt('encoding by the executor is measured too', async () => {
  const { metrics } = await measureFew(ENCODE_CASES, 'encode', host);
  expect(metrics.map(({ id }) => id)).toEqual([
    'encode.copy',
    'encode.pte',
    'encode.plan.copy',
    'encode.plan.pte',
    'encode.loop',
  ]);
  for (const { id, median } of metrics) expect(median, id).toBeGreaterThan(0);
});
