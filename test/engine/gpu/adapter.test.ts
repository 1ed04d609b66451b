// Which adapter is taken, for every kind that may be asked for and every kind that may be there. No GPU is needed.
import { describe, expect, test } from 'vitest';
import {
  chooseAdapter,
  isSoftware,
  spaceSizes,
  probeAdapter,
  type AdapterKind,
} from '../../../src/engine/gpu/adapter.ts';
import { GpuUnavailable } from '../../../src/engine/gpu/unavailable.ts';

function adapter(description: string, isFallbackAdapter = false): GPUAdapter {
  const info = { vendor: 'v', architecture: 'a', device: 'd', description, isFallbackAdapter };
  const limits = { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 27 };
  return { info, limits, features: new Set(['timestamp-query']) } as unknown as GPUAdapter;
}

const HARDWARE = adapter('NVIDIA H200');
const SOFTWARE = adapter('SwiftShader driver 5.0.0', true);

/** A browser that offers one adapter by default and another when the fallback is forced. */
function browser(best: GPUAdapter | null, fallback: GPUAdapter | null): GPU {
  const requestAdapter = async (options: GPURequestAdapterOptions = {}): Promise<GPUAdapter | null> =>
    options.forceFallbackAdapter === true ? fallback : best;
  return { requestAdapter } as unknown as GPU;
}

describe('the adapter taken', () => {
  const cases: [AdapterKind, GPUAdapter | null, GPUAdapter | null, GPUAdapter | string][] = [
    ['any', HARDWARE, SOFTWARE, HARDWARE],
    ['any', null, SOFTWARE, SOFTWARE],
    ['any', SOFTWARE, null, SOFTWARE],
    ['any', null, null, 'no-adapter'],
    ['hardware', HARDWARE, SOFTWARE, HARDWARE],
    ['hardware', SOFTWARE, SOFTWARE, 'wrong-kind'],
    ['hardware', null, SOFTWARE, 'no-adapter'],
    ['software', HARDWARE, SOFTWARE, SOFTWARE],
    ['software', SOFTWARE, null, SOFTWARE],
    ['software', HARDWARE, HARDWARE, 'wrong-kind'],
    ['software', null, null, 'no-adapter'],
  ];
  test.each(cases)('%s, of %o by default and %o as fallback', async (kind, best, fallback, expected) => {
    const chosen = await chooseAdapter(browser(best, fallback), kind);
    expect(chosen instanceof GpuUnavailable ? chosen.reason : chosen).toBe(expected);
  });

  test('is none without WebGPU', async () => {
    expect(await chooseAdapter(undefined, 'any')).toMatchObject({ reason: 'no-webgpu' });
  });
});

describe('software', () => {
  test.each([
    'SwiftShader Device (Subzero)',
    'llvmpipe (LLVM 15.0.6)',
    'lavapipe',
    'Microsoft Basic Render Driver',
    'WARP',
  ])('is what calls itself %s', (name) => expect(isSoftware(adapter(name))).toBe(true));
  test.each(['NVIDIA GeForce RTX 4090', 'Intel Arc B580', 'Warpath 9000'])('is not %s', (name) =>
    expect(isSoftware(adapter(name))).toBe(false),
  );
  test('is a fallback adapter of any name', () => expect(isSoftware(adapter('thing', true))).toBe(true));
});

describe('a segment', () => {
  test.each([
    [2 ** 30, 2 ** 27, 2 ** 15],
    [2 ** 27, 2 ** 30, 2 ** 15],
    [2 ** 29, 2 ** 29 - 4, 2 ** 16],
    [2 ** 31, 2 ** 31 - 4, 2 ** 18],
    [2 ** 40, 2 ** 40, 2 ** 18],
  ])('of buffers of %i and bindings of %i bytes has %i pages', (maxBufferSize, maxStorageBufferBindingSize, pages) => {
    expect(spaceSizes({ maxBufferSize, maxStorageBufferBindingSize }, false).segmentPages).toBe(pages);
  });

  test('is smaller where a CPU emulates the GPU, and a space has several', () => {
    const limits = { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 30 };
    expect(spaceSizes(limits, true)).toEqual({ segmentPages: 2 ** 17, maxSpacePages: 2 ** 20 });
    expect(spaceSizes(limits, false)).toEqual({ segmentPages: 2 ** 18, maxSpacePages: 2 ** 22 });
  });

  test('is part of what a probe tells', async () => {
    const probe = await probeAdapter(browser(SOFTWARE, null), 'any');
    expect(probe).toMatchObject({ segmentPages: 2 ** 15, info: { software: true, timestamps: true, kind: 'gpu' } });
  });
});
