// Builds small page tables as PTE_WRITE commands, for tests: directories appear on the way to each leaf, one command an
// entry. Hand-written and independent of the model's own table code.
import type { PteWrite, SpaceId } from '../../src/engine/plan/commands.ts';

/** Bits of an entry's low word (xe.md §5.2), spelled out again so that a test does not trust the code it checks. */
export const BIT = {
  present: 1 << 0,
  rw: 1 << 1,
  pde64: 1 << 6,
  pageSize: 1 << 7,
  ps64: 1 << 8,
  null: 1 << 9,
  atomic: 1 << 10,
  deviceMemory: 1 << 11,
} as const;

export type LeafKind = '4K' | 'ps64' | 'compact64K' | '2M' | '1G';

/** 4 KiB pages that each kind of leaf covers. A PS64 group is written as its 16 entries. */
export const LEAF_PAGES: Record<LeafKind, number> = { '4K': 1, ps64: 16, compact64K: 16, '2M': 512, '1G': 512 * 512 };

/** lo, hi of an entry that points at `frame`. */
export function entry(frame: number, bits: number): [number, number] {
  return [(((frame % 0x100000) << 12) | bits) >>> 0, Math.floor(frame / 0x100000)];
}

interface Table {
  readonly frame: number;
  readonly compact: boolean;
  readonly children: Map<number, Table>;
}

/** Index of the page's entry in a table of `level`. */
function slot(vpn: number, level: number, compact: boolean): number {
  return compact ? Math.floor(vpn / 16) % 32 : Math.floor(vpn / 512 ** level) % 512;
}

export class PageTables {
  readonly space: SpaceId;
  readonly level: number;
  /** Entries written since the last `take`, in order. */
  #writes: PteWrite[] = [];
  readonly #root: Table;
  readonly #newFrame: () => number;

  /** `newFrame` hands out zeroed frames of `space` for tables; the root is the first one. */
  constructor(space: SpaceId, level: number, newFrame: () => number) {
    this.space = space;
    this.level = level;
    this.#newFrame = newFrame;
    this.#root = { frame: newFrame(), compact: false, children: new Map() };
  }

  get root(): { space: SpaceId; frame: number; level: number } {
    return { space: this.space, frame: this.#root.frame, level: this.level };
  }

  /** Commands that bring memory up to date. */
  take(): PteWrite[] {
    const writes = this.#writes;
    this.#writes = [];
    return writes;
  }

  /**
   * Maps the leaf at `vpn` (aligned to its kind) to `frame` with `bits` beside present and `hiBits` in the high word.
   * False when a table or leaf of another shape is in the way. Maps over an older leaf of the same shape.
   */
  map(vpn: number, kind: LeafKind, frame: number, bits: number, hiBits = 0): boolean {
    const level = kind === '2M' ? 1 : kind === '1G' ? 2 : 0;
    const table = this.#descend(vpn, level, kind === 'compact64K');
    if (table === null || table.children.has(slot(vpn, level, table.compact))) return false;
    const big = level > 0 ? BIT.pageSize : 0;
    const hint = kind === 'ps64' ? BIT.ps64 : 0;
    const count = kind === 'ps64' ? 16 : 1;
    for (let i = 0; i < count; i++)
      this.#write(table, slot(vpn, level, table.compact) + i, frame + i, bits | big | hint | BIT.present, hiBits);
    return true;
  }

  /** Table and index of the entry for `vpn` at `level`; null when no such table is there. */
  find(vpn: number, level: number): { table: number; index: number } | null {
    let table: Table | undefined = this.#root;
    for (let at = this.level; at > level && table !== undefined; at--)
      table = table.children.get(slot(vpn, at, table.compact));
    return table === undefined ? null : { table: table.frame, index: slot(vpn, level, table.compact) };
  }

  #descend(vpn: number, level: number, compact: boolean): Table | null {
    let table = this.#root;
    for (let at = this.level; at > level; at--) table = this.#child(table, vpn, at, compact && at === 1);
    return table.compact === compact ? table : null;
  }

  #child(table: Table, vpn: number, level: number, compact: boolean): Table {
    const index = slot(vpn, level, table.compact);
    const old = table.children.get(index);
    if (old !== undefined) return old;
    const child = { frame: this.#newFrame(), compact, children: new Map<number, Table>() };
    table.children.set(index, child);
    this.#write(table, index, child.frame, BIT.present | BIT.rw | (compact ? BIT.pde64 : 0));
    return child;
  }

  #write(table: Table, index: number, frame: number, bits: number, hiBits = 0): void {
    const [lo, hi] = entry(frame, bits);
    const entries = Uint32Array.of(lo, hi | hiBits);
    this.#writes.push({ op: 'pteWrite', space: this.space, table: table.frame, index, entries });
  }
}
