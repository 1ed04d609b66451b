// The run builder: cuts a copy vector into runs that are contiguous in VRAM, as the driver's copy loop does (xe.md §3.4).
import { assert } from '../../base/assert.ts';
import { NO_PFN } from '../mm/pages.ts';
import type { CopyVector } from '../pagemap/devmem.ts';

/** Most pages of one copy job: 8 MiB (xe.md §4.1). */
export const MAX_COPY_PAGES = 2048;

/** Slots [pos, pos + pages) of a vector, one page a slot. */
export interface CopyRun {
  readonly pos: number;
  readonly pages: number;
}

/** Both sides of the slot are there. */
export function isLive(v: CopyVector, slot: number): boolean {
  return v.devicePfn[slot] !== NO_PFN && v.ramPfn[slot] !== NO_PFN;
}

/** Pages that slot `slot` covers. */
export function slotPages(v: CopyVector, slot: number): number {
  return v.order === null ? 1 : 2 ** (v.order[slot] as number);
}

/**
 * Runs in the order in which the driver emits them: a run ends where VRAM is not contiguous, at a slot without a pair,
 * and after 2048 pages. Faithful to quirk Q3: a 2049th last page is fused, and a folio may jump over the limit, so a
 * run can be longer than MAX_COPY_PAGES. Quirk Q4 (a VRAM jump at a folio, which would pair the wrong addresses) is
 * asserted, as V618 and later do.
 */
export function buildRuns(v: CopyVector): CopyRun[] {
  const runs: CopyRun[] = [];
  let first = -1;
  let pos = 0;
  for (let i = 0; i < v.n; i++) {
    const head = i;
    const live = isLive(v, head);
    const frame = v.devicePfn[head] as number;
    if (first < 0 && !live) continue;
    if (first < 0) {
      first = frame;
      pos = head;
    }
    const match = live && first + (head - pos) === frame;
    if (live) i += slotPages(v, head) - 1;
    assert(match || !live || i === head, () => `run builder: VRAM jumps at the folio in slot ${head} (xe.md Q4)`);
    const last = i + 1 === v.n;
    const chunk = i === head && i - pos === MAX_COPY_PAGES;
    if (match && !last && !chunk) continue;
    runs.push({ pos, pages: i - pos + (match && last ? 1 : 0) });
    first = live ? frame : -1;
    pos = i;
    if (live && !match && last) runs.push({ pos, pages: 1 });
  }
  return runs;
}
