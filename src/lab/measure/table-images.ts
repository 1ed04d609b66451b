// Page tables as whole frames for benchmark cases: built on the host, uploaded once, in the hardware's format (xe.md §5).
import { PAGE_SIZE, WORDS_PER_PAGE, type Frame, type Vpn } from '../../base/units.ts';
import { VRAM_SPACE, type Command, type WalkRoot } from '../../engine/plan/commands.ts';
import { WGSL } from '../../engine/plan/layouts.gen.ts';

/** 57-bit addresses. */
const ROOT_LEVEL = 4;
/** Pages below one entry of a table at each level. */
const ENTRY_PAGES = [1, 512, 512 ** 2, 512 ** 3, 512 ** 4] as const;

/** Low bits of leaves that benchmarks use. */
export const LEAF = {
  system: WGSL.PTE_PRESENT | WGSL.PTE_RW,
  vram: WGSL.PTE_PRESENT | WGSL.PTE_RW | WGSL.PTE_DEVICE_MEMORY | WGSL.PTE_ATOMIC,
  large: WGSL.PTE_PAGE_SIZE,
  part64K: WGSL.PTE_PS64,
} as const;
const DIRECTORY = WGSL.PTE_PRESENT | WGSL.PTE_RW;
/** Pages below one entry of a compact table of level 0, and how many it has. */
const COMPACT_PAGES = 16;
const COMPACT_ENTRIES = 32;

/** Low word of an entry that points to `frame`. */
export function entryLo(frame: Frame, flags: number): number {
  return ((frame % 0x100000) * PAGE_SIZE + flags) >>> 0;
}

/** High word of an entry that points to `frame`. */
export function entryHi(frame: Frame): number {
  return Math.floor(frame / 0x100000);
}

/** Tables of one address space under construction. Frames come from `take`, one table each. */
export class TableImages {
  readonly root: WalkRoot;
  readonly #take: () => Frame;
  readonly #tables = new Map<Frame, Uint32Array>();
  /** Frame of the table of a level that covers a page. */
  readonly #frames = new Map<string, Frame>();

  constructor(take: () => Frame) {
    this.#take = take;
    this.root = { space: VRAM_SPACE, frame: this.#newTable(), level: ROOT_LEVEL };
  }

  /** Maps [vpn, vpn + pages of a leaf at `level`) to `frame` with `flags`; level 1 and 2 leaves get the size bit. */
  map(vpn: Vpn, level: 0 | 1 | 2, frame: Frame, flags: number): void {
    const table = this.table(vpn, level);
    this.#set(table, indexAt(vpn, level), frame, level === 0 ? flags : flags | LEAF.large);
  }

  /** Maps the 16 pages at `vpn` to those at `frame` by one entry of a compact table; the whole 2 MiB is mapped like that. */
  mapCompact(vpn: Vpn, frame: Frame, flags: number): void {
    this.#set(this.table(vpn, 0, true), Math.floor(vpn / COMPACT_PAGES) % COMPACT_ENTRIES, frame, flags);
  }

  /** Tables made so far, the root included. */
  get tables(): number {
    return this.#tables.size;
  }

  /** Frame of the table of `level` that covers `vpn`; it and all above it are made where they are missing. */
  table(vpn: Vpn, level: number, compact = false): Frame {
    if (level === ROOT_LEVEL) return this.root.frame;
    const key = `${level}:${Math.floor(vpn / (ENTRY_PAGES[level + 1] as number))}`;
    const known = this.#frames.get(key);
    if (known !== undefined) return known;
    const frame = this.#newTable();
    this.#frames.set(key, frame);
    const flags = compact ? DIRECTORY | WGSL.PTE_COMPACT : DIRECTORY;
    this.#set(this.table(vpn, level + 1), indexAt(vpn, level + 1), frame, flags);
    return frame;
  }

  /** Commands that put every table in place. */
  uploads(): Command[] {
    return [...this.#tables].map(([frame, words]) => ({ op: 'upload', space: VRAM_SPACE, frame, words }));
  }

  #newTable(): Frame {
    const frame = this.#take();
    this.#tables.set(frame, new Uint32Array(WORDS_PER_PAGE));
    return frame;
  }

  #set(table: Frame, index: number, frame: Frame, flags: number): void {
    const words = this.#tables.get(table) as Uint32Array;
    words[2 * index] = entryLo(frame, flags);
    words[2 * index + 1] = entryHi(frame);
  }
}

/** Index of the entry that covers `vpn` in a table of `level`. */
export function indexAt(vpn: Vpn, level: number): number {
  return Math.floor(vpn / (ENTRY_PAGES[level] as number)) % 512;
}
