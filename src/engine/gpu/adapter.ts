// Chooses a GPU adapter of the wanted kind and says what it is, without allocating anything on it.
import { GIB, PAGE_SIZE } from '../../base/units.ts';
import type { ExecutorInfo } from '../plan/executor.ts';
import { GpuUnavailable } from './unavailable.ts';

export type AdapterKind = 'hardware' | 'software' | 'any';

const SOFTWARE_NAMES = /swiftshader|llvmpipe|lavapipe|softpipe|\bwarp\b|basic render/i;

/** Segments stop here although some adapters allow more: SwiftShader fails a buffer of the 1 GiB that it advertises. */
const MAX_SEGMENT_BYTES = { hardware: GIB, software: GIB / 2 } as const;
/** Largest spaces: a batch of translated copies takes a dispatch for each pair of segments, and a CPU's memory is shared. */
const MAX_SPACE_SEGMENTS = { hardware: 16, software: 8 } as const;

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

/** Sizes of memory, in pages, that an adapter's limits allow. Memory may still be short. */
export interface SpaceSizes {
  /** One buffer: a power of two. */
  readonly segmentPages: number;
  /** One memory space. */
  readonly maxSpacePages: number;
}

export function spaceSizes(limits: SpaceLimits, software: boolean): SpaceSizes {
  const kind = software ? 'software' : 'hardware';
  const bytes = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize, MAX_SEGMENT_BYTES[kind]);
  const segmentPages = 2 ** Math.floor(Math.log2(bytes / PAGE_SIZE));
  return { segmentPages, maxSpacePages: segmentPages * MAX_SPACE_SEGMENTS[kind] };
}

/** Bytes of the largest storage buffer that the limits allow. */
export function largestBuffer(limits: SpaceLimits): number {
  return Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
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

export interface AdapterProbe extends SpaceSizes {
  readonly info: ExecutorInfo;
}

/** What an executor on this kind of adapter would be, without allocating. */
export async function probeAdapter(gpu: GPU | undefined, kind: AdapterKind): Promise<AdapterProbe | GpuUnavailable> {
  const adapter = await chooseAdapter(gpu, kind);
  if (adapter instanceof GpuUnavailable) return adapter;
  const info = describeAdapter(adapter, adapter.features.has('timestamp-query'));
  return { info, ...spaceSizes(adapter.limits, info.software) };
}
