// Chunk ladder V1–V10 and every error of range_find_or_insert, each beside a case that works (gpusvm-and-pagemap.md §2).
import { describe, expect, it } from 'vitest';
import { isErrno } from '../../../src/base/errno.ts';
import { populate } from '../../../src/model/mm/access.ts';
import { svmCtx, type SvmCtx } from '../../../src/model/svm/ctx.ts';
import { rangeFindOrInsert } from '../../../src/model/svm/find-or-insert.ts';
import { hasMapping, notifierFind, rangeFind } from '../../../src/model/svm/find.ts';
import type { SvmRange } from '../../../src/model/svm/range.ts';
import { rangeRemove } from '../../../src/model/svm/range-remove.ts';
import { Machine, type MachineOptions } from '../../support/fake-devmem.ts';

const FAULT = 0x345;
const ctx = (fields: Partial<SvmCtx> = {}) => svmCtx({ checkPagesThresholdPages: 16, devmemPossible: true, ...fields });

async function find(m: Machine, vpn = FAULT, fields: Partial<SvmCtx> = {}, gpuva: [number, number] = [0, 2 ** 35]) {
  return m.run(m.locked(rangeFindOrInsert(m.svm, vpn, gpuva[0], gpuva[1], ctx(fields))));
}

const span = (range: SvmRange | string) => (typeof range === 'string' ? range : [range.startVpn, range.endVpn]);

async function machine(vma: [number, number], present: [number, number] | null = null, options: MachineOptions = {}) {
  const m = new Machine(options);
  m.mm.mmap(vma[0], vma[1] - vma[0]);
  if (present !== null) await m.run(populate(m.mm, present[0], present[1], true));
  return m;
}

describe('chunk ladder (§2.2)', () => {
  it('V1: 2M above the threshold is not tested for presence', async () => {
    const m = await machine([0x200, 0x600]);
    expect(span(await find(m))).toEqual([0x200, 0x400]);
  });

  it('V2: 64K when its pages are present', async () => {
    const m = await machine([0x210, 0x600], [0x340, 0x350]);
    expect(span(await find(m))).toEqual([0x340, 0x350]);
  });

  it('V3: 4K when one page of the 64K is absent', async () => {
    const m = await machine([0x210, 0x600], [0x340, 0x34f]);
    expect(span(await find(m))).toEqual([0x345, 0x346]);
  });

  it('V4: an overlapped 2M falls to 64K', async () => {
    const m = await machine([0x200, 0x600], [0x340, 0x350]);
    await find(m, 0x200, {}, [0x200, 0x201]);
    expect(span(await find(m))).toEqual([0x340, 0x350]);
  });

  it('V5: the GPU window narrows it to 4K', async () => {
    const m = await machine([0x200, 0x600]);
    expect(span(await find(m, FAULT, {}, [0x344, 0x348]))).toEqual([0x345, 0x346]);
  });

  it('V6: 2M and 64K overlapped leave 4K', async () => {
    const m = await machine([0x200, 0x600], [0x340, 0x350]);
    await find(m, 0x340, {}, [0x340, 0x341]);
    expect(span(await find(m))).toEqual([0x345, 0x346]);
  });

  it('V7: a 64K notifier never holds 2M', async () => {
    const absent = await machine([0x200, 0x600], null, { notifierPages: 16 });
    expect(span(await find(absent))).toEqual([0x345, 0x346]);
    const present = await machine([0x200, 0x600], [0x340, 0x350], { notifierPages: 16 });
    expect(span(await find(present))).toEqual([0x340, 0x350]);
  });

  it('V8: no 4K in the ladder and a small VMA: EINVAL; with 4K it fits', async () => {
    const without = await machine([0x344, 0x348], null, { chunkPages: [512, 16] });
    expect(await find(without)).toBe('EINVAL');
    expect(without.svm.notifiers.size).toBe(0);
    const control = await machine([0x344, 0x348]);
    expect(span(await find(control))).toEqual([0x345, 0x346]);
  });

  it('V9: a read-only VMA is EPERM even where a range exists; readOnly gets it', async () => {
    const m = await machine([0x200, 0x600]);
    const range = await find(m);
    await m.run(m.mm.mprotect(0x200, 0x600, { read: true, write: false }));
    expect(await find(m)).toBe('EPERM');
    expect(await find(m, FAULT, { readOnly: true })).toBe(range);
  });

  it('V10: a 2M threshold over nothing present leaves 4K', async () => {
    const m = await machine([0x200, 0x600]);
    expect(span(await find(m, FAULT, { checkPagesThresholdPages: 512 }))).toEqual([0x345, 0x346]);
  });
});

describe('presence test (§2.3)', () => {
  it('counts own device pages, not foreign ones', async () => {
    const m = await machine([0x340, 0x350], [0x340, 0x350]);
    expect(await m.run(m.migrate(0x340, 0x350))).toBe(0);
    expect(span(await find(m, FAULT, { devicePrivatePageOwner: null }))).toEqual([0x345, 0x346]);
    expect(span(await find(m, 0x344, { devicePrivatePageOwner: m.pagemap.owner }))).toEqual([0x344, 0x345]);
    const own = await machine([0x340, 0x350], [0x340, 0x350]);
    await own.run(own.migrate(0x340, 0x350));
    expect(span(await find(own, FAULT, { devicePrivatePageOwner: own.pagemap.owner }))).toEqual([0x340, 0x350]);
  });

  it('shrinks the chunk when its scratch cannot be had', async () => {
    const m = await machine([0x340, 0x350], [0x340, 0x350]);
    m.svm.failPoint = (what) => what === 'scratch';
    expect(span(await find(m))).toEqual([0x345, 0x346]);
  });
});

