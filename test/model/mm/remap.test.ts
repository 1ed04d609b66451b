// mmap as an operation and mremap: places, overlaps, splits and merges, content that follows, events for the old span.
import { describe, expect, it } from 'vitest';
import { MMU_EVENT } from '../../../src/model/event/event.ts';
import type { Mm } from '../../../src/model/mm/mm.ts';
import { swapOut } from '../../../src/model/mm/reclaim.ts';
import { ByteMachine, Subscriber, areas } from './byte-machine.ts';

async function withPages(pages = 8): Promise<{ m: ByteMachine; mm: Mm }> {
  const m = new ByteMachine();
  const mm = m.spawn();
  mm.mmap(0, 16);
  await m.fill(mm, 0, pages);
  return { m, mm };
}

describe('map', () => {
  it('MAP_FIXED unmaps what is there, with UNMAP, and the new pages are zero; control: beside it nothing changes', async () => {
    const { m, mm } = await withPages();
    const sub = new Subscriber(mm, 0, 16);
    expect(await m.run(mm.map({ at: 2, pages: 3, fixed: true, write: false }))).toBe(2);
    expect([sub.kinds, areas(mm)]).toEqual([[MMU_EVENT.UNMAP], ['0-2 rwp', '2-5 r-p', '5-16 rwp']]);
    expect(await m.reads(mm, 1, 6)).toEqual([101, 0, 0, 0, 105]);
    await m.end();
  });

  it('a wish that is taken, or none, goes to the highest gap; a free wish is granted', async () => {
    const { m, mm } = await withPages();
    const top = await m.run(mm.map({ pages: 4 }));
    const below = await m.run(mm.map({ at: 8, pages: 4, write: false }));
    expect([top, below, await m.run(mm.map({ at: 100, pages: 1 }))]).toEqual([0x7ffff7ffb, 0x7ffff7ff7, 100]);
    expect(await m.run(mm.map({ pages: 512, write: false }))).toBe(0x7ffff7c00);
    await m.end();
  });

  it('EINVAL for nothing, a place below zero, fixed without a place; EINTR when injected', async () => {
    const { m, mm } = await withPages(0);
    expect(await m.run(mm.map({ pages: 0 }))).toBe('EINVAL');
    expect(await m.run(mm.map({ pages: 1, at: -1 }))).toBe('EINVAL');
    expect(await m.run(mm.map({ pages: 1, fixed: true }))).toBe('EINVAL');
    m.injection.fail('mm.lock', 1, 4);
    expect(await m.run(mm.map({ pages: 1 }))).toBe('EINTR');
    expect(await m.run(mm.munmap(0, 1))).toBe('EINTR');
    expect(await m.run(mm.mremap({ from: 0, pages: 1 }))).toBe('EINTR');
    expect(await m.run(mm.fork('child'))).toBe('EINTR');
    expect(areas(mm)).toEqual(['0-16 rwp']);
    await m.end();
  });

  it('populate touches every page, for writing where the area permits it', async () => {
    const { m, mm } = await withPages(0);
    await m.run(mm.map({ at: 32, pages: 4, populate: true }));
    await m.run(mm.map({ at: 48, pages: 4, populate: true, write: false }));
    expect([m.kind(mm, 35), m.kind(mm, 48), m.inUse().system]).toEqual(['present', 'zero', 4]);
    await m.end();
  });
});

