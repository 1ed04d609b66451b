// Empty values of entries: zero, or, in an address space with scratch, a way to a NULL leaf that reads zero (xe.md §5.9).
import type { Frame } from '../../base/units.ts';
import { directoryFlags, EMPTY_ENTRY, entryHi, entryLo, leafFlags, XE2_PAT, type EntryFlags } from './pt-entry.ts';
import { MAX_LEAF_LEVEL } from './pt-geometry.ts';

/**
 * Levels that need a scratch table: from the highest leaf level to just below the root. The driver also makes one of
 * level 1, which nothing ever points to.
 */
export function scratchLevels(rootLevel: number): number[] {
  return Array.from({ length: rootLevel - MAX_LEAF_LEVEL }, (_, i) => MAX_LEAF_LEVEL + i);
}

/** Empty entry of each level 0…rootLevel. `frames`: the scratch tables by ascending level, none without scratch. */
export function emptyEntries(rootLevel: number, frames: readonly Frame[], tablePat: number): EntryFlags[] {
  return Array.from({ length: rootLevel + 1 }, (_, level) => {
    if (frames.length === 0) return EMPTY_ENTRY;
    if (level > MAX_LEAF_LEVEL) return directory(frames[level - 1 - MAX_LEAF_LEVEL] as Frame, tablePat);
    return leafFlags({ write: true, atomic: false, vram: false, null: true, pat: XE2_PAT.writeBack }, level);
  });
}

function directory(frame: Frame, tablePat: number): EntryFlags {
  const flags = directoryFlags(tablePat, false);
  return { lo: entryLo(frame, flags.lo), hi: entryHi(frame, flags.hi) };
}
