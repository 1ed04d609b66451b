// X02: a ring keeps its records in order through growth, drops beyond its limit, and hands answers to duplicates.
import { describe, expect, it } from 'vitest';
import { blankFault, encodeFault } from '../../../src/model/xe/fault-record.ts';
import { FaultRing } from '../../../src/model/xe/fault-ring.ts';
import { ringRecords } from '../../../src/model/xe/options.ts';

const BATCH = { id: 1, left: 0 };

function words(vpn: number): Uint32Array {
  const out = new Uint32Array(4);
  encodeFault({ ...blankFault(), vpn }, out);
  return out;
}

describe('X02 fault ring', () => {
  it('is first in, first out while it wraps and grows', () => {
    const ring = new FaultRing(1024);
    const record = blankFault();
    let next = 0;
    let expected = 0;
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 50; i++) expect(ring.push(words(next), 0, next++, BATCH)).toBeGreaterThanOrEqual(0);
      for (let i = 0; i < 30; i++) {
        ring.readHead(record);
        expect([record.vpn, ring.headArrival]).toEqual([expected, expected]);
        expected++;
        ring.pop(0);
      }
    }
    expect(ring.count).toBe(40 * 20);
  });

  it('refuses the record after its last', () => {
    const ring = new FaultRing(128);
    for (let i = 0; i < 128; i++) expect(ring.push(words(i), 0, 0, BATCH)).toBe(i);
    expect(ring.push(words(128), 0, 0, BATCH)).toBe(-1);
    ring.pop(0);
    expect(ring.push(words(128), 0, 0, BATCH)).toBe(128);
  });

  it('passes an answer along a chain of duplicates', () => {
    const ring = new FaultRing(128);
    for (let i = 0; i < 3; i++) ring.push(words(7), 0, 0, BATCH);
    ring.linkDuplicate(0, 1);
    ring.linkDuplicate(1, 2);
    expect(ring.headAnswer).toBeNull();
    ring.pop('EPERM');
    expect(ring.headAnswer).toBe('EPERM');
    ring.pop('EPERM');
    expect(ring.headAnswer).toBe('EPERM');
  });

  it('is sized by the driver from its execution units', () => {
    expect([ringRecords(160), ringRecords(512)]).toEqual([2048, 8192]);
  });
});
