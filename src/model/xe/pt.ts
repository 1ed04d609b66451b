// Page tables of one GPU address space: a change is staged, then committed or aborted, and leaves as plan commands.
//
// The shadow tree here and the bytes in VRAM agree once the commands have run, in the order in which they were made.
// Table memory returns to the allocator only when the job that detached it is done.
import { assert } from '../../base/assert.ts';
import type { Errno } from '../../base/errno.ts';
import type { Frame, Vpn } from '../../base/units.ts';
import type { Command, SpaceId, WalkRoot } from '../../engine/plan/commands.ts';
import type { Fence } from '../sched/fence.ts';
import type { JobQueue } from '../sched/job-queue.ts';
import type { Op } from '../sched/op.ts';
import type { VramManager } from '../vram/vram.ts';
import { BindStager, type BindFlags, type BindRules, type StagedBind } from './pt-bind.ts';
import { XE2_PAT, type EntryFlags } from './pt-entry.ts';
import { TABLE_ENTRIES, spacePages } from './pt-geometry.ts';
import { PtNode, subtree } from './pt-node.ts';
import { emptyEntries, scratchLevels } from './pt-scratch.ts';
import type { SegmentSource } from './pt-segments.ts';
import { needsFlush, stageUnbind, type StagedUnbind } from './pt-unbind.ts';
import { emitEmpty, emitTable, emitWrite, type TableWrite } from './pt-write.ts';
import { zapTable } from './pt-zap.ts';
import { tlbInvalAll } from './tlb.ts';

export type { BindFlags, SegmentSource, StagedBind, StagedUnbind };

export interface PageTablesConfig {
  readonly vram: VramManager;
  readonly jobs: JobQueue;
  /** The device's in-order queue for copies and page-table writes. */
  readonly queue: string;
  /** Memory space of the VRAM: tables and DM leaves. Device addresses begin at its frame 0. */
  readonly space: SpaceId;
  /** 4 (57 bits) or 3 (48 bits). */
  readonly rootLevel: number;
  readonly asid: number;
  /** Unbound addresses read zero instead of faulting (xe.md §5.9). Default false. */
  readonly scratch?: boolean;
  /** VRAM needs 64K granularity (DG2, PVC). Default false. */
  readonly need64k?: boolean;
  /** The hardware knows compact level-0 tables. Default true. */
  readonly compact?: boolean;
  /** PAT index of the tables; default uncached. */
  readonly tablePat?: number;
}

export class PageTables implements BindRules {
  readonly root: WalkRoot;
  readonly asid: number;
  readonly space: SpaceId;
  readonly need64k: boolean;
  readonly compact: boolean;
  readonly tablePat: number;
  readonly scratch: boolean;
  /** Job that makes the root readable. */
  readonly setupFence: Fence;
  /** Shadow of the root table, for invariants and pictures. */
  readonly top: PtNode;
  private readonly vram: VramManager;
  private readonly jobs: JobQueue;
  private readonly queue: string;
  private readonly stager: BindStager;
  /** Empty value of an entry, by level. */
  private readonly empty: readonly EntryFlags[];
  private readonly scratchFrames: readonly Frame[];
  private tables = 1;
  private open: StagedBind | null = null;
  /** Detached by commands that were not submitted yet. */
  private limbo: Frame[] = [];
  private lastFence: Fence;
  private closed = false;

  /** Tables for the root (and scratch) must be there; `create` answers ENOMEM instead. */
  constructor(config: PageTablesConfig, frames: readonly Frame[] | null = takeFrames(config)) {
    assert(frames !== null, 'no VRAM for the root table');
    const [rootFrame = 0, ...scratchFrames] = frames;
    this.vram = config.vram;
    this.jobs = config.jobs;
    this.queue = config.queue;
    this.space = config.space;
    this.asid = config.asid;
    this.need64k = config.need64k ?? false;
    this.compact = config.compact ?? true;
    this.tablePat = config.tablePat ?? XE2_PAT.none;
    this.scratch = config.scratch ?? false;
    this.root = { space: config.space, frame: rootFrame, level: config.rootLevel };
    this.top = new PtNode(rootFrame, config.rootLevel, false);
    this.scratchFrames = scratchFrames;
    this.empty = emptyEntries(config.rootLevel, scratchFrames, this.tablePat);
    this.stager = new BindStager(this);
    this.setupFence = this.lastFence = this.submit(`tables asid=${config.asid}`, this.setup());
  }

