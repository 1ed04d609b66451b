// Opens a device on an adapter and keeps watch over it: no error and no loss goes unnoticed.
import { DeviceLostError, type ExecutorInfo } from '../plan/executor.ts';
import { describeAdapter } from './adapter.ts';
import { GpuUnavailable } from './unavailable.ts';

/** WebGPU reported an error that nobody caught: a bug of this program or of the driver. */
export class GpuError extends Error {
  override readonly name = 'GpuError';
}

export interface WatchedDevice {
  readonly device: GPUDevice;
  readonly info: ExecutorInfo;
  /** Set once the device is gone. */
  lost: DeviceLostError | null;
  /** Messages of errors that no scope caught, oldest first. */
  readonly errors: string[];
  /** Called after `lost` or `errors` has changed. */
  onTrouble: () => void;
}

/** Errors beyond these say nothing new. */
const MAX_ERRORS = 20;

/** Limits above WebGPU's defaults that a configuration needs: min(wanted, adapter), never less than asked for by default. */
export interface WantedLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
}

function requiredLimits(adapter: GPUAdapter, wanted: WantedLimits): Record<string, number> {
  return {
    maxBufferSize: Math.min(wanted.maxBufferSize, adapter.limits.maxBufferSize),
    maxStorageBufferBindingSize: Math.min(
      wanted.maxStorageBufferBindingSize,
      adapter.limits.maxStorageBufferBindingSize,
    ),
  };
}

/** Requests a device; `timestamps` asks for timestamp queries where the adapter has them. */
export async function openDevice(
  adapter: GPUAdapter,
  wanted: WantedLimits,
  timestamps: boolean,
): Promise<WatchedDevice | GpuUnavailable> {
  const timed = timestamps && adapter.features.has('timestamp-query');
  const descriptor: GPUDeviceDescriptor = {
    label: 'pageferry',
    requiredFeatures: timed ? ['timestamp-query'] : [],
    requiredLimits: requiredLimits(adapter, wanted),
  };
  try {
    const device = await adapter.requestDevice(descriptor);
    return watch(device, describeAdapter(adapter, timed, device.limits));
  } catch (error) {
    return new GpuUnavailable('refused', `The adapter gave no device: ${(error as Error).message}`);
  }
}

/** Not `onuncapturederror`: three.js overwrites that property on devices it knows. */
function watch(device: GPUDevice, info: ExecutorInfo): WatchedDevice {
  const watched: WatchedDevice = { device, info, lost: null, errors: [], onTrouble: () => {} };
  device.addEventListener('uncapturederror', (event) => {
    // Whoever waits for the executor is told; the console need not be told as well.
    event.preventDefault();
    if (watched.errors.length < MAX_ERRORS) watched.errors.push(event.error.message);
    watched.onTrouble();
  });
  void device.lost.then((loss) => {
    watched.lost = new DeviceLostError(`the GPU device was lost (${loss.reason}): ${loss.message}`);
    watched.onTrouble();
  });
  return watched;
}
