// Which entries refer to a page (mm/rmap.c): the first in two arrays, further ones, made only by fork and by files, in a
// side table that costs nothing while it is empty. Mappings and migration entries count alike; swap entries do not.
import { AssertionError } from '../../base/assert.ts';
import type { Pfn, Vpn } from '../../base/units.ts';

/** One entry that refers to a page. */
export interface RmapEntry {
  readonly mmId: number;
  readonly vpn: Vpn;
}

export class ReverseMap {
  /** Id of the mm whose entry refers to the page; −1 = none does. */
  readonly mm: Int32Array;
  /** Virtual page of that entry; meaningful where mm ≥ 0. */
  readonly vpn: Float64Array;
  /** Some page of the machine has more than one entry: what loops ask before they look at single pages. */
  anyShared = false;
  private readonly further = new Map<Pfn, RmapEntry[]>();

  constructor(total: number) {
    this.mm = new Int32Array(total).fill(-1);
    this.vpn = new Float64Array(total);
  }

  /** More than one entry refers to the page. */
  isShared(pfn: Pfn): boolean {
    return this.anyShared && this.further.has(pfn);
  }

  /** The entry at (mmId, vpn) now refers to the page. */
  add(pfn: Pfn, mmId: number, vpn: Vpn): void {
    if ((this.mm[pfn] as number) < 0) {
      this.mm[pfn] = mmId;
      this.vpn[pfn] = vpn;
      return;
    }
    const list = this.further.get(pfn);
    if (list === undefined) this.further.set(pfn, [{ mmId, vpn }]);
    else list.push({ mmId, vpn });
    this.anyShared = true;
  }

  /** The entry at (mmId, vpn) no longer does. */
  remove(pfn: Pfn, mmId: number, vpn: Vpn): void {
    if (this.mm[pfn] === mmId && this.vpn[pfn] === vpn) this.promote(pfn);
    else this.take(pfn, (entry) => entry.mmId === mmId && entry.vpn === vpn);
  }

  /** Forgets every entry of the page. */
  clear(pfn: Pfn): void {
    this.mm[pfn] = -1;
    this.forget(pfn);
  }

  /** Every entry that refers to the page, as it is now: a copy, so that the caller may change mappings meanwhile. */
  entries(pfn: Pfn): RmapEntry[] {
    const mmId = this.mm[pfn] as number;
    if (mmId < 0) return [];
    return [{ mmId, vpn: this.vpn[pfn] as number }, ...(this.further.get(pfn) ?? [])];
  }

  /** The first entry goes; another one takes its place in the arrays. */
  private promote(pfn: Pfn): void {
    const next = this.isShared(pfn) ? this.take(pfn, () => true) : null;
    this.mm[pfn] = next === null ? -1 : next.mmId;
    if (next !== null) this.vpn[pfn] = next.vpn;
  }

  private take(pfn: Pfn, matches: (entry: RmapEntry) => boolean): RmapEntry {
    const list = this.further.get(pfn) ?? [];
    const index = list.findIndex(matches);
    const [found] = index < 0 ? [] : list.splice(index, 1);
    if (found === undefined) throw new AssertionError(`page ${pfn} has no such entry`);
    if (list.length === 0) this.forget(pfn);
    return found;
  }

  private forget(pfn: Pfn): void {
    this.further.delete(pfn);
    this.anyShared = this.further.size > 0;
  }
}
