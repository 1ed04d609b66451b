// Chooses what runs the jobs: the adapter asked for, or the CPU twin with the reason why.
import { PAGE_SIZE } from '../../base/units.ts';
import { SYSTEM_SPACE } from '../../engine/plan/commands.ts';
import type { Executor, ExecutorConfig } from '../../engine/plan/executor.ts';
import { probeAdapter, type AdapterKind, type SpaceSizes } from '../../engine/gpu/adapter.ts';
import { createGpuExecutor } from '../../engine/gpu/gpu-executor.ts';
import type { TuningTable } from '../../engine/gpu/tuning.ts';
import { GpuUnavailable } from '../../engine/gpu/unavailable.ts';
import { HostPagesExecutor, innerConfig } from '../../engine/host/host-pages-executor.ts';
import { createTwinExecutor } from '../../engine/twin/twin-executor.ts';
import { TOOL } from '../measure/environment.ts';
import type { Scenario } from './scenario.ts';

export type AdapterChoice = Scenario['engine']['adapter'];

/** Pages of one space that the twin takes: what a typed array of a few GiB allows everywhere. */
const TWIN_MAX_PAGES = 2 ** 18;

export interface ChosenAdapter extends SpaceSizes {
  readonly kind: AdapterKind | 'twin';
  /** Why it is the twin although that was not asked for; null otherwise. */
  readonly fallback: string | null;
  /** Tuned copy shapes, used where they are of this adapter, driver and version; absent: the default ones. */
  readonly tuning?: TuningTable;
}

/** The twin, when it was asked for. */
export const TWIN: ChosenAdapter = {
  kind: 'twin',
  maxSpacePages: TWIN_MAX_PAGES,
  segmentPages: TWIN_MAX_PAGES,
  fallback: null,
};

/** What `choice` comes to here, without allocating. `auto` ends at the twin; the others may be unavailable. */
export async function chooseExecutor(
  gpu: GPU | undefined,
  choice: AdapterChoice,
): Promise<ChosenAdapter | GpuUnavailable> {
  if (choice === 'twin') return TWIN;
  const kind: AdapterKind = choice === 'auto' ? 'any' : choice;
  const probe = await probeAdapter(gpu, kind);
  if (!(probe instanceof GpuUnavailable)) {
    const { maxSpacePages, segmentPages } = probe;
    return { kind, maxSpacePages, segmentPages, fallback: null };
  }
  return choice === 'auto' ? { ...TWIN, fallback: probe.message } : probe;
}

/** Where system pages lie; with the host, also their way up. */
export type SystemPages = Scenario['engine']['uploadPath'] | 'device';

export function systemPagesOf({ run, engine }: Scenario): SystemPages {
  return run.systemPages === 'host' ? engine.uploadPath : 'device';
}

/** Opens the chosen adapter with the memory that a run needs. */
export async function openExecutor(
  gpu: GPU | undefined,
  chosen: ChosenAdapter,
  config: ExecutorConfig,
  systemPages: SystemPages = 'device',
): Promise<Executor | GpuUnavailable> {
  if (systemPages === 'device') return openDevice(gpu, chosen, config);
  const inner = await openDevice(gpu, chosen, innerConfig(config));
  if (inner instanceof GpuUnavailable) return inner;
  const readsAtSubmit = chosen.kind !== 'twin';
  try {
    return new HostPagesExecutor(inner, config, { uploadPath: systemPages, readsAtSubmit });
  } catch (error) {
    inner.destroy();
    if (!(error instanceof RangeError)) throw error;
    const bytes = (config.spaces[SYSTEM_SPACE]?.pages ?? 0) * PAGE_SIZE;
    return new GpuUnavailable('out-of-memory', `The host has no room for ${bytes} bytes of system memory.`, bytes);
  }
}

async function openDevice(
  gpu: GPU | undefined,
  chosen: ChosenAdapter,
  config: ExecutorConfig,
): Promise<Executor | GpuUnavailable> {
  if (chosen.kind === 'twin') return createTwinExecutor(config);
  if (gpu === undefined) return new GpuUnavailable('no-webgpu', 'This page or browser offers no WebGPU.');
  const tuned = chosen.tuning === undefined ? {} : { tuning: chosen.tuning, toolVersion: TOOL.version };
  return createGpuExecutor(gpu, config, { adapter: chosen.kind, ...tuned });
}
