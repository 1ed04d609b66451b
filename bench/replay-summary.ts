// What a replay did, in a few lines that are the same on every executor: faults, migrations, evictions, the event hash.
import type { Report } from '../src/lab/measure/report.ts';
import { align } from '../src/lab/measure/table.ts';

/** Lines of the summary: what people call it, and the counter behind it. */
const LINES = [
  ['GPU faults serviced', 'svm_pagefault_count'],
  ['  2M / 64K / 4K ranges', null],
  ['migrations to VRAM', 'x_event_migrate_to_vram'],
  ['migrations home', 'x_event_migrate_to_ram'],
  ['KiB copied to VRAM', 'svm_device_copy_kb'],
  ['KiB copied home', 'svm_cpu_copy_kb'],
  ['evictions', 'x_event_evict'],
  ['CPU touches held back by a timeslice', 'x_event_timeslice_refusal'],
  ['TLB invalidations', 'tlb_inval_count'],
] as const;

/** The summary of a report of `file`. */
export function replaySummary(file: string, report: Report): string[] {
  const { counters, eventHash, scenario } = report;
  const rows = LINES.map(([label, name]) => [label, name === null ? bySize(counters) : String(counters[name] ?? 0)]);
  const vram = (scenario['machine'] as { vram?: string } | undefined)?.vram ?? '';
  return [`replay of ${file} at ${vram} VRAM`, ...align([...rows, ['event hash', eventHash ?? 'none']])];
}

function bySize(counters: Report['counters']): string {
  return ['2M', '64K', '4K'].map((size) => counters[`svm_${size}_pagefault_count`] ?? 0).join(' / ');
}
