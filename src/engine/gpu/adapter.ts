// Chooses a GPU adapter of the wanted kind and says what it is, without allocating anything on it.
import { GIB, PAGE_SIZE } from '../../base/units.ts';
import type { ExecutorInfo } from '../plan/executor.ts';
import { GpuUnavailable } from './unavailable.ts';

export type AdapterKind = 'hardware' | 'software' | 'any';

const SOFTWARE_NAMES = /swiftshader|llvmpipe|lavapipe|softpipe|\bwarp\b|basic render/i;

/** Frames are counted in words by 32-bit indices, and no binding is larger than this anyway. */
const MAX_SPACE_BYTES = 4 * GIB;

const REPORTED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxUniformBufferBindingSize',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupStorageSize',
  'minUniformBufferOffsetAlignment',
] as const;

/** Fields that Dawn adds to GPUAdapterInfo (Chromium: with developer features on). */
interface DawnAdapterInfo {
  readonly backend?: string;
  readonly driver?: string;
}

/** The two limits that bound a memory space. */
export type SpaceLimits = Pick<GPUSupportedLimits, 'maxBufferSize' | 'maxStorageBufferBindingSize'>;

/** Largest size of one memory space, in pages, that the limits allow. Memory may still be short. */
export function maxSpacePages(limits: SpaceLimits): number {
  const bytes = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize, MAX_SPACE_BYTES);
  return Math.floor(bytes / PAGE_SIZE);
}

/** True where a CPU emulates the GPU. */
export function isSoftware(adapter: GPUAdapter): boolean {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  return isFallbackAdapter || SOFTWARE_NAMES.test([vendor, architecture, device, description].join(' '));
}

function requests(kind: AdapterKind, powerPreference?: GPUPowerPreference): GPURequestAdapterOptions[] {
  const best: GPURequestAdapterOptions = powerPreference === undefined ? {} : { powerPreference };
  const fallback: GPURequestAdapterOptions = { forceFallbackAdapter: true };
  if (kind === 'hardware') return [best];
  return kind === 'software' ? [fallback, best] : [best, fallback];
}

function isKind(adapter: GPUAdapter, kind: AdapterKind): boolean {
  return kind === 'any' || isSoftware(adapter) === (kind === 'software');
}

/**
 * A fresh adapter of the wanted kind: an adapter serves one device only. `gpu` is undefined where the page or browser has
 * no WebGPU.
 */
export async function chooseAdapter(
  gpu: GPU | undefined,
  kind: AdapterKind,
  powerPreference?: GPUPowerPreference,
): Promise<GPUAdapter | GpuUnavailable> {
  if (gpu === undefined) return new GpuUnavailable('no-webgpu', 'This page or browser offers no WebGPU.');
  let other: GPUAdapter | null = null;
  for (const request of requests(kind, powerPreference)) {
    const adapter = await gpu.requestAdapter(request);
    if (adapter !== null && isKind(adapter, kind)) return adapter;
    other ??= adapter;
  }
  if (other === null) return new GpuUnavailable('no-adapter', 'WebGPU found no adapter.');
  return new GpuUnavailable('wrong-kind', `WebGPU found no ${kind} adapter, only ${adapterName(other)}.`);
}

/** What people call the adapter. */
export function adapterName(adapter: GPUAdapter): string {
  const { description, device, vendor, architecture } = adapter.info;
  return description || device || [vendor, architecture].filter((part) => part !== '').join(' ') || 'unnamed adapter';
}

/**
 * What the adapter says about itself. `timestamps`: whether jobs can be timed; `limits`: the adapter's, or those that a
 * device of it was granted.
 */
export function describeAdapter(
  adapter: GPUAdapter,
  timestamps: boolean,
  limits: GPUSupportedLimits = adapter.limits,
): ExecutorInfo {
  const { vendor, architecture, description } = adapter.info;
  const dawn = adapter.info as DawnAdapterInfo;
  return {
    kind: 'gpu',
    name: adapterName(adapter),
    software: isSoftware(adapter),
    vendor,
    architecture,
    driver: dawn.driver ?? description,
    backend: dawn.backend ?? 'webgpu',
    features: [...adapter.features].sort(),
    limits: Object.fromEntries(REPORTED_LIMITS.map((name) => [name, limits[name]])),
    timestamps,
  };
}

export interface AdapterProbe {
  readonly info: ExecutorInfo;
  /** Largest size of one memory space, in pages. */
  readonly maxSpacePages: number;
}

/** What an executor on this kind of adapter would be, without allocating. */
export async function probeAdapter(gpu: GPU | undefined, kind: AdapterKind): Promise<AdapterProbe | GpuUnavailable> {
  const adapter = await chooseAdapter(gpu, kind);
  if (adapter instanceof GpuUnavailable) return adapter;
  const info = describeAdapter(adapter, adapter.features.has('timestamp-query'));
  return { info, maxSpacePages: maxSpacePages(adapter.limits) };
}