  /** ENOMEM: no VRAM for the root table. */
  static create(config: PageTablesConfig): PageTables | Errno {
    const frames = takeFrames(config);
    return frames === null ? 'ENOMEM' : new PageTables(config, frames);
  }

  /** Table pages reachable from the root, the root included. */
  get tableCount(): number {
    return this.tables;
  }

  /** For the stager: one page, or −1. */
  allocTable(): Frame | -1 {
    return this.vram.allocTable();
  }

  /**
   * Prepares [startVpn, endVpn) to map what `segments` lists (NULL leaves for null), replacing what was bound there.
   * Only tables are allocated; nothing is visible before commitBind. One bind is staged at a time. Errors, with
   * everything undone: ENOMEM no table memory · EINVAL need64k violated · EOPNOTSUPP memory of a peer.
   */
  stageBind(startVpn: Vpn, endVpn: Vpn, segments: SegmentSource | null, flags: BindFlags): StagedBind | Errno {
    this.assertInterval(startVpn, endVpn);
    assert(this.open === null && !this.closed, 'a bind is staged already, or the tables are closed');
    const staged = this.stager.stage(this.top, startVpn, endVpn, segments, flags);
    if (typeof staged === 'string') this.giveBack(this.stager.partial);
    else this.open = staged;
    return staged;
  }

  /** Makes the staged bind part of the tables; submit the returned commands next. There is no way back (xe.md §5.5). */
  commitBind(staged: StagedBind): Command[] {
    this.finish(staged);
    const commands: Command[] = [];
    for (const write of staged.contents) emitTable(write, this.emptyEntry(write.level), this.space, commands);
    for (const write of staged.updates) {
      emitWrite(write, this.space, commands);
      this.attach(write);
    }
    this.tables += staged.newTables;
    return commands;
  }

  /** Drops the staged bind: live counts, children and table memory are as before stageBind (I-P6). */
  abortBind(staged: StagedBind): void {
    this.finish(staged);
    this.giveBack(staged.tables);
  }

  /** Prepares to take everything in [startVpn, endVpn) out. Its ends must not split a leaf. */
  stageUnbind(startVpn: Vpn, endVpn: Vpn): StagedUnbind {
    this.assertInterval(startVpn, endVpn);
    return stageUnbind(this.top, startVpn, endVpn);
  }

  /** Must the TLB be flushed with this unbind (xe.md §5.6)? `stillValid`: the range was not invalidated before. */
  needsFlushOnUnbind(staged: StagedUnbind, stillValid: boolean): boolean {
    return needsFlush(staged, stillValid, this.scratch);
  }

  /** Takes the entries out; submit the returned commands next. Empty when nothing was bound. */
  commitUnbind(staged: StagedUnbind): Command[] {
    assert(!staged.finished && this.open === null, 'unbind committed twice, or while a bind is staged');
    staged.finished = true;
    const commands: Command[] = [];
    for (const { node, level, first, count } of staged.updates) {
      emitEmpty(node, first, count, this.emptyEntry(level), this.space, commands);
      for (let i = first; i < first + count; i++) this.detach(node.unset(i));
    }
    return commands;
  }