describe('what a range is at creation (§2.1)', () => {
  it('is found again unchanged, whatever the context says by then', async () => {
    const m = await machine([0x200, 0x600]);
    const range = (await find(m)) as SvmRange;
    expect(range.migrateDevmem).toBe(true);
    expect(range.refcount).toBe(1);
    expect(range.pages.notifierSeq).toBe(-1);
    expect(await find(m, 0x3ff, { devmemPossible: false }, [0x3ff, 0x400])).toBe(range);
    expect(range.refcount).toBe(1);
  });

  it.each([
    ['anonymous', {}, true, true],
    ['devmemPossible off', {}, false, false],
    ['file-backed', { anonymous: false }, true, false],
    ['hugetlb', { hugetlb: true }, true, false],
  ] as const)('migrateDevmem: %s', async (_name, attributes, devmemPossible, expected) => {
    const m = new Machine();
    m.mm.mmap(0x200, 0x200, attributes);
    expect(((await find(m, FAULT, { devmemPossible })) as SvmRange).migrateDevmem).toBe(expected);
  });

  it('makes one notifier a window and keeps ranges and notifiers in order', async () => {
    const m = await machine([0, 0x3000], null, { notifierPages: 1024 });
    for (const vpn of [0x2800, 0x10, 0x900, 0x200, 0x2a00]) await find(m, vpn);
    expect([...m.svm.notifiers].map((n) => [n.startVpn, n.ranges.size])).toEqual([
      [0, 2],
      [0x800, 1],
      [0x2800, 2],
    ]);
    expect(rangeFind(m.svm, 0, 2 ** 30)?.startVpn).toBe(0);
    expect(hasMapping(m.svm, 0x400, 0x800)).toBe(false);
    expect(hasMapping(m.svm, 0x3ff, 0x400)).toBe(true);
  });
});

describe('errors of range_find_or_insert, in their order', () => {
  it('EINVAL outside the mirror; its end counts as inside', async () => {
    const m = await machine([0, 0x2000], null, { endVpn: 0x1000 });
    expect(await find(m, 0x1001)).toBe('EINVAL');
    expect(isErrno(await find(m, 0x1000))).toBe(false);
  });

  it('EFAULT when the address space is gone, before anything else is looked at', async () => {
    const m = await machine([0x200, 0x600]);
    await m.run(m.mm.exit());
    expect(await find(m)).toBe('EFAULT');
    expect(await find(m, 2 ** 36)).toBe('EINVAL');
  });

  it('ENOMEM for the notifier comes before ENOENT for the VMA', async () => {
    const m = await machine([0x200, 0x600]);
    m.svm.failPoint = (what) => what === 'notifier';
    expect(await find(m, 0x900)).toBe('ENOMEM');
    m.svm.failPoint = () => false;
    expect(await find(m, 0x900)).toBe('ENOENT');
    expect(m.mm.subscriptions.list()).toHaveLength(0);
  });

  it('ENOMEM for the range leaves no notifier behind; an old notifier stays', async () => {
    const m = await machine([0x200, 0x600]);
    m.svm.failPoint = (what) => what === 'range';
    expect(await find(m)).toBe('ENOMEM');
    expect(notifierFind(m.svm, 0, 2 ** 30)).toBeNull();
    m.svm.failPoint = () => false;
    await find(m);
    m.svm.failPoint = (what) => what === 'range';
    expect(await find(m, 0x500)).toBe('ENOMEM');
    expect(m.svm.notifiers.size).toBe(1);
  });

  it('keeps the number of users of the address space', async () => {
    const m = await machine([0x200, 0x600]);
    await find(m);
    await find(m, 0x900);
    expect(m.mm.users).toBe(1);
  });

  it('I12: asserts the driver lock', async () => {
    const m = await machine([0x200, 0x600]);
    await expect(m.run(rangeFindOrInsert(m.svm, FAULT, 0, 2 ** 30, ctx()))).rejects.toThrow(/without driver/);
    expect(() => m.svm.setDriverLock(m.driverLock)).toThrow(/already/);
  });
});

describe('range_remove (§3.6)', () => {
  it('drops the notifier with its last range and hands the range over once', async () => {
    const m = await machine([0x200, 0x600]);
    const a = (await find(m)) as SvmRange;
    const b = (await find(m, 0x500)) as SvmRange;
    await m.run(m.locked(rangeRemove(m.svm, a)));
    expect(m.svm.notifiers.size).toBe(1);
    await m.run(m.locked(rangeRemove(m.svm, b)));
    expect(m.svm.notifiers.size).toBe(0);
    expect(m.mm.subscriptions.list()).toHaveLength(0);
    expect([a.refcount, b.refcount]).toEqual([0, 0]);
  });

  it('I11: reports a range whose notifier is gone and leaves it alone', async () => {
    const m = await machine([0x200, 0x600]);
    const range = (await find(m)) as SvmRange;
    await m.run(m.locked(rangeRemove(m.svm, range)));
    await m.run(m.locked(rangeRemove(m.svm, range)));
    expect(m.events.filter((e) => e.kind === 'note')).toHaveLength(1);
  });
});
