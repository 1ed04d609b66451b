// The copy engine of one device: turns copy vectors into jobs on its in-order queue (xe.md §4).
import type { Status } from '../../base/errno.ts';
import type { Frame, Pfn } from '../../base/units.ts';
import type { SpaceId } from '../../engine/plan/commands.ts';
import type { Fence } from '../sched/fence.ts';
import type { JobQueue } from '../sched/job-queue.ts';
import type { VramManager } from '../vram/vram.ts';
import type { CopySlots } from './migrate-runs.ts';

export type CopyMode = 'translated' | 'physical';
export type CopyDirection = 'to-vram' | 'to-ram';
/** PageStore is one. */
export interface FrameLookup { frameOf(pfn: Pfn): Frame; spaceOf(pfn: Pfn): SpaceId }
export interface MigrateEngineConfig {
  readonly vram: VramManager; readonly jobs: JobQueue; readonly pages: FrameLookup; readonly space: SpaceId; readonly mode: CopyMode;
}
const TODO = (): never => { throw new Error('being written') };
export class MigrateEngine {
  readonly queue: string;
  /** Pages copied and pages zero-filled since the start. */
  copied = 0;
  zeroFilled = 0;
  constructor(config: MigrateEngineConfig) { this.queue = `copy${config.vram.device}` }
  get mode(): CopyMode { return TODO() }
  setMode(_mode: CopyMode): Status { return TODO() }
  /** Issues the copy, zero fill of holes included; the last fence stands for all (in-order queue). Null: nothing to do. */
  copy(_v: CopySlots, _direction: CopyDirection): Fence | null { return TODO() }
  zeroFill(_v: CopySlots): Fence | null { return TODO() }
}
