// Pages that must not go: long-term pins, mlock; and what takes the others: swap, the OOM reaper.
import { describe, expect, it } from 'vitest';
import { MMU_EVENT } from '../../../src/model/event/event.ts';
import type { Mm } from '../../../src/model/mm/mm.ts';
import type { Pins } from '../../../src/model/mm/pin.ts';
import { swapOut } from '../../../src/model/mm/reclaim.ts';
import { oomReap } from '../../../src/model/mm/unmap.ts';
import { ByteMachine, Subscriber, areas } from './byte-machine.ts';

async function withPages(pages = 8): Promise<{ m: ByteMachine; mm: Mm }> {
  const m = new ByteMachine();
  const mm = m.spawn();
  mm.mmap(0, 16);
  await m.fill(mm, 0, pages);
  return { m, mm };
}

async function pin(m: ByteMachine, mm: Mm, start: number, end: number, write: boolean): Promise<Pins> {
  const pins = await m.run(mm.pin(start, end, write));
  if (typeof pins === 'string') throw new Error(pins);
  return pins;
}

describe('long-term pins', () => {
  it('S11 a pinned page refuses migration, and all is put back; control: once released it goes', async () => {
    const { m, mm } = await withPages();
    const pins = await pin(m, mm, 2, 3, true);
    expect(await m.run(m.device.toDevice(mm, 0, 4))).toBe('EBUSY');
    expect([m.kind(mm, 2), m.kind(mm, 0), await m.reads(mm, 0, 4)]).toEqual([
      'present',
      'present',
      [100, 101, 102, 103],
    ]);
    pins.release();
    pins.release();
    expect([await m.run(m.device.toDevice(mm, 0, 4)), m.inUse().device]).toEqual([0, 4]);
    await m.end();
  });

  it('bring pages home from a device and from swap', async () => {
    const { m, mm } = await withPages();
    await m.run(m.device.toDevice(mm, 0, 4));
    await m.run(swapOut(mm, 4, 5));
    const pins = await pin(m, mm, 3, 5, true);
    expect([m.inUse().device, [...pins.pfns]]).toEqual([0, [m.pfn(mm, 3), m.pfn(mm, 4)]]);
    pins.release();
    await m.end();
  });

  it('keep their frame when the process forks and writes: the child got a copy', async () => {
    const { m, mm } = await withPages();
    const pins = await pin(m, mm, 0, 1, true);
    const child = await m.fork(mm);
    await m.add(mm, 0, 1000);
    expect([m.pfn(mm, 0), await m.read(child, 0), await m.read(mm, 0)]).toEqual([pins.pfns[0], 100, 1100]);
    pins.release();
    await m.end();
  });

  it('for reading take a page of their own where it is shared; control: an unshared page stays', async () => {
    const { m, mm } = await withPages();
    const own = m.pfn(mm, 1);
    const first = await pin(m, mm, 1, 2, false);
    const child = await m.fork(mm);
    const shared = m.pfn(mm, 0);
    const pins = await pin(m, child, 0, 1, false);
    expect([first.pfns[0] === own, pins.pfns[0] === shared, m.pfn(child, 0) === pins.pfns[0]]).toEqual([
      true,
      false,
      true,
    ]);
    await m.add(child, 0, 1);
    expect([m.pfn(child, 0) === pins.pfns[0], await m.read(mm, 0)]).toEqual([true, 100]);
    first.release();
    pins.release();
    await m.end();
  });

  it('outlive the mapping; EFAULT without permission, ENOMEM without frames, and then nothing stays pinned', async () => {
    const { m, mm } = await withPages();
    const pins = await pin(m, mm, 0, 1, true);
    await m.run(mm.munmap(0, 1));
    expect(m.inUse().system).toBe(8);
    pins.release();
    expect(m.inUse().system).toBe(7);
    expect(await m.run(mm.pin(14, 18, true))).toBe('EFAULT');
    m.injection.fail('mm.alloc-zero');
    expect(await m.run(mm.pin(7, 9, true))).toBe('ENOMEM');
    expect([m.world.pages.pins.size, await m.run(m.device.toDevice(mm, 4, 8))]).toEqual([0, 0]);
    await m.end();
  });
});

