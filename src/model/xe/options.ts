// The driver's knobs as one plain object with defaults of a BMG-like discrete GPU under profile V70, quirks faithful.
//
// The model reads the object at each use, never a copy of it: a caller that assigns a live field changes the very next
// decision. LIVE_OPTIONS names those fields; the others are read once, when the device or the VM is made.
import { assert } from '../../base/assert.ts';
import { isPowerOfTwo } from '../../base/units.ts';

export interface XeOptions {
  timeslice: {
    /** Residence in VRAM that a device-only fault starts with, in ms (debugfs `atomic_svm_timeslice_ms`, xe.md §1.7). */
    deviceOnlyMs: number;
    /** When set, every migration gets exactly this residence and no retry doubles it; null = the driver's rule. */
    overrideMs: number | null;
  };
  /** Range sizes in pages, largest first, powers of two; new ranges only (xe.md §1.8). */
  chunkPages: readonly number[];
  /** `wait`: the handler waits for each copy, bind and zap, as the kernel does. `pipelined`: it relies on queue order. */
  waitMode: 'wait' | 'pipelined';
  /** How the copy engine addresses memory: through its own page tables, or by frame numbers (design.md §3). */
  copyMode: 'translated' | 'physical';
  /** Pages that one notifier covers: a power of two (module parameter `svm_notifier_size`, 512 MiB). */
  notifierPages: number;
  /** Chunks up to this many pages need all their CPU pages present; 0 asks for none (xe.md §1.8 step 6). */
  checkPagesThresholdPages: number;
  /** Smallest range that may migrate: 1 on devices that can migrate 4K, 16 with NEED64K (xe.md §1.10). */
  minMigratePages: number;
  admit: {
    /**
     * Within one batch, faults on the same (asid, page, access kind) are served once and all answered. An assumption
     * of the model: real hardware merges such misses before they become messages, our access program does not.
     */
    mergeSamePage: boolean;
  };
  /** Evict what is left of a partially unmapped range before it is collected: H24B did, V70 does not (xe.md §2.2). */
  gcEvict: boolean;
  /** Identical faults without progress after which an access is given up (design.md §8); Infinity never gives up. */
  livelockLimit: number;
  /** Records that one fault ring holds; further ones are dropped with ENOSPC. See `ringRecords` for the hardware's. */
  faultRingRecords: number;
}

/** Fields that take effect in a running workload; `chunkPages` for ranges made from then on. */
export const LIVE_OPTIONS = [
  'timeslice.deviceOnlyMs',
  'timeslice.overrideMs',
  'chunkPages',
  'waitMode',
  'checkPagesThresholdPages',
  'minMigratePages',
  'admit.mergeSamePage',
  'gcEvict',
  'livelockLimit',
] as const;

export function defaultXeOptions(): XeOptions {
  return {
    timeslice: { deviceOnlyMs: 5, overrideMs: null },
    chunkPages: [512, 16, 1],
    waitMode: 'wait',
    copyMode: 'translated',
    notifierPages: 131_072,
    checkPagesThresholdPages: 16,
    minMigratePages: 1,
    admit: { mergeSamePage: true },
    gcEvict: false,
    livelockLimit: 64,
    faultRingRecords: 65_536,
  };
}

/** What a caller may leave out, one level deep. */
export type XeOptionsInput = Partial<Omit<XeOptions, 'timeslice' | 'admit'>> & {
  timeslice?: Partial<XeOptions['timeslice']>;
  admit?: Partial<XeOptions['admit']>;
};

/** Defaults overlaid with `input`. Throws on values that no front end may let through (a bug of the caller). */
export function makeXeOptions(input: XeOptionsInput = {}): XeOptions {
  const base = defaultXeOptions();
  const options = {
    ...base,
    ...input,
    timeslice: { ...base.timeslice, ...input.timeslice },
    admit: { ...base.admit, ...input.admit },
  };
  assertOptions(options);
  return options;
}

function assertOptions(options: XeOptions): void {
  const ladder = options.chunkPages;
  assert(ladder.length > 0 && ladder.every(isPowerOfTwo), 'chunkPages: powers of two, at least one');
  assert(
    ladder.every((chunk, i) => i === 0 || chunk < (ladder[i - 1] ?? 0)),
    'chunkPages: descending',
  );
  assert(isPowerOfTwo(options.notifierPages), 'notifierPages: a power of two');
  assert(options.timeslice.deviceOnlyMs >= 0, 'timeslice.deviceOnlyMs: not negative');
  assert(isPowerOfTwo(options.faultRingRecords), 'faultRingRecords: a power of two');
}

/** Records of one ring on a device with `executionUnits` EUs: the driver's sizing rule (xe.md §1.2). */
export function ringRecords(executionUnits: number): number {
  const bytes = (executionUnits + 27) * 64 * 8;
  return 2 ** Math.ceil(Math.log2(bytes)) / 64;
}
