// The request by which a migration asks the core to freeze a span of pages.
import type { Pfn, Vpn } from '../../base/units.ts';
import { MIGRATE_SELECT, type MigrateVectors, type MigrateVma } from '../mm/migrate.ts';
import type { Mm } from '../mm/mm.ts';
import type { Vma } from '../mm/vma.ts';

const { SYSTEM, DEVICE_PRIVATE, COHERENT } = MIGRATE_SELECT;

/** Kinds of pages that each direction takes (gpusvm-and-pagemap.md §4.2 step 4, §4.4 step 3). */
export const COLLECT = {
  system: SYSTEM | COHERENT,
  systemAndDevice: SYSTEM | DEVICE_PRIVATE | COHERENT,
  device: DEVICE_PRIVATE | COHERENT,
} as const;

/** Whose device pages to take, which kinds, and the page that the caller has locked already. */
export interface Selection {
  readonly owner: object | null;
  readonly select: number;
  readonly faultPfn?: Pfn;
}

export function collectRequest(
  mm: Mm,
  vma: Vma,
  startVpn: Vpn,
  endVpn: Vpn,
  vectors: MigrateVectors,
  selection: Selection,
): MigrateVma {
  const { owner, select, faultPfn = -1 } = selection;
  return { mm, vma, startVpn, endVpn, vectors, owner, select, faultPfn, npages: 0, cpages: 0 };
}
