// The run builder: cuts a copy vector into runs that are contiguous in VRAM, as the driver's copy loop does (xe.md §3.4).
import { assert } from '../../base/assert.ts';

/** Slot value that means "no page". */
export const NO_PFN = 0xffffffff;
/** Most pages of one copy job: 8 MiB (xe.md §4.1). */
export const MAX_COPY_PAGES = 2048;

/** What the builder reads of a CopyVector: slot i pairs a device page with a page of RAM; `order[i]` > 0 covers 2^order slots, whose followers are empty. */
export interface CopySlots {
  readonly n: number;
  readonly devicePfn: Uint32Array;
  readonly ramPfn: Uint32Array;
  readonly order: Uint8Array | null;
}

export interface CopyRun {
  /** First slot. */
  readonly pos: number;
  readonly pages: number;
}
