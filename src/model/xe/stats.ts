// The GT counters of the driver, by the driver's names in the driver's order (xe.md §8.1, V70), and ours with `x_`.
import { NS_PER_US, type Ns } from '../../base/units.ts';

/** Range sizes that the driver counts apart; other sizes are not counted per size. Index into every `…4K` group. */
const SIZES = ['4K', '64K', '2M'] as const;

const bySize = (name: (size: string) => string): string[] => SIZES.map(name);

/** The 47 names of V70 in print order. */
export const GT_STAT_NAMES: readonly string[] = [
  'svm_pagefault_count',
  'tlb_inval_count',
  'svm_tlb_inval_count',
  'svm_tlb_inval_us',
  'vma_pagefault_count',
  'vma_pagefault_kb',
  ...bySize((s) => `svm_${s}_pagefault_count`),
  ...bySize((s) => `svm_${s}_valid_pagefault_count`),
  ...bySize((s) => `svm_${s}_pagefault_us`),
  ...bySize((s) => `svm_${s}_migrate_count`),
  ...bySize((s) => `svm_${s}_migrate_us`),
  'svm_device_copy_us',
  ...bySize((s) => `svm_${s}_device_copy_us`),
  'svm_cpu_copy_us',
  ...bySize((s) => `svm_${s}_cpu_copy_us`),
  'svm_device_copy_kb',
  'svm_cpu_copy_kb',
  ...bySize((s) => `svm_${s}_get_pages_us`),
  ...bySize((s) => `svm_${s}_bind_us`),
  'hw_engine_group_suspend_lr_queue_count',
  'hw_engine_group_skip_lr_queue_count',
  'hw_engine_group_wait_dma_queue_count',
  'hw_engine_group_suspend_lr_queue_us',
  'hw_engine_group_wait_dma_queue_us',
  'prl_4k_entry_count',
  'prl_64k_entry_count',
  'prl_2m_entry_count',
  'prl_issued_count',
  'prl_aborted_count',
];

/** Index of each counter that the model feeds. Per-size groups: add the result of `sizeIndex`. */
export const STAT = {
  svmPagefaultCount: 0,
  tlbInvalCount: 1,
  svmTlbInvalCount: 2,
  svmTlbInvalUs: 3,
  vmaPagefaultCount: 4,
  vmaPagefaultKb: 5,
  pagefaultCount4K: 6,
  validPagefaultCount4K: 9,
  pagefaultUs4K: 12,
  migrateCount4K: 15,
  migrateUs4K: 18,
  deviceCopyUs: 21,
  deviceCopyUs4K: 22,
  cpuCopyUs: 25,
  cpuCopyUs4K: 26,
  deviceCopyKb: 29,
  cpuCopyKb: 30,
  getPagesUs4K: 31,
  bindUs4K: 34,
} as const;

/** Our own counters; the prefix keeps them apart from any name that the driver may yet take (xe.md §8.2). */
export const X_STAT_NAMES = [
  'x_fault_records',
  'x_fault_merged',
  'x_fault_dropped',
  'x_fault_nacks',
  'x_fault_swallowed_errors',
  'x_livelocks',
  'x_outer_eagain',
  'x_retry_migrate',
  'x_retry_pages',
  'x_retry_bind',
  'x_migrate_failed',
  'x_already_in_vram',
  'x_evict_count',
  'x_evict_kb',
  'x_zero_filled_pages',
  'x_copy_jobs',
  'x_bind_count',
  'x_unbind_count',
  'x_notifier_count',
  'x_notifier_event_pages',
  'x_tlb_window_pages',
  'x_gc_ranges',
  'x_gc_evictions',
] as const;
export type XStat = (typeof X_STAT_NAMES)[number];

const X_INDEX = Object.fromEntries(X_STAT_NAMES.map((name, i) => [name, i])) as Record<XStat, number>;

/** 0, 1, 2 for ranges of 4K, 64K, 2M; −1 for any other size. */
export function sizeIndex(pages: number): number {
  return pages === 512 ? 2 : pages === 16 ? 1 : pages === 1 ? 0 : -1;
}

export class GtStats {
  /** By index of GT_STAT_NAMES. */
  readonly values = new Float64Array(GT_STAT_NAMES.length);
  /** By index of X_STAT_NAMES. */
  readonly own = new Float64Array(X_STAT_NAMES.length);

  /** Adds to the counter at `index` (STAT). */
  add(index: number, amount = 1): void {
    this.values[index] = (this.values[index] ?? 0) + amount;
  }

  /** Adds to the counter of this range size; `group` is the index of its 4K member. Other sizes are not counted. */
  addSized(group: number, pages: number, amount = 1): void {
    const size = sizeIndex(pages);
    if (size >= 0) this.add(group + size, amount);
  }

  /** Adds the whole microseconds of a duration, truncated as the driver does (xe.md §8.2). */
  addSizedUs(group: number, pages: number, duration: Ns): void {
    this.addSized(group, pages, Math.floor(duration / NS_PER_US));
  }

  addUs(index: number, duration: Ns): void {
    this.add(index, Math.floor(duration / NS_PER_US));
  }

  addOwn(name: XStat, amount = 1): void {
    const index = X_INDEX[name];
    this.own[index] = (this.own[index] ?? 0) + amount;
  }

  /** Value of a counter by its printed name, the driver's or ours; null when there is none. */
  get(name: string): number | null {
    const index = GT_STAT_NAMES.indexOf(name);
    if (index >= 0) return this.values[index] ?? 0;
    const ours = (X_STAT_NAMES as readonly string[]).indexOf(name);
    return ours >= 0 ? (this.own[ours] ?? 0) : null;
  }

  /** Zeroes everything, as any write to the driver's file does. */
  reset(): void {
    this.values.fill(0);
    this.own.fill(0);
  }

  /** `name: value`, one counter a line, the driver's 47 names only. */
  toText(): string {
    return GT_STAT_NAMES.map((name, i) => `${name}: ${this.values[i] ?? 0}\n`).join('');
  }

  /** Our own counters in the same form. */
  ownToText(): string {
    return X_STAT_NAMES.map((name, i) => `${name}: ${this.own[i] ?? 0}\n`).join('');
  }

  /** Both kinds as one record, for reports and snapshots. */
  toRecord(): Record<string, number> {
    const record: Record<string, number> = {};
    GT_STAT_NAMES.forEach((name, i) => (record[name] = this.values[i] ?? 0));
    X_STAT_NAMES.forEach((name, i) => (record[name] = this.own[i] ?? 0));
    return record;
  }
}
