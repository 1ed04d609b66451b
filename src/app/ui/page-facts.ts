// Questions about one page that a snapshot answers: its address, its range, the word for its state.
import { PAGE_STATE, type VmaView } from '../../lab/session/protocol.ts';

const STATE_NAMES: Readonly<Record<number, string>> = {
  [PAGE_STATE.none]: 'not touched yet',
  [PAGE_STATE.zero]: 'zero page',
  [PAGE_STATE.system]: 'in system memory',
  [PAGE_STATE.vram]: 'in VRAM',
  [PAGE_STATE.toVram]: 'in flight to VRAM',
  [PAGE_STATE.toRam]: 'in flight home',
  [PAGE_STATE.faulting]: 'faulting',
  [PAGE_STATE.pinned]: 'pinned in VRAM',
};

export function stateName(state: number): string {
  return STATE_NAMES[state] ?? `state ${state}`;
}

/** The page number of the page with this index; null outside of all areas. */
export function vpnOfPage(vmas: readonly VmaView[], page: number): number | null {
  const view = vmas.find(({ firstPage, pages }) => page >= firstPage && page < firstPage + pages);
  return view === undefined ? null : view.startVpn + page - view.firstPage;
}

/** The index of a page number; null outside of all areas. */
export function pageOfVpn(vmas: readonly VmaView[], vpn: number): number | null {
  const view = vmas.find(({ startVpn, pages }) => vpn >= startVpn && vpn < startVpn + pages);
  return view === undefined ? null : view.firstPage + vpn - view.startVpn;
}

export interface RangeView {
  readonly firstPage: number;
  readonly pages: number;
  readonly flags: number;
}

/** The range that holds a page, from the snapshot's ascending triples. */
export function rangeAt(ranges: Uint32Array, page: number): RangeView | null {
  for (let i = 0; i + 2 < ranges.length; i += 3) {
    const [firstPage, pages, flags] = [ranges[i] as number, ranges[i + 1] as number, ranges[i + 2] as number];
    if (page >= firstPage && page < firstPage + pages) return { firstPage, pages, flags };
  }
  return null;
}
