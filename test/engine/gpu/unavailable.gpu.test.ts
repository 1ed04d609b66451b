// Every way in which there is no executor to be had, as typed reasons with numbers; and what a probe says of the adapter.
import { describe, expect } from 'vitest';
import { probeAdapter } from '../../../src/engine/gpu/adapter.ts';
import { createGpuExecutor } from '../../../src/engine/gpu/gpu-executor.ts';
import { GpuUnavailable } from '../../../src/engine/gpu/unavailable.ts';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import { ADAPTER, gpu, gpuIt } from '../../support/dawn.ts';

const CONFIG: ExecutorConfig = {
  spaces: [{ name: 'system', pages: 1 }],
  accessCapacity: 0,
  faultCapacity: 0,
  tlbLines: 0,
};

describe('no executor', () => {
  gpuIt('says which limit is too small, with both numbers', async () => {
    const probed = await probeAdapter(gpu, ADAPTER);
    if (probed instanceof GpuUnavailable) throw new Error(probed.message);
    const bytes = Number(probed.info.limits['maxStorageBufferBindingSize']);
    const pages = Math.ceil(bytes / 4096) + 1;
    const result = await createGpuExecutor(
      gpu,
      { ...CONFIG, spaces: [{ name: 'system', pages }], segmentPages: 2 ** 30 },
      { adapter: ADAPTER },
    );
    expect(result).toMatchObject({ reason: 'limits', wanted: pages * 4096 });
    expect((result as GpuUnavailable).allowed).toBeLessThan(pages * 4096);
  });

  gpuIt('says that memory is short where the limits allow more than there is', async () => {
    // SwiftShader promises 1 GiB and refuses exactly that (webgpu.md §1.8); real devices refuse elsewhere.
    if (ADAPTER !== 'software') return;
    const pages = 2 ** 18;
    const spaces = [
      { name: 'system', pages: 1 },
      { name: 'vram0', pages },
    ];
    const result = await createGpuExecutor(gpu, { ...CONFIG, spaces }, { adapter: ADAPTER });
    expect(result).toMatchObject({ reason: 'out-of-memory' });
    expect((result as GpuUnavailable).wanted).toBeGreaterThan(pages * 4096);
  });

  gpuIt('of the wrong kind', async () => {
    if (ADAPTER !== 'software') return;
    const result = await createGpuExecutor(gpu, CONFIG, { adapter: 'hardware' });
    expect(result).toMatchObject({ reason: 'wrong-kind' });
    expect((result as GpuUnavailable).message).toMatch(/swiftshader|llvmpipe/i);
  });

  gpuIt('where a page has no WebGPU', async () => {
    expect(await createGpuExecutor(undefined, CONFIG)).toMatchObject({ reason: 'no-webgpu' });
  });
});

describe('the adapter', () => {
  gpuIt('says what it is, without allocating', async () => {
    const probed = await probeAdapter(gpu, ADAPTER);
    if (probed instanceof GpuUnavailable) throw new Error(probed.message);
    expect(probed.info).toMatchObject({ kind: 'gpu', software: ADAPTER === 'software' });
    expect(probed.info.name).not.toBe('');
    expect(probed.info.limits.maxStorageBuffersPerShaderStage).toBeGreaterThanOrEqual(6);
    // The least that WebGPU promises: bindings of 128 MiB.
    expect(probed.segmentPages).toBeGreaterThanOrEqual(2 ** 15);
    expect(probed.maxSpacePages).toBeGreaterThanOrEqual(8 * probed.segmentPages);
  });
});