describe('mlock', () => {
  it('populates, keeps pages from swap, lets them migrate; areas split and merge', async () => {
    const { m, mm } = await withPages(2);
    expect(await m.run(mm.mlock(0, 4))).toBe(0);
    expect([m.kind(mm, 3), areas(mm)]).toEqual(['present', ['0-4 rwp locked', '4-16 rwp']]);
    expect([await m.run(swapOut(mm, 0, 4)), await m.run(m.device.toDevice(mm, 0, 4))]).toEqual([0, 0]);
    expect(await m.run(mm.munlock(0, 4))).toBe(0);
    expect([areas(mm), await m.reads(mm, 0, 2), await m.run(swapOut(mm, 0, 4))]).toEqual([['0-16 rwp'], [100, 101], 4]);
    await m.end();
  });

  it('is not inherited, and breaks sharing at once', async () => {
    const { m, mm } = await withPages(2);
    await m.run(mm.mlock(0, 1));
    const child = await m.fork(mm);
    expect(areas(child)).toEqual(['0-16 rwp']);
    await m.run(child.mlock(0, 2));
    expect([m.pfn(child, 1) === m.pfn(mm, 1), await m.reads(child, 0, 2)]).toEqual([false, [100, 101]]);
    await m.end();
  });

  it('ENOMEM for a hole and for memory without permission, EAGAIN without RAM, EINVAL for nothing', async () => {
    const { m, mm } = await withPages(0);
    mm.mmap(20, 2, { read: false, write: false });
    expect(await m.run(mm.mlock(14, 18))).toBe('ENOMEM');
    expect(await m.run(mm.mlock(20, 22))).toBe('ENOMEM');
    // Twice: the run of pages fails, then the page alone.
    m.injection.fail('mm.alloc-zero', 1, 2);
    expect(await m.run(mm.mlock(0, 2))).toBe('EAGAIN');
    expect([await m.run(mm.mlock(3, 3)), await m.run(mm.munlock(14, 18)), await m.run(mm.mlock(0, 2))]).toEqual([
      'EINVAL',
      'ENOMEM',
      0,
    ]);
    await m.end();
  });
});

describe('swap', () => {
  it('unmaps with CLEAR, is refused by migration, comes back with its bytes', async () => {
    const { m, mm } = await withPages();
    const sub = new Subscriber(mm, 0, 16);
    expect(await m.run(swapOut(mm, 1, 3))).toBe(2);
    expect([sub.kinds, m.kind(mm, 1)]).toEqual([[MMU_EVENT.CLEAR, MMU_EVENT.CLEAR], 'swapped']);
    expect(await m.run(m.device.toDevice(mm, 0, 4))).toBe('EBUSY');
    expect([m.kind(mm, 1), m.kind(mm, 0), await m.reads(mm, 0, 4)]).toEqual([
      'swapped',
      'present',
      [100, 101, 102, 103],
    ]);
    await m.end();
  });

  it('takes a shared page from all who map it', async () => {
    const { m, mm } = await withPages(1);
    const child = await m.fork(mm);
    expect(await m.run(swapOut(mm, 0, 1))).toBe(1);
    expect([m.kind(mm, 0), m.kind(child, 0)]).toEqual(['swapped', 'swapped']);
    await m.add(child, 0, 1);
    expect([await m.read(child, 0), m.kind(mm, 0), await m.read(mm, 0)]).toEqual([101, 'swapped', 100]);
    await m.end();
  });

  it('leaves pinned, locked and device pages, files and zero pages alone', async () => {
    const { m, mm } = await withPages(3);
    const pins = await pin(m, mm, 0, 1, true);
    await m.run(m.device.toDevice(mm, 1, 2));
    await m.run(mm.map({ at: 20, pages: 1, shared: true, populate: true }));
    await m.read(mm, 4);
    expect(await m.run(swapOut(mm, 0, 32))).toBe(1);
    expect([0, 1, 2, 4, 20].map((vpn) => m.kind(mm, vpn))).toEqual([
      'present',
      'devPrivate',
      'swapped',
      'zero',
      'present',
    ]);
    pins.release();
    await m.end();
  });
});

describe('the OOM reaper', () => {
  it('takes private pages without waiting; an area whose device refuses keeps them', async () => {
    const { m, mm } = await withPages(4);
    mm.mmap(32, 2, { write: true });
    await m.fill(mm, 32, 34);
    await m.run(mm.map({ at: 48, pages: 1, shared: true, populate: true }));
    const sub = new Subscriber(mm, 32, 34);
    expect(await m.run(oomReap(mm))).toBe(false);
    expect([m.kind(mm, 0), m.kind(mm, 32), m.kind(mm, 48), m.inUse().system]).toEqual([
      'none',
      'present',
      'present',
      3,
    ]);
    sub.refuses = false;
    expect(await m.run(oomReap(mm))).toBe(true);
    expect([sub.seen.map((event) => [event.event, event.blockable]), m.inUse().system]).toEqual([
      [[MMU_EVENT.UNMAP, false]],
      1,
    ]);
    await m.end();
  });
});
