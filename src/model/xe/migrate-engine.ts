// The copy engine of one device: turns copy vectors into jobs on its one in-order queue (xe.md §3.4, §4).
//
// A vector of at most 2048 pages is one job, so that a copy fails as a whole or not at all; the driver makes one job of
// each run. Longer vectors become several jobs, and the last fence stands for all of them (xe.md §4.7).
import { assert } from '../../base/assert.ts';
import { isErrno, type Status } from '../../base/errno.ts';
import type { Frame, Pfn } from '../../base/units.ts';
import { SYSTEM_SPACE, type Command, type SpaceId } from '../../engine/plan/commands.ts';
import { NO_PFN } from '../mm/pages.ts';
import type { CopyVector } from '../pagemap/devmem.ts';
import type { Fence } from '../sched/fence.ts';
import type { JobQueue } from '../sched/job-queue.ts';
import type { VramManager } from '../vram/vram.ts';
import { CopyPlan } from './migrate-plan.ts';
import { MAX_COPY_PAGES, slotPages } from './migrate-runs.ts';
import { MigrateVm } from './migrate-vm.ts';

/** `translated`: both sides through the engine's tables, as the driver does. `physical`: by frames. */
export type CopyMode = 'translated' | 'physical';
export type CopyDirection = 'to-vram' | 'to-ram';

/** Where page frames are; PageStore is one. */
export interface FrameLookup {
  frameOf(pfn: Pfn): Frame;
  spaceOf(pfn: Pfn): SpaceId;
}

export interface MigrateEngineConfig {
  readonly vram: VramManager;
  readonly jobs: JobQueue;
  readonly pages: FrameLookup;
  /** Memory space of the device's VRAM. */
  readonly space: SpaceId;
  readonly mode: CopyMode;
  /** See MigrateVmConfig. */
  readonly need64k?: boolean;
}

export class MigrateEngine {
  /** Name of the device's in-order queue. */
  readonly queue: string;
  /** Pages copied and pages zero-filled since the start. */
  copied = 0;
  zeroFilled = 0;
  /** Measure GPU time of copy jobs. */
  timed = false;
  private readonly config: MigrateEngineConfig;
  private readonly plan: CopyPlan;
  private current: CopyMode = 'physical';
  private vm: MigrateVm | null = null;

  /** In translated mode VRAM must have 33 pages for the engine's tables. */
  constructor(config: MigrateEngineConfig) {
    this.config = config;
    this.queue = `copy${config.vram.device}`;
    this.plan = new CopyPlan(config.space);
    const status = this.setMode(config.mode);
    assert(status === 0, () => `no VRAM for the migrate address space: ${status}`);
  }

  get mode(): CopyMode {
    return this.current;
  }

  /** The engine's address space; null until it was first needed. */
  get addressSpace(): MigrateVm | null {
    return this.vm;
  }

  /** Copies from now on use `mode`. ENOMEM: no VRAM for the engine's tables; the mode stays. */
  setMode(mode: CopyMode): Status {
    if (mode === 'translated' && this.vm === null) {
      const vm = MigrateVm.create(this.config);
      if (isErrno(vm)) return vm;
      this.vm = vm;
      this.config.jobs.submit(this.queue, 'migrate tables', vm.setup);
    }
    this.current = mode;
    return 0;
  }

  /**
   * Issues the copy of every live pair; to VRAM, device pages without a partner are filled with zeroes (I-C4). Pages of
   * a peer's VRAM as partners are copied by frames in either mode. Returns the fence of the last job, null when there
   * is nothing to do; the vector may be reused at once.
   */
  copy(v: CopyVector, direction: CopyDirection): Fence | null {
    const { plan } = this;
    const ramSpace = this.loadPlan(v);
    const commands: Command[] = direction === 'to-vram' ? this.fills(v) : [];
    this.copied += plan.pages;
    const vm = ramSpace === SYSTEM_SPACE && this.current === 'translated' ? this.vm : null;
    if (vm === null) plan.sortFrames(ramSpace, direction);
    const { pages } = plan;
    let fence: Fence | null = null;
    for (let from = 0; from < pages || (from === 0 && commands.length > 0); from += MAX_COPY_PAGES) {
      const job = from === 0 ? commands : [];
      const to = Math.min(from + MAX_COPY_PAGES, pages);
      if (vm === null) plan.emitFrames(from, to, job);
      else if (to > from) plan.emitTranslated(vm, direction, from, to, job);
      fence = this.config.jobs.submit(this.queue, `copy ${direction}`, job, this.timed);
    }
    return fence;
  }

  /** Fills the device pages of `v` that have no partner with zeroes. `copy` to VRAM does it by itself. */
  zeroFill(v: CopyVector): Fence | null {
    const commands = this.fills(v);
    return commands.length === 0 ? null : this.config.jobs.submit(this.queue, 'zero fill', commands, this.timed);
  }

  /** Space of the partners, all of which lie in one. */
  private loadPlan(v: CopyVector): SpaceId {
    const { pages } = this.config;
    let space: SpaceId = SYSTEM_SPACE;
    let first = true;
    this.plan.load(
      v,
      (pfn) => pages.frameOf(pfn),
      (pfn) => {
        const at = pages.spaceOf(pfn);
        assert(first || at === space, () => `one copy with partners in spaces ${space} and ${at}`);
        first = false;
        space = at;
        return pages.frameOf(pfn);
      },
    );
    return space;
  }

  private fills(v: CopyVector): Command[] {
    const commands: Command[] = [];
    let start = 0;
    let pages = 0;
    const flush = (): void => {
      if (pages > 0) commands.push({ op: 'fill', space: this.config.space, frame: start, pages, pattern: 0 });
      this.zeroFilled += pages;
      pages = 0;
    };
    for (let i = 0; i < v.n; i += slotPages(v, i)) {
      if (v.devicePfn[i] === NO_PFN || v.ramPfn[i] !== NO_PFN) continue;
      const frame = this.config.pages.frameOf(v.devicePfn[i] as number);
      if (frame !== start + pages) flush();
      if (pages === 0) start = frame;
      pages += slotPages(v, i);
    }
    flush();
    return commands;
  }
}
