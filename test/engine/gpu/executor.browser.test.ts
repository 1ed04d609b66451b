// The same executor in a browser: its own limits, its own WebGPU, shader text through the bundler.
import { expect, test } from 'vitest';
import { fillSeededPage, pageKey } from '../../../src/base/mix.ts';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import { createGpuExecutor, GpuExecutor } from '../../../src/engine/gpu/gpu-executor.ts';

const CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: 256 },
    { name: 'vram0', pages: 256 },
  ],
  accessCapacity: 512,
  faultCapacity: 512,
  tlbLines: 64,
};

async function open(): Promise<GpuExecutor> {
  const executor = await createGpuExecutor(navigator.gpu, CONFIG);
  if (!(executor instanceof GpuExecutor)) throw new Error(executor.message);
  return executor;
}

test('copies pages and reads them back, timed', async () => {
  const executor = await open();
  executor.submit({
    seq: 1,
    queue: 'copy',
    label: 'browser',
    timed: true,
    commands: [
      { op: 'fillSeeded', space: 0, frame: 0, pages: 256, seed: 5, pageLo: 0 },
      { op: 'copy', srcSpace: 0, srcFrame: 0, dstSpace: 1, dstFrame: 0, pages: 256 },
      { op: 'readback', space: 1, frame: 255, pages: 1 },
    ],
  });
  await executor.settled();
  const [done] = executor.take();
  const expected = new Uint32Array(1024);
  fillSeededPage(expected, pageKey(5, 255));
  expect(done?.io).toEqual(expected);
  if (executor.info.timestamps) expect(done?.gpuNs).toBeGreaterThanOrEqual(0);
  executor.destroy();
});

test('records more faults than are mapped at first, in order', async () => {
  const executor = await open();
  const count = 512;
  const records = Uint32Array.from({ length: 4 * count }, (_, i) => (i % 4 === 0 ? (i / 4) * 4096 : 0));
  const root = { space: 1, frame: 0, level: 4 };
  executor.submit({
    seq: 1,
    queue: 'compute',
    label: 'faults',
    timed: false,
    commands: [
      { op: 'accessLoad', base: 0, records },
      { op: 'access', asid: 3, root, base: 0, count, tlb: true, chained: false },
    ],
  });
  await executor.settled();
  const [done] = executor.take();
  const pages = Array.from({ length: count }, (_, i) => (done?.faults[4 * i + 2] ?? 0) / 4096);
  expect(pages).toEqual(Array.from({ length: count }, (_, i) => i));
  executor.destroy();
});
