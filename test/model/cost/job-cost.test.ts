// The cost model: curve, sums and the published figures that it must reproduce.
import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/engine/plan/commands.ts';
import { listConstants, UVMSMART, XE_BMG } from '../../../src/model/cost/constants.ts';
import { createJobCost, curveTime, serviceCost } from '../../../src/model/cost/job-cost.ts';

const copy = (pages: number): Command => ({ op: 'copy', srcSpace: 0, srcFrame: 0, dstSpace: 1, dstFrame: 0, pages });

describe('job cost', () => {
  it('passes through the points of the curve and is linear between and beyond them', () => {
    expect([4096, 65_536, 2_097_152].map((bytes) => curveTime(XE_BMG.link, bytes))).toEqual([15_000, 20_000, 60_000]);
    expect(curveTime(XE_BMG.link, 34_816)).toBe(17_500);
    expect(curveTime(XE_BMG.link, 2_097_152 + 2_031_616)).toBe(100_000);
  });

  it('charges one submission a job, each copy its own time, and nothing for a TLB invalidation', () => {
    const cost = createJobCost(XE_BMG);
    expect(cost([copy(512)])).toBe(90_000);
    expect(cost([copy(1), copy(16)])).toBe(65_000);
    expect(cost([{ op: 'tlbInval', asid: 1, vpn: 0, log2Pages: 0 }])).toBe(0);
  });

  it('keeps the peer curve to its published digits (policies.md §G.1)', () => {
    // The logs count whole cycles of a 1481 MHz clock.
    const microseconds = (bytes: number): number => Math.floor(curveTime(UVMSMART.link, bytes) * 1.481) / 1481;
    expect(microseconds(4096)).toBeCloseTo(1.7589, 4);
    expect(microseconds(2_097_152)).toBeCloseTo(163.457, 3);
    expect(serviceCost(UVMSMART).faultNs).toBe(45_000);
  });

  it('shows every constant with unit, source and confidence', () => {
    const names = listConstants(XE_BMG).map((entry) => entry.name);
    expect(names).toContain('link.4096');
    expect(names).toContain('tlbInvalidation');
    for (const { name, constant } of listConstants(XE_BMG)) {
      expect(constant.unit.length * constant.source.length * constant.confidence.length, name).toBeGreaterThan(0);
    }
  });
});
