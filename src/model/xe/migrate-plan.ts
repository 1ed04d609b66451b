// One copy vector spread out to pages: VRAM runs with their partners' frames, and the copy commands of a slice of it.
import { assert } from '../../base/assert.ts';
import type { Frame, Pfn } from '../../base/units.ts';
import { SYSTEM_SPACE, type Command, type SpaceId } from '../../engine/plan/commands.ts';
import type { CopyVector } from '../pagemap/devmem.ts';
import { buildRuns, slotPages } from './migrate-runs.ts';
import { LARGE_WINDOW_VPN, MIGRATE_ASID, WINDOW_VPN, type MigrateVm } from './migrate-vm.ts';
import { PAGES_2M } from './pt-geometry.ts';
import { tlbInvalAll } from './tlb.ts';

export type CopyDirection = 'to-vram' | 'to-ram';

/** Where page frames are; PageStore is one. */
export interface FrameLookup {
  frameOf(pfn: Pfn): Frame;
  spaceOf(pfn: Pfn): SpaceId;
}

/** Pages [at, at + pages) of the plan: contiguous in VRAM from `frame` on. */
interface PlanRun {
  readonly at: number;
  readonly pages: number;
  readonly frame: Frame;
}

/** Contiguous on both sides. */
interface FrameRun {
  readonly srcFrame: Frame;
  readonly dstFrame: Frame;
  pages: number;
}

/** Reused from copy to copy. */
export class CopyPlan {
  /** Pages in the plan. */
  pages = 0;
  /** Space of all partners: system memory, or the VRAM of a peer. */
  partnerSpace: SpaceId = SYSTEM_SPACE;
  private readonly space: SpaceId;
  private readonly lookup: FrameLookup;
  private runs: PlanRun[] = [];
  private frameRuns: FrameRun[] = [];
  private srcSpace: SpaceId = SYSTEM_SPACE;
  private dstSpace: SpaceId = SYSTEM_SPACE;
  /** Frame of each page's partner. */
  private partners = new Uint32Array(0);
  /** All partners are whole, aligned 2M folios. */
  private folios = false;

  /** @param space memory space of the VRAM. */
  constructor(space: SpaceId, lookup: FrameLookup) {
    this.space = space;
    this.lookup = lookup;
  }

  /** Takes the live pairs of `v`, in slot order. Their partners lie in one space. */
  load(v: CopyVector): void {
    this.pages = 0;
    this.runs = [];
    this.partnerSpace = SYSTEM_SPACE;
    this.folios = v.order !== null;
    for (const run of buildRuns(v)) {
      if (this.partners.length < this.pages + run.pages) this.grow(this.pages + run.pages);
      const frame = this.lookup.frameOf(v.devicePfn[run.pos] as number);
      this.runs.push({ at: this.pages, pages: run.pages, frame });
      this.spread(v, run.pos, run.pos + run.pages);
    }
  }

  private spread(v: CopyVector, from: number, to: number): void {
    for (let slot = from; slot < to;) {
      const pages = slotPages(v, slot);
      const frame = this.partnerFrame(v.ramPfn[slot] as number);
      if (pages !== PAGES_2M || frame % PAGES_2M !== 0) this.folios = false;
      for (let j = 0; j < pages; j++) this.partners[this.pages++] = frame + j;
      slot += pages;
    }
  }

  private partnerFrame(pfn: Pfn): Frame {
    const space = this.lookup.spaceOf(pfn);
    if (this.pages === 0) this.partnerSpace = space;
    assert(space === this.partnerSpace, () => `one copy with partners in spaces ${this.partnerSpace} and ${space}`);
    return this.lookup.frameOf(pfn);
  }

  private grow(pages: number): void {
    const old = this.partners;
    this.partners = new Uint32Array(Math.max(pages, 2 * old.length));
    this.partners.set(old);
  }

  /**
   * Appends the translated copy of pages [from, to), at most 2048: partners into the window, flush, one copy a run
   * (xe.md §4.3). Whole 2M folios go through the window of 2M leaves.
   */
  emitTranslated(vm: MigrateVm, direction: CopyDirection, from: number, to: number, out: Command[]): void {
    const large = this.folios;
    if (large) vm.mapLargeWindow(this.partners, from, to, out);
    else vm.mapWindow(this.partners, from, to, out);
    out.push(tlbInvalAll(MIGRATE_ASID));
    const window = large ? LARGE_WINDOW_VPN : WINDOW_VPN;
    const up = direction === 'to-vram';
    for (const run of this.runs) {
      const first = Math.max(run.at, from);
      const pages = Math.min(run.at + run.pages, to) - first;
      if (pages <= 0) continue;
      const system = window + first - from;
      const device = vm.vramVpn(run.frame + first - run.at);
      out.push({
        op: 'copyTranslated',
        root: vm.root,
        srcSpace: up ? SYSTEM_SPACE : this.space,
        srcVpn: up ? system : device,
        dstSpace: up ? this.space : SYSTEM_SPACE,
        dstVpn: up ? device : system,
        pages,
      });
    }
  }

  /** Prepares a copy by frames: joins what is contiguous on both sides and orders it by destination. */
  sortFrames(direction: CopyDirection): void {
    const up = direction === 'to-vram';
    this.srcSpace = up ? this.partnerSpace : this.space;
    this.dstSpace = up ? this.space : this.partnerSpace;
    this.frameRuns = [];
    for (const run of this.runs) this.joinRun(run, up);
    this.frameRuns.sort((a, b) => a.dstFrame - b.dstFrame);
  }

  private joinRun(run: PlanRun, up: boolean): void {
    let open = this.frameRuns.at(-1);
    for (let i = 0; i < run.pages; i++) {
      const device = run.frame + i;
      const partner = this.partners[run.at + i] as number;
      const srcFrame = up ? partner : device;
      const dstFrame = up ? device : partner;
      if (open !== undefined && open.srcFrame + open.pages === srcFrame && open.dstFrame + open.pages === dstFrame) {
        open.pages++;
        continue;
      }
      open = { srcFrame, dstFrame, pages: 1 };
      this.frameRuns.push(open);
    }
  }

  /** Appends the copies by frames of pages [from, to) in destination order. */
  emitFrames(from: number, to: number, out: Command[]): void {
    const { srcSpace, dstSpace } = this;
    let at = 0;
    for (const run of this.frameRuns) {
      const skip = Math.max(from - at, 0);
      const pages = Math.min(at + run.pages, to) - (at + skip);
      at += run.pages;
      if (pages <= 0) continue;
      const srcFrame = run.srcFrame + skip;
      const dstFrame = run.dstFrame + skip;
      out.push({ op: 'copy', srcSpace, srcFrame, dstSpace, dstFrame, pages });
    }
  }
}
