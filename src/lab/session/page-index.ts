// Numbers the pages of a run's areas from 0, so that pictures and snapshots are plain arrays.
import { present } from '../../base/assert.ts';
import type { Vpn } from '../../base/units.ts';
import type { VmaSpec } from '../workload/workload.ts';
import type { VmaView } from './protocol.ts';

export class PageIndex {
  readonly views: readonly VmaView[];
  /** Pages of all areas. */
  readonly total: number;

  /** `vmas` ascending and disjoint. */
  constructor(vmas: readonly VmaSpec[]) {
    let firstPage = 0;
    this.views = vmas.map(({ name, startVpn, pages }) => {
      const view = { name, startVpn, pages, firstPage };
      firstPage += pages;
      return view;
    });
    this.total = firstPage;
  }

  /** Index of a page; −1 outside of the areas. */
  of(vpn: Vpn): number {
    const view = this.viewAtOrBefore(vpn);
    return view !== null && vpn < view.startVpn + view.pages ? view.firstPage + vpn - view.startVpn : -1;
  }

  /** The page with this index. */
  vpn(index: number): Vpn {
    const view = present(
      this.views.findLast((candidate) => candidate.firstPage <= index),
      `page ${index}`,
    );
    return view.startVpn + index - view.firstPage;
  }

  /** The part of [startVpn, endVpn) that lies in areas, as [first index, pages]; null when there is none. */
  clip(startVpn: Vpn, endVpn: Vpn): [number, number] | null {
    const inside = this.views.filter((view) => view.startVpn < endVpn && startVpn < view.startVpn + view.pages);
    const first = inside[0];
    const last = inside.at(-1);
    if (first === undefined || last === undefined) return null;
    const from = first.firstPage + Math.max(0, startVpn - first.startVpn);
    const to = last.firstPage + Math.min(last.pages, endVpn - last.startVpn);
    return [from, to - from];
  }

  private viewAtOrBefore(vpn: Vpn): VmaView | null {
    let low = 0;
    let high = this.views.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (present(this.views[middle], 'area').startVpn <= vpn) low = middle + 1;
      else high = middle;
    }
    return this.views[low - 1] ?? null;
  }
}
