// The six decision points at which drivers differ, as the fault path asks them (policies.md §0).
//
// A preset answers; the driver acts. Two points are plain data so far, because one mechanism serves every preset that
// exists: `makeRoom` names the victim order of the VRAM manager, `finish` says how faults are answered.
import type { Errno } from '../../base/errno.ts';
import type { Ns } from '../../base/units.ts';
import type { Pagemap } from '../pagemap/pagemap.ts';

/** Memory attribute `atomic` of a GPU mapping (xe.md §6.2). */
export const ATOMIC_ATTR = { undefined: 0, device: 1, global: 2, cpu: 3 } as const;
export type AtomicAttr = (typeof ATOMIC_ATTR)[keyof typeof ATOMIC_ATTR];

/** Where a mapping prefers its pages: the VRAM of the faulting device, system memory, or a given pagemap. */
export type PreferredPlace = 'local' | 'system' | Pagemap;

export interface MigrationPolicy {
  /** Name of the preset, as reports print it. */
  readonly name: string;

  /** 1 admit: may a fault share the answer of an earlier one of its batch on the same page with the same access kind? */
  sharesAnswer(): boolean;

  /** 2 place: must the page be in VRAM for this access? 1 yes, 0 no, or the error that refuses the access. */
  needVram(atomic: boolean, attr: AtomicAttr): 0 | 1 | Errno;
  /** 2 place: device memory that a range should be in; null = map it where it is, after bringing it to system memory. */
  target(deviceOnly: boolean, preferred: PreferredPlace): Pagemap | null;
  /**
   * 2 place: move a range of `pages` pages to `target` before mapping it? `migratable`: its pages may live in device
   * memory at all; `current`: device memory that they were last collected from.
   */
  needsMigrate(pages: number, migratable: boolean, current: Pagemap | null, target: Pagemap | null): boolean;

  /** 3 expand: sizes in pages that a fault may grow to, largest first. */
  chunkPages(): readonly number[];
  /** 3 expand: chunks up to this many pages must be wholly present on the CPU. */
  presentThresholdPages(): number;

  /** 4 make room: order in which the VRAM manager evicts. */
  readonly makeRoom: 'fifo-bo';

  /** 5 resist: residence that a fault's first migration gets. */
  initialTimeslice(deviceOnly: boolean): Ns;
  /** 5 resist: residence after one more cause to retry. */
  growTimeslice(timeslice: Ns): Ns;
  /** 5 resist: residence that a migration about to happen really gets. */
  effectiveTimeslice(timeslice: Ns): Ns;

  /** 6 finish: each fault is answered by itself as soon as it is served. */
  readonly finish: 'ack-each';
}
