import { describe, expect, it } from 'vitest';
import { columnsOf, CHARTS, recent } from '../../src/app/ui/chart-specs.ts';
import { toggled } from '../../src/app/ui/chunk-chips.ts';
import { nearestStop, stopsOf } from '../../src/app/ui/field-stops.ts';
import * as format from '../../src/app/ui/format.ts';
import { pair, position } from '../../src/app/ui/phase-card.ts';
import { fromText, scenarioFields, setField } from '../../src/lab/session/scenario-fields.ts';
import { DEFAULT_SCENARIO } from '../../src/lab/session/scenario.ts';

describe('figures', () => {
  it('have three digits and a unit; rates are decimal, sizes binary', () => {
    expect(format.byteRate(1.5e9)).toBe('1.50 GB/s');
    expect(format.bytes(2 * 1024 ** 2)).toBe('2.00 MiB');
    expect(format.microseconds(1234)).toBe('1.23 ms');
    expect(format.trimmedCount(10_000)).toBe('10 k');
    expect(format.grouped(1234567)).toBe('1\u202f234\u202f567');
    expect(pair(8390, 9100)).toBe('8.39 · 9.10 ms');
    expect(pair(12, 9100)).toBe('12.0 µs · 9.10 ms');
  });

  it('read addresses as people write them', () => {
    expect(format.address(0x7f0000012)).toBe('0x7f00_0001_2000');
    for (const text of ['0x7f0000012000', '7f0000012abc', '0x7f00_0001_2000'])
      expect(format.parseAddress(text)).toBe(0x7f0000012);
    for (const text of ['', 'page 3', '-1']) expect(format.parseAddress(text)).toBeNull();
  });

  it('lie on the axis of phases between its ends', () => {
    expect([position(0), position(1), position(1e3), position(1e9)]).toEqual([0, 0, 0.5, 1]);
  });
});

describe('charts', () => {
  it('scale all series of a chart alike', () => {
    const sample = { at: 1, upBytes: 2e9, downBytes: 5e8, faults: 1, migrations: 1, residentPages: 1, totalPages: 4 };
    const [throughput, , residency] = CHARTS;
    expect(columnsOf(throughput ?? expect.fail(), [sample])).toEqual({ columns: [[1], [2], [0.5]], unit: 'GB/s' });
    expect(columnsOf(residency ?? expect.fail(), [sample]).columns[1]).toEqual([25]);
    expect(
      recent(
        [
          { ...sample, at: 0 },
          { ...sample, at: 100 },
        ],
        60,
      ),
    ).toHaveLength(1);
  });
});

describe('controls', () => {
  it('have only stops that their field accepts', () => {
    for (const field of scenarioFields())
      for (const stop of stopsOf(field.path) ?? []) {
        const result = setField(DEFAULT_SCENARIO, field.path, fromText(field, stop));
        // Writes and atomics share a hundred: what one allows depends on the other.
        if (!result.ok) expect(['workload.atomicPercent', 'workload.writePercent']).toContain(field.path);
      }
  });

  it('stand on the nearest stop', () => {
    const stops = stopsOf('migration.timeslice.overrideMs') ?? [];
    expect(stops[nearestStop(stops, 'driver')]).toBe('driver');
    expect(stops[nearestStop(stops, '48')]).toBe('50');
    const sizes = stopsOf('workload.footprintBytes') ?? [];
    expect(sizes[nearestStop(sizes, '65536K')]).toBe('64M');
  });

  it('keep a ladder descending', () => {
    expect(toggled(['2M', '4K'], '64K')).toBe('2M,64K,4K');
    expect(toggled(['2M', '64K', '4K'], '64K')).toBe('2M,4K');
  });
});
