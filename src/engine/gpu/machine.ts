// What encoding and reading back share: the device with everything on it that lives as long as the executor.
import type { AccessSerials } from './access-serials.ts';
import type { ExecutorConfig } from '../plan/executor.ts';
import type { GpuBuffers } from './buffers.ts';
import type { FlushLimits } from './flush-limits.ts';
import type { Pipelines } from './pipelines.ts';
import type { StagingPool } from './staging.ts';
import type { Stamps } from './timestamps.ts';
import type { UploadRing } from './upload-ring.ts';
import type { WalkShape } from './walk-shape.ts';
import type { WordArena } from './word-arena.ts';

export interface Machine {
  readonly device: GPUDevice;
  readonly config: ExecutorConfig;
  readonly limits: FlushLimits;
  readonly buffers: GpuBuffers;
  readonly pipelines: Pipelines;
  /** Dispatches that one command may need (flush-limits.ts). */
  readonly dispatchMargin: number;
  readonly walks: WalkShape;
  readonly staging: StagingPool;
  readonly uploads: UploadRing;
  /** Null where the device has no timestamp queries, or they are not wanted. */
  readonly stamps: Stamps | null;
  readonly accessSerials: AccessSerials;
  /** What the open submission will write to the buffers of the same names. */
  readonly arenas: { readonly list: WordArena; readonly payload: WordArena; readonly params: WordArena };
}