describe('mremap', () => {
  it('moves content with its pages; devices hear UNMAP of the old span twice, as in the kernel; the old place is gone', async () => {
    const { m, mm } = await withPages();
    const [sub, there] = [new Subscriber(mm, 0, 16), new Subscriber(mm, 100, 200)];
    const pfn = m.pfn(mm, 4);
    expect(await m.run(mm.mremap({ from: 4, pages: 3, to: 100 }))).toBe(100);
    const event = { startVpn: 4, endVpn: 7, event: MMU_EVENT.UNMAP, blockable: true, owner: null };
    expect([sub.seen, there.seen, m.pfn(mm, 100)]).toEqual([[event, event], [], pfn]);
    expect([await m.reads(mm, 100, 103), await m.read(mm, 4), await m.read(mm, 7)]).toEqual([
      [104, 105, 106],
      'SEGV',
      107,
    ]);
    expect(areas(mm)).toEqual(['0-4 rwp', '7-16 rwp', '100-103 rwp']);
    await m.end();
  });

  it('DONTUNMAP leaves the old area, empty: zeroes, never old data; one UNMAP', async () => {
    const { m, mm } = await withPages();
    const sub = new Subscriber(mm, 0, 16);
    expect(await m.run(mm.mremap({ from: 0, pages: 8, to: 100, dontUnmap: true }))).toBe(100);
    expect([sub.kinds, await m.reads(mm, 0, 2), await m.reads(mm, 100, 102)]).toEqual([
      [MMU_EVENT.UNMAP],
      [0, 0],
      [100, 101],
    ]);
    await m.end();
  });

  it('S7 device-private and swapped entries move as they are; a touch at the new place brings them in', async () => {
    const { m, mm } = await withPages();
    await m.run(m.device.toDevice(mm, 0, 4));
    await m.run(swapOut(mm, 4, 6));
    await m.run(mm.mremap({ from: 0, pages: 8, to: 64 }));
    expect([64, 68, 70].map((vpn) => m.kind(mm, vpn))).toEqual(['devPrivate', 'swapped', 'present']);
    expect([m.inUse().device, await m.reads(mm, 64, 72)]).toEqual([4, [100, 101, 102, 103, 104, 105, 106, 107]]);
    expect(m.inUse().device).toBe(0);
    await m.end();
  });

  it('a page that eviction has frozen moves as a migration entry and thaws at the new place', async () => {
    const { m, mm } = await withPages(2);
    await m.run(m.device.toDevice(mm, 0, 2));
    m.device.paused = true;
    m.start('evict', m.device.evict([m.pfn(mm, 0)]));
    m.start(
      'move',
      (function* () {
        yield* m.world.sched.sleepUntil(10_000);
        yield* mm.mremap({ from: 0, pages: 2, to: 64 });
        m.device.resume();
      })(),
    );
    await m.finish();
    expect([m.kind(mm, 64), m.kind(mm, 65), await m.reads(mm, 64, 66)]).toEqual(['present', 'devPrivate', [100, 101]]);
    await m.end();
  });

  it('shrinks in place, grows in place where it can, moves where it may, ENOMEM where it may not', async () => {
    const { m, mm } = await withPages();
    expect(await m.run(mm.mremap({ from: 0, pages: 16, newPages: 6 }))).toBe(0);
    expect([areas(mm), m.inUse().system]).toEqual([['0-6 rwp'], 6]);
    expect(await m.run(mm.mremap({ from: 2, pages: 4, newPages: 6 }))).toBe(2);
    expect([areas(mm), await m.reads(mm, 5, 8)]).toEqual([['0-8 rwp'], [105, 0, 0]]);
    mm.mmap(8, 1, { write: false });
    expect(await m.run(mm.mremap({ from: 0, pages: 8, newPages: 9, mayMove: false }))).toBe('ENOMEM');
    const moved = await m.run(mm.mremap({ from: 0, pages: 8, newPages: 9 }));
    expect([moved, await m.reads(mm, 0x7ffff7ff6, 0x7ffff7fff)]).toEqual([
      0x7ffff7ff6,
      [100, 101, 102, 103, 104, 105, 0, 0, 0],
    ]);
    await m.end();
  });

  it('onto other memory: that goes first', async () => {
    const { m, mm } = await withPages(10);
    expect(await m.run(mm.mremap({ from: 0, pages: 2, to: 8 }))).toBe(8);
    expect([await m.reads(mm, 7, 11), m.inUse().system]).toEqual([[107, 100, 101, 0], 8]);
    await m.end();
  });

  it('EINVAL for arguments that do not go together, EFAULT outside one area; nothing changes', async () => {
    const { m, mm } = await withPages(2);
    mm.mmap(16, 4, { write: false });
    mm.mmap(40, 2, { special: true });
    for (const wrong of [
      { from: 0, pages: 0 },
      { from: 0, pages: 2, newPages: 0 },
      { from: 0, pages: 4, to: 2 },
      { from: 4, pages: 4, to: 2 },
      { from: 0, pages: 2, newPages: 3, dontUnmap: true },
      { from: 0, pages: 2, mayMove: false, dontUnmap: true },
      { from: 0, pages: 2, to: 100, mayMove: false },
      { from: 40, pages: 2, dontUnmap: true },
    ]) {
      expect(await m.run(mm.mremap(wrong)), JSON.stringify(wrong)).toBe('EINVAL');
    }
    expect(await m.run(mm.mremap({ from: 10, pages: 8, to: 100 }))).toBe('EFAULT');
    expect(await m.run(mm.mremap({ from: 30, pages: 1, to: 100 }))).toBe('EFAULT');
    expect(await m.run(mm.mremap({ from: 40, pages: 2, newPages: 3 }))).toBe('EFAULT');
    expect([areas(mm), await m.reads(mm, 0, 2)]).toEqual([
      ['0-16 rwp', '16-20 r-p', '40-42 rwp'],
      [100, 101],
    ]);
    await m.end();
  });

  it('shared memory keeps its file and offset', async () => {
    const { m, mm } = await withPages(0);
    await m.run(mm.map({ at: 32, pages: 4, fixed: true, shared: true }));
    await m.fill(mm, 32, 36);
    const child = await m.fork(mm);
    await m.run(mm.mremap({ from: 33, pages: 2, to: 64 }));
    await m.add(mm, 64, 1000);
    expect([await m.read(child, 33), await m.read(mm, 65), await m.read(mm, 32)]).toEqual([1133, 134, 132]);
    await m.end();
  });
});
