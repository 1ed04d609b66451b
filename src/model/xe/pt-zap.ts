// Zapping: zeroes the entries of an interval so that accesses fault, and keeps tables and counts for a rebind (xe.md §5.7).
import { assert } from '../../base/assert.ts';
import type { Vpn } from '../../base/units.ts';
import type { Command, SpaceId } from '../../engine/plan/commands.ts';
import type { PtNode } from './pt-node.ts';

/**
 * Appends the ZAPs of [start, end) below `node`, whose first page is `base`: in each table the owned entries that lie in
 * the interval as a whole, then the tables at its ragged ends. Marks what hangs below a zapped entry.
 */
export function zapTable(node: PtNode, base: Vpn, start: Vpn, end: Vpn, space: SpaceId, out: Command[]): void {
  const span = node.entryPages;
  const first = Math.floor((start - base) / span);
  const last = Math.ceil((end - base) / span);
  const wholeFirst = Math.ceil((start - base) / span);
  const wholeLast = Math.floor((end - base) / span);
  if (wholeFirst < wholeLast) zapEntries(node, wholeFirst, wholeLast, space, out);
  if (first < wholeFirst) zapBelow(node, base, first, start, end, space, out);
  if (wholeLast < last && last - 1 >= wholeFirst) zapBelow(node, base, last - 1, start, end, space, out);
}

function zapBelow(node: PtNode, base: Vpn, index: number, start: Vpn, end: Vpn, space: SpaceId, out: Command[]): void {
  if (!node.isOwned(index)) return;
  const child = node.childAt(index);
  assert(child !== null, () => `a zap splits the leaf in entry ${index} of a level-${node.level} table`);
  const slot = base + index * node.entryPages;
  zapTable(child, slot, Math.max(start, slot), Math.min(end, slot + node.entryPages), space, out);
}

/** Only owned entries: with scratch, the others must keep reading zero. */
function zapEntries(node: PtNode, first: number, last: number, space: SpaceId, out: Command[]): void {
  for (let i = first; i < last;) {
    if (!node.isOwned(i)) {
      i++;
      continue;
    }
    const index = i;
    for (; i < last && node.isOwned(i); i++) {
      const child = node.childAt(i);
      if (child !== null) child.zapped = true;
    }
    out.push({ op: 'zap', space, table: node.frame, index, count: i - index });
  }
}
