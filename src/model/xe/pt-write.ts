// Entries that a bind puts into one table, and the commands that store them.
import { MAX_PTE_WRITE_ENTRIES, type Command, type SpaceId } from '../../engine/plan/commands.ts';
import type { EntryFlags } from './pt-entry.ts';
import { TABLE_ENTRIES } from './pt-geometry.ts';
import type { PtNode } from './pt-node.ts';

/** Consecutive entries of one table; children are the tables that the entries lead to, null for leaves. */
export class TableWrite {
  readonly node: PtNode;
  readonly first: number;
  /** The table exists already: others see the entries once they are stored. */
  readonly shared: boolean;
  count = 0;
  /** lo, hi pairs; only the first `count` are meaningful. */
  readonly words: Uint32Array;
  children: (PtNode | null)[] | null = null;

  /** @param capacity most entries that will be put. */
  constructor(node: PtNode, first: number, capacity: number, shared: boolean) {
    this.node = node;
    this.first = first;
    this.shared = shared;
    this.words = new Uint32Array(2 * capacity);
  }

  get level(): number {
    return this.node.level;
  }

  put(lo: number, hi: number, child: PtNode | null): void {
    const at = this.count++;
    this.words[2 * at] = lo;
    this.words[2 * at + 1] = hi;
    if (child === null && this.children === null) return;
    this.children ??= Array.from({ length: at }, () => null);
    this.children.push(child);
  }

  childAt(at: number): PtNode | null {
    return this.children?.[at] ?? null;
  }
}

/** PTE_WRITEs of at most 510 entries; their payloads are views of one array (xe.md §4.2). */
export function emitWrite(write: TableWrite, space: SpaceId, out: Command[]): void {
  for (let at = 0; at < write.count; at += MAX_PTE_WRITE_ENTRIES) {
    const end = Math.min(at + MAX_PTE_WRITE_ENTRIES, write.count);
    out.push({
      op: 'pteWrite',
      space,
      table: write.node.frame,
      index: write.first + at,
      entries: write.words.subarray(2 * at, 2 * end),
    });
  }
}

/**
 * The whole content of a new table: its entries, and the empty value around them, since a recycled frame holds old
 * bytes. No word is stored twice, so that all of it may run in one pass (I-M2).
 */
export function emitTable(write: TableWrite, empty: EntryFlags, space: SpaceId, out: Command[]): void {
  const end = write.first + write.count;
  emitEmpty(write.node, 0, write.first, empty, space, out);
  emitWrite(write, space, out);
  emitEmpty(write.node, end, TABLE_ENTRIES - end, empty, space, out);
}

/** Sets `count` entries from `index` on to the empty value. */
export function emitEmpty(
  node: PtNode,
  index: number,
  count: number,
  empty: EntryFlags,
  space: SpaceId,
  out: Command[],
): void {
  if (count > 0) out.push({ op: 'pteFill', space, table: node.frame, index, count, lo: empty.lo, hi: empty.hi });
}
