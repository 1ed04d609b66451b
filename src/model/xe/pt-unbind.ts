// Staging of an unbind: which entries go, and which tables go with them because nothing else lives there (xe.md §5.6).
import { assert } from '../../base/assert.ts';
import type { Vpn } from '../../base/units.ts';
import { PAGES_2M } from './pt-geometry.ts';
import type { PtNode } from './pt-node.ts';

/** Entries [first, first + count) of a table that stays; all owned ones among them are given up. */
export interface TableClear {
  readonly node: PtNode;
  readonly level: number;
  readonly first: number;
  readonly count: number;
}

export class StagedUnbind {
  readonly startVpn: Vpn;
  readonly endVpn: Vpn;
  /** One for a range that was bound as a whole; none when nothing was bound. */
  readonly updates: TableClear[] = [];
  finished = false;

  constructor(startVpn: Vpn, endVpn: Vpn) {
    this.startVpn = startVpn;
    this.endVpn = endVpn;
  }
}

/** Stages the unbind of [startVpn, endVpn) below `root`. Changes nothing. */
export function stageUnbind(root: PtNode, startVpn: Vpn, endVpn: Vpn): StagedUnbind {
  const staged = new StagedUnbind(startVpn, endVpn);
  clear(root, 0, startVpn, endVpn, staged.updates);
  return staged;
}

/**
 * Plans the part below `node`, whose first page is `base`. True: every live entry of a table other than the root goes,
 * so the table itself goes and its parent clears one entry instead (the kill cascade).
 */
function clear(node: PtNode, base: Vpn, start: Vpn, end: Vpn, updates: TableClear[]): boolean {
  const span = node.entryPages;
  const last = Math.ceil((end - base) / span);
  let first = -1;
  let behind = -1;
  let removed = 0;
  for (let i = Math.floor((start - base) / span); i < last; i++) {
    if (!node.isOwned(i)) continue;
    const slot = base + i * span;
    const from = Math.max(slot, start);
    const to = Math.min(slot + span, end);
    if (to - from !== span && !clear(childUnder(node, i), slot, from, to, updates)) continue;
    if (first < 0) first = i;
    behind = i + 1;
    removed++;
  }
  if (removed === 0) return false;
  if (removed === node.live && node.parent !== null) return true;
  updates.push({ node, level: node.level, first, count: behind - first });
  return false;
}

function childUnder(node: PtNode, index: number): PtNode {
  const child = node.childAt(index);
  assert(child !== null, () => `an unbind splits the leaf in entry ${index} of a level-${node.level} table`);
  return child;
}

/**
 * Flush rule for a range (xe.md §5.6): none is needed only when its entries were zapped before and no table outside the
 * range's own slots is detached. `stillValid`: the tile is present and not invalidated.
 */
export function needsFlush(staged: StagedUnbind, stillValid: boolean, scratch: boolean): boolean {
  if (scratch || stillValid) return true;
  const [only] = staged.updates;
  if (only === undefined || staged.updates.length !== 1) return true;
  return !(only.level === 0 || (only.level === 1 && staged.endVpn - staged.startVpn >= PAGES_2M));
}
