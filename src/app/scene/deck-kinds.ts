// From a snapshot to the kind of every place on the two decks.
import { BLOCK_KIND, PAGE_STATE, type Snapshot } from '../../lab/session/protocol.ts';
import type { PageSlots } from './page-slots.ts';
import { TILE } from './tile-kinds.ts';

const NO_FRAME = 0xffffffff;

const SYSTEM_KIND = new Uint8Array(8);
SYSTEM_KIND[PAGE_STATE.none] = TILE.untouched;
SYSTEM_KIND[PAGE_STATE.zero] = TILE.untouched;
SYSTEM_KIND[PAGE_STATE.system] = TILE.system;
SYSTEM_KIND[PAGE_STATE.vram] = TILE.away;
SYSTEM_KIND[PAGE_STATE.toVram] = TILE.toVram;
SYSTEM_KIND[PAGE_STATE.toRam] = TILE.toRam;
SYSTEM_KIND[PAGE_STATE.faulting] = TILE.faulting;
SYSTEM_KIND[PAGE_STATE.pinned] = TILE.away;

const BLOCK_TILE = new Uint8Array(4);
BLOCK_TILE[BLOCK_KIND.free] = TILE.free;
BLOCK_TILE[BLOCK_KIND.data] = TILE.allocated;
BLOCK_TILE[BLOCK_KIND.table] = TILE.table;
BLOCK_TILE[BLOCK_KIND.reserve] = TILE.reserve;

export function systemKinds(snapshot: Snapshot, slots: PageSlots, out: Uint8Array): void {
  const { pageState } = snapshot;
  for (let slot = 0; slot < out.length; slot++) {
    const page = slots.pageOfSlot[slot] as number;
    out[slot] = page < 0 ? TILE.absent : (SYSTEM_KIND[pageState[page] as number] as number);
  }
}

/** Also fills `pageOfFrame`: the page that lies in each frame, −1 where none does. */
export function vramKinds(snapshot: Snapshot, out: Uint8Array, pageOfFrame: Int32Array): void {
  const { vramBlocks, pageState, pageFrame } = snapshot;
  pageOfFrame.fill(-1);
  for (let i = 0; i + 3 < vramBlocks.length; i += 4) {
    const first = vramBlocks[i] as number;
    out.fill(BLOCK_TILE[vramBlocks[i + 2] as number] as number, first, first + (vramBlocks[i + 1] as number));
  }
  for (let page = 0; page < pageState.length; page++) {
    const kind = inVramAs(pageState[page] as number);
    const frame = pageFrame[page] as number;
    if (kind === TILE.absent || frame === NO_FRAME || frame >= out.length) continue;
    out[frame] = kind;
    pageOfFrame[frame] = page;
  }
}

function inVramAs(state: number): number {
  if (state === PAGE_STATE.vram) return TILE.vram;
  if (state === PAGE_STATE.pinned) return TILE.pinned;
  return state === PAGE_STATE.toRam ? TILE.toRam : TILE.absent;
}

/** Frames of the device, from the blocks that cover it. */
export function framesOf(vramBlocks: Uint32Array): number {
  const last = vramBlocks.length - 4;
  return last < 0 ? 0 : (vramBlocks[last] as number) + (vramBlocks[last + 1] as number);
}
