// X74 for V70: names, order and arithmetic of the GT counters.
import { describe, expect, it } from 'vitest';
import { GT_STAT_NAMES, GtStats, sizeIndex, STAT } from '../../../src/model/xe/stats.ts';

describe('X74 GT counters of V70', () => {
  it('has the 47 names in print order', () => {
    expect(GT_STAT_NAMES).toHaveLength(47);
    expect(new Set(GT_STAT_NAMES).size).toBe(47);
    expect(GT_STAT_NAMES.slice(0, 8)).toEqual([
      'svm_pagefault_count',
      'tlb_inval_count',
      'svm_tlb_inval_count',
      'svm_tlb_inval_us',
      'vma_pagefault_count',
      'vma_pagefault_kb',
      'svm_4K_pagefault_count',
      'svm_64K_pagefault_count',
    ]);
    expect(GT_STAT_NAMES[36]).toBe('svm_2M_bind_us');
    expect(GT_STAT_NAMES[46]).toBe('prl_aborted_count');
  });

  it('gives each index the name that it stands for', () => {
    const named: Record<keyof typeof STAT, string> = {
      svmPagefaultCount: 'svm_pagefault_count',
      tlbInvalCount: 'tlb_inval_count',
      svmTlbInvalCount: 'svm_tlb_inval_count',
      svmTlbInvalUs: 'svm_tlb_inval_us',
      vmaPagefaultCount: 'vma_pagefault_count',
      vmaPagefaultKb: 'vma_pagefault_kb',
      pagefaultCount4K: 'svm_4K_pagefault_count',
      validPagefaultCount4K: 'svm_4K_valid_pagefault_count',
      pagefaultUs4K: 'svm_4K_pagefault_us',
      migrateCount4K: 'svm_4K_migrate_count',
      migrateUs4K: 'svm_4K_migrate_us',
      deviceCopyUs: 'svm_device_copy_us',
      deviceCopyUs4K: 'svm_4K_device_copy_us',
      cpuCopyUs: 'svm_cpu_copy_us',
      cpuCopyUs4K: 'svm_4K_cpu_copy_us',
      deviceCopyKb: 'svm_device_copy_kb',
      cpuCopyKb: 'svm_cpu_copy_kb',
      getPagesUs4K: 'svm_4K_get_pages_us',
      bindUs4K: 'svm_4K_bind_us',
    };
    for (const [key, name] of Object.entries(named)) {
      expect(GT_STAT_NAMES[STAT[key as keyof typeof STAT]], key).toBe(name);
    }
  });

  it('counts by size, truncates to microseconds, prints one counter a line and resets', () => {
    const stats = new GtStats();
    expect([1, 16, 512, 8].map(sizeIndex)).toEqual([0, 1, 2, -1]);
    stats.addSized(STAT.migrateCount4K, 16);
    stats.addSized(STAT.migrateCount4K, 8);
    stats.addSizedUs(STAT.bindUs4K, 512, 2999);
    stats.addOwn('x_retry_pages', 3);
    expect(stats.get('svm_64K_migrate_count')).toBe(1);
    expect(stats.get('svm_2M_bind_us')).toBe(2);
    expect(stats.get('x_retry_pages')).toBe(3);
    expect(stats.get('no_such_counter')).toBeNull();
    expect(stats.toText().split('\n')).toHaveLength(48);
    expect(stats.toText()).toContain('\nsvm_64K_migrate_count: 1\n');
    stats.reset();
    expect(stats.toText()).not.toMatch(/[1-9]\n/);
  });
});
