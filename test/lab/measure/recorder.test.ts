import { describe, expect, it } from 'vitest';
import { LogHistogram } from '../../../src/lab/measure/histogram.ts';
import { Recorder } from '../../../src/lab/measure/recorder.ts';
import { createRng } from '../../../src/base/rng.ts';
import { quantile } from '../../../src/lab/measure/stats.ts';
import type { ModelEvent } from '../../../src/model/event/event.ts';

const migrate = (startNs: number, vpn = 0x7f0000000, timesliceMs = 5): ModelEvent => ({
  kind: 'migrate',
  direction: 'to-vram',
  device: 0,
  startVpn: vpn,
  pages: 512,
  moved: 500,
  zeroFilled: 12,
  startNs,
  status: 0,
  cause: { rule: 'gpu-fault', values: { chunk: 2097152, timesliceMs, expiresNs: startNs + 5 } },
});
const fault: ModelEvent = { kind: 'fault', asid: 1, vpn: 5, access: 0, faultType: 0, level: 1 };

function hashOf(...events: ModelEvent[]): string {
  const recorder = new Recorder();
  events.forEach((event, i) => recorder.emit(i, event));
  return recorder.eventHash;
}

describe('the event hash', () => {
  it('ignores times and the order of fields', () => {
    const shuffled = Object.fromEntries(Object.entries(migrate(1)).reverse()) as unknown as ModelEvent;
    expect(hashOf(migrate(1))).toBe(hashOf(migrate(999)));
    expect(hashOf(migrate(1))).toBe(hashOf(shuffled));
    expect(hashOf(migrate(1))).toMatch(/^[0-9a-f]{16}$/);
  });

  it('sees everything else: values, high bits, parameters, order, count', () => {
    const different = [
      hashOf(migrate(1)),
      hashOf(migrate(1, 0x7f0000001)),
      hashOf(migrate(1, 0x7f0000000 + 2 ** 40)),
      hashOf(migrate(1, 0x7f0000000, 20)),
      hashOf(migrate(1, 0x7f0000000, 2.5)),
      hashOf(migrate(1), fault),
      hashOf(fault, migrate(1)),
      hashOf(migrate(1), migrate(1)),
      hashOf(),
    ];
    expect(new Set(different).size).toBe(different.length);
  });

  it('ignores notes', () => {
    expect(hashOf(fault, { kind: 'note', text: 'at 12:00' })).toBe(hashOf(fault));
  });
});

describe('the recorder', () => {
  it('counts, totals, and forgets on reset', () => {
    const recorder = new Recorder();
    recorder.emit(10, fault);
    recorder.emit(20, migrate(12));
    recorder.emit(30, { ...migrate(12), status: 'EBUSY' } as ModelEvent);
    recorder.emit(40, { kind: 'cpu-fault', pid: 1, vpn: 3, write: true, outcome: 'migrated' });
    recorder.emit(50, { kind: 'fault-done', asid: 1, vpn: 5, status: 0, startNs: 10 });
    expect(recorder.counters()).toEqual({
      x_event_cpu_fault_migrated: 1,
      x_event_fault: 1,
      x_event_fault_served: 1,
      x_event_migrate_to_vram: 1,
      x_event_migrate_to_vram_failed: 1,
    });
    expect(recorder.totals).toEqual({ bytesToVram: 500 * 4096, bytesToRam: 0, migrations: 1, evictions: 0, faults: 1 });
    expect(recorder.faultService.sum).toBe(40);
    const before = new Recorder().eventHash;
    recorder.reset();
    expect(recorder.counters()).toEqual({});
    expect(recorder.eventHash).toBe(before);
    expect(recorder.timeline()).toEqual([]);
  });

  it('keeps windows apart from totals', () => {
    const recorder = new Recorder();
    recorder.emit(9, { kind: 'phase', phase: 'copy', vpn: 1, startNs: 1, endNs: 9 });
    recorder.startWindow();
    recorder.emit(40, { kind: 'phase', phase: 'copy', vpn: 1, startNs: 8, endNs: 40 });
    expect(recorder.phase('copy').total.count).toBe(2);
    expect(recorder.phase('copy').window.count).toBe(1);
    expect(recorder.phase('copy').window.quantile(0.5)).toBe(32);
    expect(recorder.phase('bind').total.count).toBe(0);
  });

  it('keeps the newest events, in order, and counts the others', () => {
    const recorder = new Recorder(3);
    for (let now = 0; now < 5; now++) recorder.emit(now, fault);
    expect(recorder.timeline().map((entry) => entry.now)).toEqual([2, 3, 4]);
    expect(recorder.timelineDropped).toBe(2);
  });
});

describe('the histogram', () => {
  it('gives quantiles within 5 % of the exact ones', () => {
    const rng = createRng(3);
    const values = Array.from({ length: 5000 }, () => Math.floor(2 ** (rng.below(30_000) / 1000)) + 1);
    const histogram = new LogHistogram();
    for (const value of values) histogram.add(value);
    for (const q of [0.01, 0.5, 0.9, 0.99]) {
      const ratio = histogram.quantile(q) / quantile(values, q);
      expect(Math.abs(ratio - 1), `quantile ${q}`).toBeLessThan(0.05);
    }
    expect(histogram.sum).toBe(values.reduce((sum, value) => sum + value, 0));
  });

  it('holds nothing, zero, and the longest', () => {
    const histogram = new LogHistogram();
    expect(histogram.quantile(0.5)).toBe(0);
    histogram.add(0);
    histogram.add(1e18);
    expect(histogram.count).toBe(2);
    expect(histogram.buckets()).toHaveLength(2);
    expect(() => histogram.add(-1)).toThrow('a duration of -1');
    histogram.reset();
    expect(histogram.buckets()).toEqual([]);
  });
});
