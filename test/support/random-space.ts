// A random GPU address space for differential tests: a few regions, each of one kind of leaf, that can be mapped,
// remapped, zapped and damaged again and again without a table ever changing its shape.
//
// Leaves point into the data frames 0 … DATA_PAGES − 1 of a space or outside every space, never at a table: an access
// that changed a table while others walk it would have no defined result.
import type { Rng } from '../../src/base/rng.ts';
import type { Command, SpaceId } from '../../src/engine/plan/commands.ts';
import { BIT, LEAF_PAGES, PageTables, type LeafKind } from './page-tables.ts';

/** Frames 0 … of every space that hold data; tables lie above. */
export const DATA_PAGES = 32;
/** Every space is smaller than this: frames from here on are outside. */
export const OUTSIDE = 256;

const KINDS: readonly LeafKind[] = ['4K', 'ps64', 'compact64K', '2M', '1G'];
const GIB_PAGES = 2 ** 18;

interface Region {
  readonly kind: LeafKind;
  /** First pages of the leaves that may appear here. */
  readonly starts: readonly number[];
}

export function pick<T>(rng: Rng, list: readonly T[]): T {
  return list[rng.below(list.length)] as T;
}

export function chance(rng: Rng, percent: number): boolean {
  return rng.below(100) < percent;
}

/** A number below `bound`, which may exceed 2^32. */
function belowWide(rng: Rng, bound: number): number {
  return bound <= 2 ** 32 ? rng.below(bound) : Math.floor((rng.u32() * 2 ** 20 + (rng.u32() >>> 12)) % bound);
}

export class RandomSpace {
  readonly tables: PageTables;
  readonly asid: number;
  readonly #rng: Rng;
  readonly #regions: Region[];
  readonly #pages: number;

  /** `newFrame` hands out zeroed frames of `space` above DATA_PAGES. */
  constructor(rng: Rng, space: SpaceId, asid: number, newFrame: () => number) {
    this.#rng = rng;
    this.asid = asid;
    const level = pick(rng, [3, 4]);
    this.#pages = 2 ** (level === 3 ? 36 : 45);
    this.tables = new PageTables(space, level, newFrame);
    this.#regions = KINDS.map((kind, i) => ({ kind, starts: this.#starts(kind, i) }));
  }

  /** Regions keep to GiB blocks of their own: block number i modulo 5. Some sit at either end of the address space. */
  #starts(kind: LeafKind, i: number): number[] {
    const blocks = this.#pages / GIB_PAGES;
    const last = Math.floor((blocks - 1 - i) / 5) * 5 + i;
    const block = pick(this.#rng, [i, last, Math.floor(belowWide(this.#rng, blocks - 5) / 5) * 5 + i]);
    const slots = kind === '4K' ? [0, 1, 2, 17, 510, 511, 512] : [0, 1, 31];
    if (kind === '1G') return [block * GIB_PAGES];
    return slots.map((slot) => block * GIB_PAGES + slot * LEAF_PAGES[kind]);
  }

