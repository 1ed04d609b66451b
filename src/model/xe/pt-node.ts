// The shadow of one page table: which entries are in use, which of them lead to child tables (xe.md §5.5).
//
// Zapping clears bytes and nothing here: entries stay owned until they are unbound, so that the next bind is a rebind.
import { assert } from '../../base/assert.ts';
import type { Frame } from '../../base/units.ts';
import { TABLE_ENTRIES, entryPages } from './pt-geometry.ts';

export class PtNode {
  readonly frame: Frame;
  readonly level: number;
  /** Level-0 table of 32 entries of 64K. */
  readonly compact: boolean;
  /** Null for a root, and until the table is attached. */
  parent: PtNode | null = null;
  /** The parent's entry was zapped: nothing below is reachable, and nothing may be bound below. */
  zapped = false;
  /** Owned entries (I-P1). */
  live = 0;
  private readonly owned = new Uint32Array(TABLE_ENTRIES / 32);
  /** Child tables by entry; few, or none where the entries are leaves. */
  private children: Map<number, PtNode> | null = null;

  constructor(frame: Frame, level: number, compact: boolean) {
    this.frame = frame;
    this.level = level;
    this.compact = compact;
  }

  /** Pages below one entry. */
  get entryPages(): number {
    return entryPages(this.level, this.compact);
  }

  isOwned(index: number): boolean {
    return ((this.owned[index >>> 5] as number) & (1 << (index & 31))) !== 0;
  }

  childAt(index: number): PtNode | null {
    return this.children?.get(index) ?? null;
  }

  /** Takes the entry, for a leaf (null) or a child; returns the child that was there before. */
  set(index: number, child: PtNode | null): PtNode | null {
    if (!this.isOwned(index)) {
      this.owned[index >>> 5] = (this.owned[index >>> 5] as number) | (1 << (index & 31));
      this.live++;
    }
    return this.replaceChild(index, child);
  }

  /** Gives the entry up; returns the child that was there. */
  unset(index: number): PtNode | null {
    if (!this.isOwned(index)) return null;
    this.owned[index >>> 5] = (this.owned[index >>> 5] as number) & ~(1 << (index & 31));
    this.live--;
    return this.replaceChild(index, null);
  }

  /** Takes `count` entries of leaves from `first` on. Only for tables that have no children there. */
  setLeaves(first: number, count: number): void {
    for (let i = first; i < first + count; i++) this.set(i, null);
  }

  /** A bind may go through: the table is reachable and has 4K entries. */
  get extendable(): boolean {
    return !this.zapped && !this.compact;
  }

  /** False once an entry on the way from the root was zapped. */
  get reachable(): boolean {
    return !this.zapped && (this.parent?.reachable ?? true);
  }

  /** Visits the child tables. */
  *childTables(): Iterable<PtNode> {
    if (this.children !== null) yield* this.children.values();
  }

  private replaceChild(index: number, child: PtNode | null): PtNode | null {
    const old = this.childAt(index);
    if (child === null) {
      if (old !== null) this.children?.delete(index);
      return old;
    }
    assert(child.parent === null && this.level > 0, () => `table ${child.frame} cannot be attached`);
    child.parent = this;
    this.children ??= new Map();
    this.children.set(index, child);
    return old;
  }
}

/** The table and all below it, children after their parents. */
export function subtree(node: PtNode, out: PtNode[] = []): PtNode[] {
  out.push(node);
  for (const child of node.childTables()) subtree(child, out);
  return out;
}
