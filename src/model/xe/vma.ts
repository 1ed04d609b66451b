// GPU mappings of a VM: here only mirrors of the CPU address space, with the memory attributes that faults consult.
import type { Vpn } from '../../base/units.ts';
import { ATOMIC_ATTR, type AtomicAttr, type PreferredPlace } from '../policy/policy.ts';

export interface XeVma {
  readonly startVpn: Vpn;
  readonly endVpn: Vpn;
  readonly readOnly: boolean;
  /** Attribute of xe.md §6.2; decides whether an atomic needs VRAM. */
  readonly atomic: AtomicAttr;
  readonly preferred: PreferredPlace;
  /** Caching index of the leaves; 2 is write-back on Xe2. */
  readonly patIndex: number;
  /** The mapping was made with the flag that resets its attributes when the CPU unmaps memory (xe.md §2.4). */
  readonly autoreset: boolean;
}

/** Write-back on Xe2 (xe.md §5.2). */
const PAT_WRITE_BACK = 2;

/** A mirror mapping with default attributes (xe.md §2.4). */
export function mirrorVma(startVpn: Vpn, endVpn: Vpn, attributes: Partial<XeVma> = {}): XeVma {
  return {
    readOnly: false,
    atomic: ATOMIC_ATTR.undefined,
    preferred: 'local',
    patIndex: PAT_WRITE_BACK,
    autoreset: false,
    ...attributes,
    startVpn,
    endVpn,
  };
}
