// The per-call context that a driver hands to svm: which pages it accepts and on whose behalf it asks.
import type { Ns } from '../../base/units.ts';

/** Fields of `svm.h: struct drm_gpusvm_ctx` (gpusvm-and-pagemap.md §1.11). A driver may change it between calls. */
export interface SvmCtx {
  /** Device pages of this owner are taken as they are; null makes every device page foreign. */
  devicePrivatePageOwner: object | null;
  /** Chunks of at most this many pages must be wholly present to be chosen. */
  checkPagesThresholdPages: number;
  /** Minimum residence time in VRAM that the driver asks `populateMm` for. */
  timesliceNs: Ns;
  /** The caller holds notifierLock for writing. */
  inNotifier: boolean;
  readOnly: boolean;
  /** New ranges over anonymous memory may move to device memory. */
  devmemPossible: boolean;
  /** System pages are refused with EFAULT. */
  devmemOnly: boolean;
  /** System pages and pages of one pagemap may stand side by side. */
  allowMixed: boolean;
}

/** A context with the given fields; everything else off, as the kernel's zeroed struct. */
export function svmCtx(fields: Partial<SvmCtx> = {}): SvmCtx {
  return {
    devicePrivatePageOwner: null,
    checkPagesThresholdPages: 0,
    timesliceNs: 0,
    inNotifier: false,
    readOnly: false,
    devmemPossible: false,
    devmemOnly: false,
    allowMixed: false,
    ...fields,
  };
}
