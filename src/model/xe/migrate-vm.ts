// The copy engine's own address space: all of VRAM at 256G, and windows for system pages (xe.md §4.1, root level 4).
//
// One root table and 32 tables in a row ("pt_bo"). Its contents are made by commands like any other table's, so that the
// walker of a translated copy walks real entries. Beyond the driver's layout: where VRAM does not end on 2M, slot 25
// maps the last pages one by one, so that nothing behind the memory's end is ever mapped.
import { assert } from '../../base/assert.ts';
import type { Errno } from '../../base/errno.ts';
import { type Frame, type Vpn } from '../../base/units.ts';
import { MAX_PTE_WRITE_ENTRIES, type Command, type SpaceId, type WalkRoot } from '../../engine/plan/commands.ts';
import type { VramManager } from '../vram/vram.ts';
import { directoryFlags, entryHi, entryLo, leafFlags, XE2_PAT, type EntryFlags } from './pt-entry.ts';
import { PAGES_1G, PAGES_2M, PAGES_64K, TABLE_ENTRIES } from './pt-geometry.ts';

/** Address space id of the engine; no client has it. */
export const MIGRATE_ASID = 0;
/** Window of 4K entries: slots 0…3, 2048 pages from 2M on. */
export const WINDOW_VPN: Vpn = PAGES_2M;
/** Window of up to four 2M leaves, at 64M. */
export const LARGE_WINDOW_VPN: Vpn = 32 * PAGES_2M;
/** One 1G NULL leaf: reads zero. */
export const NULL_VPN: Vpn = 255 * PAGES_1G;
/** Frame f of VRAM is at IDENTITY_VPN + f. */
export const IDENTITY_VPN: Vpn = 256 * PAGES_1G;

/** Tables of pt_bo, by their place in it. Slots 0…25 are window tables, 25 only while it is not the tail of the tail. */
export const PT_BO = { pages: 32, rest: 25, self: 26, l1: 27, l2: 28, l3: 29, tail: 30, compressedTail: 31 } as const;
/** First entry of the large window in the L1 directory. */
const LARGE_WINDOW_ENTRY = 32;
const NULL_ENTRY = 255;
const IDENTITY_ENTRY = 256;
/** 256 GiB: the identity map's end of the level-2 directory. */
const MAX_VRAM_PAGES = 256 * PAGES_1G;
const ROOT_LEVEL = 4;

const KIND = { write: true, atomic: false, null: false, pat: XE2_PAT.writeBack };
const VRAM_SMALL = leafFlags({ ...KIND, vram: true }, 0);
const VRAM_LARGE = leafFlags({ ...KIND, vram: true }, 1);
const NULL_LARGE = leafFlags({ ...KIND, vram: false, null: true }, 2);
const SYSTEM_SMALL = leafFlags({ ...KIND, vram: false }, 0);
const SYSTEM_LARGE = leafFlags({ ...KIND, vram: false }, 1);
const DIRECTORY = directoryFlags(XE2_PAT.none, false);
const COMPACT_DIRECTORY = directoryFlags(XE2_PAT.none, true);

/** A whole table as words, filled entry by entry. */
class TableImage {
  readonly words = new Uint32Array(2 * TABLE_ENTRIES);

  put(index: number, frame: Frame, flags: EntryFlags): void {
    this.words[2 * index] = entryLo(frame, flags.lo);
    this.words[2 * index + 1] = entryHi(frame, flags.hi);
  }

  isEmpty(index: number): boolean {
    return this.words[2 * index] === 0 && this.words[2 * index + 1] === 0;
  }
}

export interface MigrateVmConfig {
  readonly vram: VramManager;
  readonly space: SpaceId;
  /** The self map is a compact table (devices that need 64K granularity). Default false. */
  readonly need64k?: boolean;
}

export class MigrateVm {
  readonly root: WalkRoot;
  /** First frame of pt_bo, 64K-aligned. */
  readonly base: Frame;
  /** Runs before the first translated copy. */
  readonly setup: readonly Command[];
  private readonly space: SpaceId;

  private constructor(config: MigrateVmConfig, rootFrame: Frame, base: Frame) {
    this.space = config.space;
    this.base = base;
    this.root = { space: config.space, frame: rootFrame, level: ROOT_LEVEL };
    this.setup = this.buildSetup(config.vram.pages, config.need64k ?? false);
  }

  /** Takes 33 pages of table memory for good. ENOMEM: they are not there. */
  static create(config: MigrateVmConfig): MigrateVm | Errno {
    const { vram } = config;
    assert(vram.pages <= MAX_VRAM_PAGES, () => `${vram.pages} pages of VRAM, the identity map holds ${MAX_VRAM_PAGES}`);
    const base = vram.allocTableBlock(PT_BO.pages);
    if (base === -1) return 'ENOMEM';
    const root = vram.allocTable();
    if (root !== -1) return new MigrateVm(config, root, base);
    vram.freeTableBlock(base);
    return 'ENOMEM';
  }

  /** Virtual page at which the engine sees a frame of VRAM. */
  vramVpn(frame: Frame): Vpn {
    return IDENTITY_VPN + frame;
  }

