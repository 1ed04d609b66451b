// Page tables of one GPU address space: every change is staged, then committed or aborted, and leaves as plan commands.
import type { Errno } from '../../base/errno.ts';
import type { Frame, Vpn } from '../../base/units.ts';
import type { Command, SpaceId, WalkRoot } from '../../engine/plan/commands.ts';
import type { Fence } from '../sched/fence.ts';
import type { JobQueue } from '../sched/job-queue.ts';
import type { VramManager } from '../vram/vram.ts';

export interface PageTablesConfig {
  readonly vram: VramManager;
  readonly jobs: JobQueue;
  readonly queue: string;
  readonly space: SpaceId;
  readonly rootLevel: number;
  readonly asid: number;
  readonly scratch?: boolean;
  readonly need64k?: boolean;
  readonly compact?: boolean;
}
/** SvmPages is one. Offsets are pages from the bind's start; segments ascend and cover the whole interval. */
export interface SegmentSource {
  forEachSegment(fn: (pageOffset: number, proto: number, frame: Frame, pages: number) => void): void;
}
export interface BindFlags {
  readonly write: boolean;
  /** AE on VRAM leaves. */
  readonly atomicEnable: boolean;
  /** AE on system leaves (device atomics on system memory, xe.md §5.3); default false. */
  readonly atomicSystem?: boolean;
  readonly pat: number;
}
export interface PtUpdate { readonly level: number; readonly first: number; readonly count: number }
export interface LeafCounts { plain: number; ps64: number; compact: number; large2M: number; large1G: number }
export interface StagedBind { readonly startVpn: Vpn; readonly endVpn: Vpn; readonly updates: readonly PtUpdate[]; readonly newTables: number; readonly leaves: Readonly<LeafCounts> }
export interface StagedUnbind { readonly startVpn: Vpn; readonly endVpn: Vpn; readonly updates: readonly PtUpdate[] }
const TODO = (): never => { throw new Error('being written') };
export class PageTables {
  readonly root: WalkRoot;
  readonly asid: number;
  readonly setupFence: Fence;
  constructor(_config: PageTablesConfig) { this.root = TODO(); this.asid = 0; this.setupFence = TODO() }
  static create(_config: PageTablesConfig): PageTables | Errno { return TODO() }
  get tableCount(): number { return TODO() }
  stageBind(_startVpn: Vpn, _endVpn: Vpn, _segments: SegmentSource | null, _flags: BindFlags): StagedBind | Errno { return TODO() }
  commitBind(_staged: StagedBind): Command[] { return TODO() }
  abortBind(_staged: StagedBind): void { TODO() }
  stageUnbind(_startVpn: Vpn, _endVpn: Vpn): StagedUnbind { return TODO() }
  needsFlushOnUnbind(_staged: StagedUnbind, _stillValid: boolean): boolean { return TODO() }
  commitUnbind(_staged: StagedUnbind): Command[] { return TODO() }
  zap(_startVpn: Vpn, _endVpn: Vpn): Command[] { return TODO() }
  /** Submits `commands` on the queue; tables detached since the last submit are freed when this job is done. */
  submit(_label: string, _commands: readonly Command[]): Fence { return TODO() }
  close(): Command[] { return TODO() }
}
