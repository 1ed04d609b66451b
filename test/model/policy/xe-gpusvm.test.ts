// X06 and the other answers of the preset: the tables of xe.md §1.6, §1.7 and §1.10.
import { describe, expect, it } from 'vitest';
import type { Pagemap } from '../../../src/model/pagemap/pagemap.ts';
import { ATOMIC_ATTR } from '../../../src/model/policy/policy.ts';
import { XeGpusvmPolicy } from '../../../src/model/policy/xe-gpusvm.ts';
import { BMG, LNL, PVC } from '../../../src/model/xe/device-caps.ts';
import { makeXeOptions } from '../../../src/model/xe/options.ts';

const LOCAL = { device: 0 } as Pagemap;
const OTHER = { device: 1 } as Pagemap;

describe('X06 need VRAM', () => {
  const { undefined: none, device, global, cpu } = ATOMIC_ATTR;
  const table = [
    { caps: BMG, attr: none, expected: 1 },
    { caps: BMG, attr: device, expected: 0 },
    { caps: BMG, attr: global, expected: 1 },
    { caps: BMG, attr: cpu, expected: 'EACCES' },
    { caps: PVC, attr: none, expected: 1 },
    { caps: PVC, attr: device, expected: 1 },
    { caps: PVC, attr: global, expected: 1 },
    { caps: PVC, attr: cpu, expected: 'EACCES' },
    { caps: LNL, attr: none, expected: 0 },
    { caps: LNL, attr: device, expected: 0 },
    { caps: LNL, attr: global, expected: 0 },
    { caps: LNL, attr: cpu, expected: 0 },
  ] as const;
  for (const { caps, attr, expected } of table) {
    it(`${caps.name}, attribute ${attr}: ${expected}; never for an access that is not atomic`, () => {
      const policy = new XeGpusvmPolicy(caps, makeXeOptions(), caps.discrete ? LOCAL : null);
      expect(policy.needVram(true, attr)).toBe(expected);
      expect(policy.needVram(false, attr)).toBe(0);
    });
  }
});

describe('xe-gpusvm', () => {
  const options = makeXeOptions();
  const policy = new XeGpusvmPolicy(BMG, options, LOCAL);

  it('targets local VRAM by default, the asked pagemap, or none; device-only overrides', () => {
    expect(policy.target(false, 'local')).toBe(LOCAL);
    expect(policy.target(false, 'system')).toBeNull();
    expect(policy.target(false, OTHER)).toBe(OTHER);
    expect(policy.target(true, 'system')).toBe(LOCAL);
    expect(new XeGpusvmPolicy(LNL, options, null).target(false, 'local')).toBeNull();
  });

  it('migrates what may move, is elsewhere and is large enough (xe.md §1.10)', () => {
    expect(policy.needsMigrate(16, true, null, LOCAL)).toBe(true);
    expect(policy.needsMigrate(16, false, null, LOCAL)).toBe(false);
    expect(policy.needsMigrate(16, true, LOCAL, LOCAL)).toBe(false);
    expect(policy.needsMigrate(16, true, null, null)).toBe(false);
    expect(policy.needsMigrate(1, true, null, LOCAL)).toBe(true);
    const need64K = new XeGpusvmPolicy(PVC, makeXeOptions({ minMigratePages: 16 }), LOCAL);
    expect(need64K.needsMigrate(1, true, null, LOCAL)).toBe(false);
    expect(need64K.needsMigrate(16, true, null, LOCAL)).toBe(true);
  });

  it('reads the timeslice at each use, and the override replaces any value', () => {
    expect(policy.initialTimeslice(true)).toBe(5_000_000);
    expect(policy.initialTimeslice(false)).toBe(0);
    expect(policy.growTimeslice(5)).toBe(10);
    options.timeslice.deviceOnlyMs = 7;
    expect(policy.initialTimeslice(true)).toBe(7_000_000);
    expect(policy.effectiveTimeslice(3)).toBe(3);
    options.timeslice.overrideMs = 2;
    expect(policy.effectiveTimeslice(80_000_000)).toBe(2_000_000);
    expect(policy.effectiveTimeslice(0)).toBe(2_000_000);
  });
});