  /**
   * Appends the stores that put the system frames [from, to) of `frames` at WINDOW_VPN and on: at most 2048, in packets
   * of at most 510 entries, each within one table (xe.md §4.2, §4.3).
   */
  mapWindow(frames: Uint32Array, from: number, to: number, out: Command[]): void {
    const words = new Uint32Array(2 * (to - from));
    for (let i = 0; i < to - from; i++) {
      const frame = frames[from + i] as number;
      words[2 * i] = entryLo(frame, SYSTEM_SMALL.lo);
      words[2 * i + 1] = entryHi(frame, SYSTEM_SMALL.hi);
    }
    for (let at = 0; at < to - from;) {
      const index = at % TABLE_ENTRIES;
      const count = Math.min(MAX_PTE_WRITE_ENTRIES, TABLE_ENTRIES - index, to - from - at);
      const entries = words.subarray(2 * at, 2 * (at + count));
      const table = this.base + Math.floor(at / TABLE_ENTRIES);
      out.push({ op: 'pteWrite', space: this.space, table, index, entries });
      at += count;
    }
  }

  /** The same with 2M leaves at LARGE_WINDOW_VPN: every 512th frame of [from, to), each 2M-aligned, at most four. */
  mapLargeWindow(frames: Uint32Array, from: number, to: number, out: Command[]): void {
    const count = (to - from) / PAGES_2M;
    const entries = new Uint32Array(2 * count);
    for (let i = 0; i < count; i++) {
      const frame = frames[from + i * PAGES_2M] as number;
      entries[2 * i] = entryLo(frame, SYSTEM_LARGE.lo);
      entries[2 * i + 1] = entryHi(frame, SYSTEM_LARGE.hi);
    }
    const table = this.base + PT_BO.l1;
    out.push({ op: 'pteWrite', space: this.space, table, index: LARGE_WINDOW_ENTRY, entries });
  }

  private buildSetup(vramPages: number, need64k: boolean): Command[] {
    const slots = Array.from({ length: PT_BO.pages }, () => new TableImage());
    const slot = (index: number): TableImage => slots[index] as TableImage;
    slot(PT_BO.l3).put(0, this.base + PT_BO.l2, DIRECTORY);
    slot(PT_BO.l2).put(0, this.base + PT_BO.l1, DIRECTORY);
    slot(PT_BO.l2).put(NULL_ENTRY, 0, NULL_LARGE);
    this.mapSelf(slot(PT_BO.l1), slot(PT_BO.self), need64k);
    const usesRest = this.mapIdentity(slot, vramPages);
    for (let s = 0; s < (usesRest ? PT_BO.rest : PT_BO.self); s++) slot(PT_BO.l1).put(s + 1, this.base + s, DIRECTORY);
    const top = new TableImage();
    top.put(0, this.base + PT_BO.l3, DIRECTORY);
    const commands: Command[] = [];
    slots.forEach((image, i) => emitImage(image, this.space, this.base + i, commands));
    emitImage(top, this.space, this.root.frame, commands);
    return commands;
  }

  /** pt_bo itself at VA 0: slot i at page i. */
  private mapSelf(l1: TableImage, self: TableImage, need64k: boolean): void {
    l1.put(0, this.base + PT_BO.self, need64k ? COMPACT_DIRECTORY : DIRECTORY);
    const step = need64k ? PAGES_64K : 1;
    for (let page = 0; page < PT_BO.pages; page += step) self.put(page / step, this.base + page, VRAM_SMALL);
  }

  /** 1G leaves, the last (possibly partial) GiB in 2M leaves, the last partial 2M in pages. True: slot 25 is in use. */
  private mapIdentity(slot: (index: number) => TableImage, pages: number): boolean {
    const tailStart = Math.floor((pages - 1) / PAGES_1G) * PAGES_1G;
    for (let frame = 0; frame < tailStart; frame += PAGES_1G) {
      slot(PT_BO.l2).put(IDENTITY_ENTRY + frame / PAGES_1G, frame, VRAM_LARGE);
    }
    slot(PT_BO.l2).put(IDENTITY_ENTRY + tailStart / PAGES_1G, this.base + PT_BO.tail, DIRECTORY);
    const restStart = pages - (pages % PAGES_2M);
    for (let frame = tailStart; frame < restStart; frame += PAGES_2M) {
      slot(PT_BO.tail).put((frame - tailStart) / PAGES_2M, frame, VRAM_LARGE);
    }
    if (restStart === pages) return false;
    slot(PT_BO.tail).put((restStart - tailStart) / PAGES_2M, this.base + PT_BO.rest, DIRECTORY);
    for (let frame = restStart; frame < pages; frame++) slot(PT_BO.rest).put(frame - restStart, frame, VRAM_SMALL);
    return true;
  }
}

/** Stores a whole table: packets where there are entries, zeroes between them; no word twice. */
function emitImage(image: TableImage, space: SpaceId, table: Frame, out: Command[]): void {
  for (let index = 0; index < TABLE_ENTRIES;) {
    const empty = image.isEmpty(index);
    let end = index + 1;
    while (end < TABLE_ENTRIES && image.isEmpty(end) === empty && (empty || end - index < MAX_PTE_WRITE_ENTRIES)) end++;
    if (empty) out.push({ op: 'zap', space, table, index, count: end - index });
    else out.push({ op: 'pteWrite', space, table, index, entries: image.words.subarray(2 * index, 2 * end) });
    index = end;
  }
}
