// WebGPU in Node: Dawn from the npm package `webgpu`, for the command line and for tests. No browser bundle imports this.

export interface NodeGpuOptions {
  /** Part of an adapter's name; an unknown one makes Dawn print the list. */
  readonly adapter?: string;
  /** `null` compiles shaders on any machine, and runs nothing. */
  readonly backend?: 'vulkan' | 'metal' | 'd3d12' | 'null';
}

/** Stamps in steps of 65,536 ns would hide everything that is short: quantisation guards web pages, not this process. */
const FLAGS = ['disable-dawn-features=timestamp_quantization'];

/** Dawn aborts the process when its GPU object is collected while devices live: it is kept for good. */
const kept = globalThis as { pageferryGpus?: Map<string, GPU> };

/**
 * The GPU object of this process, and WebGPU's globals (GPUBufferUsage …) beside it. One is made per set of options and
 * kept. Rejects where the native module does not load; finding no adapter is told by `requestAdapter`.
 */
export async function createNodeGpu(options: NodeGpuOptions = {}): Promise<GPU> {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  const flags = [...FLAGS];
  if (options.adapter !== undefined) flags.push(`adapter=${options.adapter}`);
  if (options.backend !== undefined) flags.push(`backend=${options.backend}`);
  kept.pageferryGpus ??= new Map();
  const key = flags.join(' ');
  const gpu = kept.pageferryGpus.get(key) ?? create(flags);
  kept.pageferryGpus.set(key, gpu);
  return gpu;
}
