// Errors of migrate_to_devmem, all-or-nothing, each beside a case that works (gpusvm-and-pagemap.md §4.2, Appendix C).
import { describe, expect, it } from 'vitest';
import { type Status } from '../../../src/base/errno.ts';
import type { DevmemAllocation, DevmemOps } from '../../../src/model/pagemap/devmem.ts';
import { migrateToDevmem } from '../../../src/model/pagemap/to-devmem.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { type Machine, TEST_CAUSE } from '../../support/fake-devmem.ts';
import { allocate, END, expected, into, setUp, START } from '../../support/to-devmem.ts';

/** The span is as it was: placement (I44), bytes (I49), and the allocation given back once (I41). */
function expectUntouched(m: Machine, words: number[], releases = 1): void {
  expect(m.words(START, END)).toEqual(words);
  expect(m.contents(START, END)).toEqual(expected());
  expect(m.device.releases).toBe(releases);
  expect(m.state.zdds.live).toBe(0);
  expect(m.pagemap.ref).toBe(1);
  expect(m.device.freePages).toBe(2048);
}

describe('errors', () => {
  it('asserts mmapLock', async () => {
    const m = await setUp();
    const details = { timesliceNs: 0, canMigrateSamePagemap: false };
    const op = migrateToDevmem(allocate(m), m.mm, START, END, details, TEST_CAUSE);
    await expect(m.run(op)).rejects.toThrow(/mmap lock/);
  });

  it.each(['populateDevmemPfn', 'copyToDevmem', 'copyToRam'])(
    'EOPNOTSUPP without %s; B18: not consumed',
    async (name) => {
      const m = await setUp();
      const ops = {
        devmemRelease: (a: DevmemAllocation) => m.device.devmemRelease(a),
        populateDevmemPfn: () => 0 as Status,
        copyToDevmem: (a: DevmemAllocation, v: never) => m.device.copyToDevmem(a, v),
        copyToRam: (a: DevmemAllocation, v: never) => m.device.copyToRam(a, v),
        [name]: undefined,
      } as unknown as DevmemOps;
      const a = allocate(m, 16, ops);
      expect(await m.run(into(m, a))).toBe('EOPNOTSUPP');
      expect([a.released, m.device.releases]).toEqual([false, 0]);
    },
  );

  it('ENOENT: no VMA at the start (RC12)', async () => {
    const m = await setUp();
    await m.run(m.mm.munmap(START, START + 1));
    expect(await m.run(into(m, allocate(m)))).toBe('ENOENT');
    expect(m.device.releases).toBe(1);
    expect(await m.run(into(m, allocate(m, 1), START + 1, START + 2))).toBe(0);
  });

  it('EINVAL: the span leaves its VMA (RC12), or set-up refuses the VMA', async () => {
    const m = await setUp();
    await m.run(m.mm.munmap(0x208, 0x209));
    expect(await m.run(into(m, allocate(m)))).toBe('EINVAL');
    m.mm.mmap(0x1000, 16, { special: true });
    expect(await m.run(into(m, allocate(m), 0x1000, 0x1010))).toBe('EINVAL');
    expect(m.device.releases).toBe(2);
    expect(await m.run(into(m, allocate(m, 8), START, 0x208))).toBe(0);
  });

  it('EINVAL comes before EBUSY: a span that leaves its file-backed VMA', async () => {
    const m = await setUp();
    m.mm.mmap(0x1000, 8, { anonymous: false });
    expect(await m.run(into(m, allocate(m), 0x1000, 0x1010))).toBe('EINVAL');
  });

  it('EBUSY: not anonymous', async () => {
    const m = await setUp();
    m.mm.mmap(0x1000, 16, { anonymous: false });
    expect(await m.run(into(m, allocate(m), 0x1000, 0x1010))).toBe('EBUSY');
    expect(m.device.releases).toBe(1);
  });

  it.each(['vectors', 'zdd'] as const)('ENOMEM: %s', async (what) => {
    const m = await setUp();
    const words = m.words(START, END);
    m.state.failPoint = (point) => point === what;
    expect(await m.run(into(m, allocate(m)))).toBe('ENOMEM');
    expectUntouched(m, words);
    m.state.failPoint = () => false;
    expect(await m.run(into(m, allocate(m)))).toBe(0);
  });

  it.each([
    [
      'pinned',
      (m: Machine, pfn: number) => m.world.pages.get(pfn),
      (m: Machine, pfn: number) => m.world.pages.put(pfn),
    ],
    [
      'locked',
      (m: Machine, pfn: number) => m.world.pages.tryLock(pfn),
      (m: Machine, pfn: number) => m.world.pages.unlock(pfn),
    ],
  ])('S11, EBUSY: one %s page keeps the whole span where it is', async (_name, hold, release) => {
    const m = await setUp();
    m.ignore = ['I43'];
    const words = m.words(START, END);
    const pfn = m.mm.table.pfn(words[7] ?? 0);
    hold(m, pfn);
    expect(await m.run(into(m, allocate(m)))).toBe('EBUSY');
    expectUntouched(m, words);
    release(m, pfn);
    expect(await m.run(into(m, allocate(m)))).toBe(0);
  });

  it('S11, EBUSY: one swapped page', async () => {
    const m = await setUp();
    const before = m.words(START, END);
    const word = before[3] ?? 0;
    m.mm.table.set(START + 3, (word & ~7) | 5);
    expect(await m.run(into(m, allocate(m)))).toBe('EBUSY');
    m.mm.table.set(START + 3, word);
    expectUntouched(m, before);
  });

  it('EBUSY: fragmented between this pagemap and RAM', async () => {
    const m = await setUp();
    await m.run(m.migrate(0x204, 0x208));
    const words = m.words(START, END);
    expect(await m.run(into(m, allocate(m)))).toBe('EBUSY');
    expect(m.words(START, END)).toEqual(words);
    expect(m.device.releases).toBe(1);
  });

  it('S15: a failing copy puts everything back', async () => {
    const m = await setUp();
    const words = m.words(START, END);
    m.device.failToDevmem = 'EIO';
    const a = allocate(m);
    expect(await m.run(into(m, a))).toBe('EIO');
    expectUntouched(m, words);
    expect(a.timesliceExpiration).toBe(0); // I51
    m.device.failToDevmem = 0;
    expect(await m.run(into(m, allocate(m)))).toBe(0);
  });

  it('B6: a failing populateDevmemPfn leaves no frame behind', async () => {
    const m = await setUp();
    const words = m.words(START, END);
    m.device.failPopulatePfn = 'ENOMEM';
    expect(await m.run(into(m, allocate(m)))).toBe('ENOMEM');
    expectUntouched(m, words);
  });

  it('EFAULT: the sources cannot be mapped', async () => {
    const m = await setUp();
    const words = m.words(START, END);
    m.state.failPoint = (point) => point === 'dma-map';
    expect(await m.run(into(m, allocate(m)))).toBe('EFAULT');
    expectUntouched(m, words);
  });

  it('EFAULT: a peer cannot reach the destination; its pages stay', async () => {
    const m = await setUp({ devicePages: [64, 64] });
    const [, peer] = m.devices;
    await m.run(m.migrate(START, END, 0, peer));
    m.device.failMap = true;
    expect(await m.run(m.migrate(START, END))).toBe('EFAULT');
    expect(m.contents(START, END)).toEqual(expected());
    expect([m.device.releases, peer?.releases]).toEqual([1, 0]);
  });

  it('EBUSY at the end: a page referenced during the copy stays, the others have moved', async () => {
    const m = await setUp();
    m.ignore = ['I43'];
    const pfn = m.mm.table.pfn(m.mm.table.get(START + 5));
    m.device.beforeCopy = function* pin(): Op<void> {
      m.world.pages.get(pfn);
    };
    expect(await m.run(into(m, allocate(m)))).toBe('EBUSY');
    m.world.pages.put(pfn);
    expect(m.onDevice(START, END)).toBe(15);
    expect(m.contents(START, END)).toEqual(expected());
    expect(m.migrations().at(-1)).toMatchObject({ status: 'EBUSY', moved: 15 });
    expect(m.state.zdds.refcount(0)).toBe(15);
  });
});