  /**
   * Zeroes the leaves of [startVpn, endVpn), scratch or not; tables and counts stay, so that the next bind is a rebind
   * (xe.md §5.7). Empty when nothing was bound. A zap covers whole bound ranges.
   */
  zap(startVpn: Vpn, endVpn: Vpn): Command[] {
    this.assertInterval(startVpn, endVpn);
    const commands: Command[] = [];
    zapTable(this.top, 0, startVpn, endVpn, this.space, commands);
    return commands;
  }

  /**
   * Submits `commands` as one job; tables detached since the last submit are freed when it is done. Without commands no
   * job is made and the last one's fence is returned.
   */
  submit(label: string, commands: readonly Command[]): Fence {
    if (commands.length === 0) return this.lastFence;
    this.lastFence = this.jobs.submit(this.queue, label, commands);
    if (this.limbo.length > 0) {
      const detached = this.limbo;
      this.limbo = [];
      this.vram.world.sched.spawn(`free ${detached.length} tables`, this.freeAfter(this.lastFence, detached));
    }
    return this.lastFence;
  }

  /** Zeroes the root and drops all TLB lines; every table is freed with the next submit (xe.md §2.6, §5.9). */
  close(): Command[] {
    assert(this.open === null && !this.closed, 'closed twice, or while a bind is staged');
    this.closed = true;
    for (let i = 0; i < TABLE_ENTRIES; i++) this.detach(this.top.unset(i));
    this.limbo.push(this.top.frame, ...this.scratchFrames);
    this.tables = 0;
    const { space } = this;
    return [{ op: 'zap', space, table: this.top.frame, index: 0, count: TABLE_ENTRIES }, tlbInvalAll(this.asid)];
  }

  private setup(): Command[] {
    const commands: Command[] = [];
    const levels = scratchLevels(this.root.level);
    const scratch = this.scratchFrames.map((frame, i) => new PtNode(frame, levels[i] as number, false));
    const tables = [this.top, ...scratch];
    for (const table of tables) emitEmpty(table, 0, TABLE_ENTRIES, this.emptyEntry(table.level), this.space, commands);
    return commands;
  }

  /** What an unbound entry of a table at `level` holds. */
  emptyEntry(level: number): EntryFlags {
    return this.empty[level] as EntryFlags;
  }

  private assertInterval(startVpn: Vpn, endVpn: Vpn): void {
    const pages = spacePages(this.root.level);
    assert(startVpn >= 0 && startVpn < endVpn && endVpn <= pages, () => `[${startVpn}, ${endVpn}) of ${pages} pages`);
  }

  private finish(staged: StagedBind): void {
    assert(this.open === staged && !staged.finished, 'this bind is not the staged one');
    staged.finished = true;
    this.open = null;
  }

  private attach(write: TableWrite): void {
    const { node, first, count } = write;
    assert(node.reachable, () => `table ${node.frame} was zapped away under a staged bind: its pages are not valid`);
    for (let i = 0; i < count; i++) this.detach(node.set(first + i, write.childAt(i)));
  }

  private detach(child: PtNode | null): void {
    if (child === null) return;
    for (const node of subtree(child)) {
      this.limbo.push(node.frame);
      this.tables--;
    }
  }

  /** Tables that no command has touched are free at once. */
  private giveBack(tables: readonly PtNode[]): void {
    for (const table of tables) this.vram.freeTable(table.frame);
  }

  private *freeAfter(fence: Fence, frames: readonly Frame[]): Op<void> {
    yield* fence.wait();
    for (const frame of frames) this.vram.freeTable(frame);
  }
}

/** Root first, then the scratch tables by ascending level; null, with nothing taken, when memory is out. */
function takeFrames(config: PageTablesConfig): Frame[] | null {
  const wanted = 1 + (config.scratch === true ? scratchLevels(config.rootLevel).length : 0);
  const frames: Frame[] = [];
  while (frames.length < wanted) {
    const frame = config.vram.allocTable();
    if (frame === -1) {
      for (const taken of frames) config.vram.freeTable(taken);
      return null;
    }
    frames.push(frame);
  }
  return frames;
}
