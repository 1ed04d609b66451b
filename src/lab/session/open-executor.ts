// Chooses what runs the jobs: the adapter asked for, or the CPU twin with the reason why.
import type { Executor, ExecutorConfig } from '../../engine/plan/executor.ts';
import { probeAdapter, type AdapterKind } from '../../engine/gpu/adapter.ts';
import { createGpuExecutor } from '../../engine/gpu/gpu-executor.ts';
import { GpuUnavailable } from '../../engine/gpu/unavailable.ts';
import { createTwinExecutor } from '../../engine/twin/twin-executor.ts';
import type { Scenario } from './scenario.ts';

export type AdapterChoice = Scenario['engine']['adapter'];

/** Pages of one space that the twin takes: what a typed array of a few GiB allows everywhere. */
const TWIN_MAX_PAGES = 2 ** 18;

export interface ChosenAdapter {
  readonly kind: AdapterKind | 'twin';
  /** Largest memory space in pages. */
  readonly maxSpacePages: number;
  /** Why it is the twin although that was not asked for; null otherwise. */
  readonly fallback: string | null;
}

/** The twin, when it was asked for. */
export const TWIN: ChosenAdapter = { kind: 'twin', maxSpacePages: TWIN_MAX_PAGES, fallback: null };

/** What `choice` comes to here, without allocating. `auto` ends at the twin; the others may be unavailable. */
export async function chooseExecutor(
  gpu: GPU | undefined,
  choice: AdapterChoice,
): Promise<ChosenAdapter | GpuUnavailable> {
  if (choice === 'twin') return TWIN;
  const kind: AdapterKind = choice === 'auto' ? 'any' : choice;
  const probe = await probeAdapter(gpu, kind);
  if (!(probe instanceof GpuUnavailable)) return { kind, maxSpacePages: probe.maxSpacePages, fallback: null };
  return choice === 'auto' ? { ...TWIN, fallback: probe.message } : probe;
}

/** Opens the chosen adapter with the memory that a run needs. */
export async function openExecutor(
  gpu: GPU | undefined,
  chosen: ChosenAdapter,
  config: ExecutorConfig,
): Promise<Executor | GpuUnavailable> {
  if (chosen.kind === 'twin') return createTwinExecutor(config);
  if (gpu === undefined) return new GpuUnavailable('no-webgpu', 'This page or browser offers no WebGPU.');
  return createGpuExecutor(gpu, config, { adapter: chosen.kind });
}
