// The copy engine of one device: turns copy vectors into jobs on its one in-order queue (xe.md §3.4, §4).
//
// A vector of at most 2048 pages is one job, so that a copy fails as a whole or not at all; the driver makes one job of
// each run. Longer vectors become several jobs, and the last fence stands for all of them (xe.md §4.7).
import { assert } from '../../base/assert.ts';
import { isErrno, type Status } from '../../base/errno.ts';
import { SYSTEM_SPACE, type Command, type SpaceId } from '../../engine/plan/commands.ts';
import { NO_PFN } from '../mm/pages.ts';
import type { CopyVector } from '../pagemap/devmem.ts';
import type { Fence } from '../sched/fence.ts';
import type { JobQueue } from '../sched/job-queue.ts';
import type { VramManager } from '../vram/vram.ts';
import { CopyPlan, type CopyDirection, type FrameLookup } from './migrate-plan.ts';
import { MAX_COPY_PAGES, slotPages } from './migrate-runs.ts';
import { MigrateVm } from './migrate-vm.ts';

export type { CopyDirection, FrameLookup };

/** `translated`: both sides through the engine's tables, as the driver does. `physical`: by frames. */
export type CopyMode = 'translated' | 'physical';

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
    this.plan = new CopyPlan(config.space, config.pages);
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
    plan.load(v);
    const { pages } = plan;
    let commands: Command[] = direction === 'to-vram' ? this.fills(v) : [];
    if (pages === 0 && commands.length === 0) return null;
    this.copied += pages;
    const vm = plan.partnerSpace === SYSTEM_SPACE && this.current === 'translated' ? this.vm : null;
    if (vm === null) plan.sortFrames(direction);
    for (let from = 0; ; commands = []) {
      const to = Math.min(from + MAX_COPY_PAGES, pages);
      if (vm === null) plan.emitFrames(from, to, commands);
      else if (to > from) plan.emitTranslated(vm, direction, from, to, commands);
      const fence = this.config.jobs.submit(this.queue, `copy ${direction}`, commands, this.timed);
      if (to === pages) return fence;
      from = to;
    }
  }

  /** Fills the device pages of `v` that have no partner with zeroes. `copy` to VRAM does it by itself. */
  zeroFill(v: CopyVector): Fence | null {
    const commands = this.fills(v);
    return commands.length === 0 ? null : this.config.jobs.submit(this.queue, 'zero fill', commands, this.timed);
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
