// What a device generation can do, as data: the driver branches on these and on nothing else (xe.md §5.1, §1.6, §1.10).

export interface DeviceCaps {
  readonly name: string;
  /** Discrete: it has VRAM of its own. */
  readonly discrete: boolean;
  /** 4 covers 57 bits of address, 3 covers 48. */
  readonly rootLevel: 3 | 4;
  /** Atomics of the device work on pages in system memory. Only PVC lacks it among the devices that can fault. */
  readonly atomicsOnSystem: boolean;
  /** VRAM pages must come in 64 KiB. */
  readonly need64K: boolean;
  /** A media GT gets TLB invalidations beside the primary one. */
  readonly mediaGt: boolean;
}

export const BMG: DeviceCaps = {
  name: 'BMG',
  discrete: true,
  rootLevel: 4,
  atomicsOnSystem: true,
  need64K: false,
  mediaGt: false,
};
export const PVC: DeviceCaps = { ...BMG, name: 'PVC', atomicsOnSystem: false, need64K: true };
export const LNL: DeviceCaps = { ...BMG, name: 'LNL', discrete: false };
