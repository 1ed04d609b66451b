// The area that experiments with whole runs touch, and one write to each of its ranges.
import { mix32 } from '../../base/mix.ts';
import { vaHi, vaLo, type Vpn } from '../../base/units.ts';
import { ACCESS_KIND } from '../../engine/plan/commands.ts';
import { accessList, type AccessList, type Workload } from '../workload/workload.ts';

/** Where Linux maps large anonymous memory; 2 MiB aligned. */
export const AREA_VPN: Vpn = 0x7f0000000;

/** A workload of one area and no steps: the experiment's own program touches it. */
export function areaOf(name: string, pages: number): Workload {
  return {
    name,
    vmas: [{ name: 'bench', startVpn: AREA_VPN, pages, write: true }],
    touchedPages: pages,
    totalAccesses: null,
    notes: [],
    *steps() {},
  };
}

/** A write to the first word of each of `ranges` ranges of `pages` pages, from the start of the area on. */
export function touchAll(ranges: number, pages: number): AccessList {
  const records = Array.from({ length: ranges }, (_, i) => {
    const vpn = AREA_VPN + i * pages;
    return [vaLo(vpn), vaHi(vpn), ACCESS_KIND.write, mix32(i + 1)];
  });
  return accessList(Uint32Array.from(records.flat()), ranges);
}
