// A shader and its twin share name and constants: checked against the files and against what is generated from the WGSL.
import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  ACCESS_KIND,
  ACCESS_RECORD_WORDS,
  ACCESS_RESULT_WORDS,
  ACCESS_STATUS,
  NO_FRAME,
} from '../../../src/engine/plan/commands.ts';
import { STRUCTS, WGSL } from '../../../src/engine/plan/layouts.gen.ts';
import * as faultRing from '../../../src/engine/twin/fault-ring.ts';
import * as pte from '../../../src/engine/twin/pte.ts';
import * as tlb from '../../../src/engine/twin/tlb.ts';
import * as walk from '../../../src/engine/twin/walk.ts';

function shaders(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.wgsl'))
    .map((file) => basename(file, '.wgsl'));
}

/** Shared by kernels and of no use to a loop: shapes of pages and grids. Mixing is base/mix.ts, for everybody. */
const WITHOUT_TWIN = ['page', 'dispatch', 'mix'];

describe('names', () => {
  test.each([...shaders('shaders'), ...shaders('shaders/lib').filter((name) => !WITHOUT_TWIN.includes(name))])(
    '%s.wgsl has a twin that names it',
    (name) => {
      expect(existsSync(`src/engine/twin/${name}.ts`)).toBe(true);
    },
  );

  test('there are shaders to check (control)', () => {
    expect(shaders('shaders').length).toBeGreaterThanOrEqual(10);
  });
});

describe('constants', () => {
  const modules = Object.entries({ faultRing, pte, tlb, walk });
  const shared = modules.flatMap(([module, exported]) =>
    Object.entries(exported)
      .filter(([name, value]) => name in WGSL && typeof value === 'number' && name !== 'NO_LINE')
      .map(([name, value]) => ({ module, name, value: value as number })),
  );

  test.each(shared)('$module $name is what the WGSL says', ({ name, value }) => {
    expect(value).toBe(WGSL[name as keyof typeof WGSL]);
  });

  test('are shared in number (control)', () => {
    expect(shared.length).toBeGreaterThanOrEqual(17);
  });

  test('of the plan are those of the WGSL', () => {
    expect(ACCESS_KIND).toEqual({ read: WGSL.ACCESS_READ, write: WGSL.ACCESS_WRITE, atomic: WGSL.ACCESS_ATOMIC });
    expect(ACCESS_STATUS).toEqual({
      pending: WGSL.ACCESS_PENDING,
      done: WGSL.ACCESS_DONE,
      resolvedVram: WGSL.ACCESS_RESOLVED_VRAM,
      resolvedSystem: WGSL.ACCESS_RESOLVED_SYSTEM,
      translated: WGSL.ACCESS_TRANSLATED,
    });
    expect(NO_FRAME).toBe(WGSL.NO_FRAME);
    expect(ACCESS_RECORD_WORDS * 4).toBe(STRUCTS.AccessRecord.bytes);
    expect(ACCESS_RESULT_WORDS * 4).toBe(STRUCTS.AccessResult.bytes);
  });

  test('of a TLB line are where the shader has them', () => {
    const { fields, bytes } = STRUCTS.TlbLine;
    expect(tlb.TLB_LINE_WORDS * 4).toBe(bytes);
    expect([tlb.LINE_OWNER, tlb.LINE_PAGE_LO, tlb.LINE_PAGE_HI, tlb.LINE_LOG2_PAGES].map((word) => word * 4)).toEqual([
      fields.owner,
      fields.pageLo,
      fields.pageHi,
      fields.log2Pages,
    ]);
    expect([tlb.LINE_ENTRY_LO, tlb.LINE_ENTRY_HI, tlb.LINE_CLAIM].map((word) => word * 4)).toEqual([
      fields.entry,
      fields.entry + 4,
      fields.claim,
    ]);
  });
});
