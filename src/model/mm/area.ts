// Making an area from what a caller says of it: what has something behind it is not anonymous, shared memory has a file.
import type { Vpn } from '../../base/units.ts';
import { MemFile } from './file.ts';
import type { MmWorld } from './mm.ts';
import { DEFAULT_VMA, Vma, type VmaAttributes } from './vma.ts';

/** An area of `pages` pages that belongs to nobody yet. Shared memory without a file gets one of its own. */
export function createArea(world: MmWorld, startVpn: Vpn, pages: number, attributes: Partial<VmaAttributes>): Vma {
  const vma = { ...DEFAULT_VMA, ...attributes };
  const file =
    vma.shared && vma.file === null
      ? new MemFile(world, { name: vma.name || 'shared memory', pages, anonymous: true })
      : vma.file;
  // Memory with something behind it is not anonymous, whatever the caller left at the default.
  const anonymous = vma.anonymous && file === null && !vma.hugetlb && !vma.io && !vma.dax;
  return new Vma(startVpn, startVpn + pages, { ...vma, file, anonymous });
}
