// SvmPages: where the pages of one virtual span are right now, as far as the device's mappings know. Owns no range.
import type { Frame } from '../../base/units.ts';
import type { Pagemap } from '../pagemap/pagemap.ts';

/** How a mapped entry is reached (gpusvm-and-pagemap.md §1.7, xe.md §3.5). */
export const PROTO = { SYSTEM: 0, VRAM: 1, P2P: 2 } as const;
export type Proto = (typeof PROTO)[keyof typeof PROTO];

/** DMA direction of an entry. */
export const DMA_DIR = { bidirectional: 0, toDevice: 1 } as const;

/** Published as a whole and never changed in place, so that readers without the lock see one consistent set. */
export interface PagesFlags {
  /** A CPU unmap touched the span; never cleared (I18). */
  readonly unmapped: boolean;
  /** … and left a part of it mapped; never cleared. */
  readonly partialUnmap: boolean;
  readonly hasDevmemPages: boolean;
  readonly hasDmaMapping: boolean;
}

/** What the caller of the last successful get_pages asked for; the invariants I20, I21 and I24 read it. */
export const ACQUIRED = { readOnly: 1, allowMixed: 2, devmemOnly: 4 } as const;

/** Arrays of the entries of one pages object. */
export interface PageSlots {
  readonly frames: Uint32Array;
  readonly meta: Uint16Array;
}

export function makeSlots(capacity: number): PageSlots {
  return { frames: new Uint32Array(capacity), meta: new Uint16Array(capacity) };
}

/**
 * Entries are order-compressed: slot j covers 2^order pages, only the first `count` slots mean anything, and their
 * sizes add up to `npages` (I22). Life: empty → mapped → stale (arrays kept, nothing mapped) → empty …
 * (gpusvm-and-pagemap.md §1.6).
 */
export class SvmPages {
  readonly npages: number;
  /** For SYSTEM the system frame, otherwise the frame in the VRAM of `dpagemap.device`. Null while empty. */
  frames: Uint32Array | null = null;
  /** proto | order << 2 | dir << 8. */
  meta: Uint16Array | null = null;
  count = 0;
  /** The one pagemap whose pages are mapped; holds a reference on it. */
  dpagemap: Pagemap | null = null;
  /** Notifier sequence at which the pages were last obtained; −1 = never. */
  notifierSeq = -1;
  flags: PagesFlags = flagsFor(0);
  /** System pages DMA-mapped through this object (I15, I31). */
  dmaMapped = 0;
  /** ACQUIRED bits. */
  acquired = 0;

  constructor(npages: number) {
    this.npages = npages;
  }

  /** Calls `fn` for each maximal run of one protocol and ascending frames; `pageOffset` counts from the span's start. */
  forEachSegment(fn: (pageOffset: number, proto: Proto, frame: Frame, pages: number) => void): void {
    let start = 0;
    let length = 0;
    let proto: Proto = PROTO.SYSTEM;
    let first = 0;
    for (let slot = 0; slot < this.count; slot++) {
      const frame = this.frames?.[slot] ?? 0;
      const size = 1 << slotOrder(this, slot);
      if (length > 0 && slotProto(this, slot) === proto && frame === first + length) {
        length += size;
        continue;
      }
      if (length > 0) fn(start, proto, first, length);
      start += length;
      length = size;
      proto = slotProto(this, slot);
      first = frame;
    }
    if (length > 0) fn(start, proto, first, length);
  }
}

export function slotProto(pages: SvmPages, slot: number): Proto {
  return ((pages.meta?.[slot] ?? 0) & 3) as Proto;
}

export function slotOrder(pages: SvmPages, slot: number): number {
  return ((pages.meta?.[slot] ?? 0) >> 2) & 63;
}

export function slotDir(pages: SvmPages, slot: number): number {
  return (pages.meta?.[slot] ?? 0) >> 8;
}

export function encodeMeta(proto: number, order: number, dir: number): number {
  return proto | (order << 2) | (dir << 8);
}

/**
 * True while mappings exist. The caller holds notifierLock: this is the last test before GPU page tables are written,
 * instead of a sequence check, since notifiers are wider than ranges (gpusvm-and-pagemap.md §3.6, §3.10).
 */
export function pagesValid(pages: SvmPages): boolean {
  return pages.flags.hasDevmemPages || pages.flags.hasDmaMapping;
}

/** Replaces the mapping half of the flags; the unmap half stays. */
export function publishMapping(pages: SvmPages, hasDevmemPages: boolean, hasDmaMapping: boolean): void {
  const { unmapped, partialUnmap } = pages.flags;
  pages.flags = flagsFor(bits(unmapped, partialUnmap, hasDevmemPages, hasDmaMapping));
}

/** Adds to the unmap half of the flags; nothing ever takes away from it. */
export function publishUnmapped(pages: SvmPages, partial: boolean): void {
  const { partialUnmap, hasDevmemPages, hasDmaMapping } = pages.flags;
  pages.flags = flagsFor(bits(true, partialUnmap || partial, hasDevmemPages, hasDmaMapping));
}

function bits(unmapped: boolean, partialUnmap: boolean, hasDevmemPages: boolean, hasDmaMapping: boolean): number {
  return (unmapped ? 1 : 0) | (partialUnmap ? 2 : 0) | (hasDevmemPages ? 4 : 0) | (hasDmaMapping ? 8 : 0);
}

/** The sixteen possible flag words, shared by all pages objects. */
let table: readonly PagesFlags[] | null = null;

function flagsFor(word: number): PagesFlags {
  table ??= Array.from({ length: 16 }, (_, bit) =>
    Object.freeze({
      unmapped: (bit & 1) !== 0,
      partialUnmap: (bit & 2) !== 0,
      hasDevmemPages: (bit & 4) !== 0,
      hasDmaMapping: (bit & 8) !== 0,
    }),
  );
  return table[word] as PagesFlags;
}