  /** Maps, remaps, zaps or damages one leaf; the commands include an invalidation, mostly the right one. */
  change(): Command[] {
    const { kind, starts } = pick(this.#rng, this.#regions);
    const vpn = pick(this.#rng, starts);
    const wrote = this.#rewrite(vpn, kind);
    if (chance(this.#rng, 85)) wrote.push(this.#invalidateLeaf(vpn, kind));
    else if (chance(this.#rng, 50)) wrote.push(this.invalidate());
    return wrote;
  }

  /**
   * What it takes to see whether a TLB line was dropped: pages of one leaf to touch before and after, and a change of
   * that leaf with an invalidation that covers it, ends at it, begins behind it, or means somebody else.
   */
  stale(): { readonly pages: readonly number[]; readonly changes: Command[] } {
    const rng = this.#rng;
    const { kind, starts } = pick(rng, this.#regions);
    const vpn = pick(rng, starts);
    const size = LEAF_PAGES[kind];
    const pages = Array.from({ length: 3 }, () => vpn + rng.below(Math.min(size, DATA_PAGES)));
    const near = pick(rng, [vpn - 1, vpn - 2, vpn, vpn + size - 1, vpn + size]);
    const log2Pages = pick(rng, [0, 1, 2]);
    const asid = chance(rng, 75) ? this.asid : rng.below(0x100000);
    const room = Math.min(Math.max(near, 0), 2 ** 45 - 4);
    return { pages, changes: [...this.#rewrite(vpn, kind), { op: 'tlbInval', asid, vpn: room, log2Pages }] };
  }

  #rewrite(vpn: number, kind: LeafKind): Command[] {
    return chance(this.#rng, 75) ? this.#map(vpn, kind) : this.#zap(vpn, kind);
  }

  #invalidateLeaf(vpn: number, kind: LeafKind): Command {
    return { op: 'tlbInval', asid: this.asid, vpn, log2Pages: Math.log2(LEAF_PAGES[kind]) };
  }

  /** Any invalidation, of this space or another. */
  invalidate(): Command {
    const rng = this.#rng;
    const asid = chance(rng, 80) ? this.asid : rng.below(0x100000);
    if (chance(rng, 20)) return { op: 'tlbInval', asid, vpn: belowWide(rng, 2 ** 45), log2Pages: 63 };
    const log2Pages = pick(rng, [0, 1, 3, 4, 5, 9, 10, 18, 33, 45]);
    const page = chance(rng, 80) ? this.page() : belowWide(rng, 2 ** 45);
    const start = chance(rng, 70) ? page - (page % 2 ** log2Pages) : page;
    return { op: 'tlbInval', asid, vpn: Math.min(start, 2 ** 45 - 2 ** log2Pages), log2Pages };
  }

  /** A page to touch: mostly one that a leaf may cover. */
  page(): number {
    const rng = this.#rng;
    if (chance(rng, 8)) return belowWide(rng, this.#pages);
    const { kind, starts } = pick(rng, this.#regions);
    const pages = LEAF_PAGES[kind];
    const inside = chance(rng, 90) || pages <= OUTSIDE ? rng.below(Math.min(pages, DATA_PAGES)) : OUTSIDE;
    return pick(rng, starts) + inside;
  }

  #map(vpn: number, kind: LeafKind): Command[] {
    this.tables.map(vpn, kind, this.#frame(kind), this.#bits(kind), this.#highBits());
    return this.tables.take();
  }

  /** Bits 63:52 are no part of the frame; PAT3 and PAT4 are among them. */
  #highBits(): number {
    return chance(this.#rng, 30) ? this.#rng.u32() & 0xfff00000 : 0;
  }

  /** A frame whose leaf covers data frames first; sometimes one outside every space. */
  #frame(kind: LeafKind): number {
    const rng = this.#rng;
    if (chance(rng, 5)) return pick(rng, [OUTSIDE * 2, 2 ** 19, 2 ** 20, 2 ** 32, 2 ** 39]);
    if (kind === '4K') return rng.below(DATA_PAGES);
    if (kind === 'ps64') return 16 * rng.below(DATA_PAGES / 16);
    // Bits below the size of the leaf are no part of its frame: noise (a big leaf keeps PAT2 there).
    return kind === 'compact64K' ? rng.below(DATA_PAGES) : rng.below(2);
  }

  #bits(kind: LeafKind): number {
    const rng = this.#rng;
    const pat = (chance(rng, 30) ? 0x18 : 0) | (kind === '4K' && chance(rng, 20) ? BIT.pageSize : 0);
    // A lone entry with the hint of a group lies: two TLB lines of different size may then hold one page.
    const hint = kind === '4K' && chance(rng, 25) ? BIT.ps64 : 0;
    const rights = (chance(rng, 75) ? BIT.rw : 0) | (chance(rng, 60) ? BIT.atomic : 0);
    return pat | hint | rights | (chance(rng, 50) ? BIT.deviceMemory : 0) | (chance(rng, 10) ? BIT.null : 0);
  }

  /** Zaps the leaf, or now and then a directory above it; or points a directory outside its space. */
  #zap(vpn: number, kind: LeafKind): Command[] {
    const rng = this.#rng;
    const leafLevel = kind === '2M' ? 1 : kind === '1G' ? 2 : 0;
    const level = chance(rng, 92) ? leafLevel : Math.min(this.tables.level, leafLevel + 1 + rng.below(2));
    const at = this.tables.find(vpn, level);
    if (at === null) return [];
    const where = { space: this.tables.space, table: at.table, index: at.index };
    if (level > leafLevel && chance(rng, 50))
      return [{ op: 'pteFill', ...where, count: 1, lo: BIT.present | BIT.rw, hi: pick(rng, [1, 0xfffff]) }];
    return [{ op: 'zap', ...where, count: kind === 'ps64' && level === 0 ? 16 : 1 }];
  }
}
