// madvise by the CPU side: what each advice does to entries, areas and devices, and where it is refused.
import { describe, expect, it } from 'vitest';
import { MMU_EVENT } from '../../../src/model/event/event.ts';
import { HMM_FLAG, hmmOrder, hmmRangeFault, type HmmRange } from '../../../src/model/mm/hmm.ts';
import type { Mm } from '../../../src/model/mm/mm.ts';
import { pteHuge } from '../../../src/model/mm/page-table.ts';
import { reclaimFree, swapOut } from '../../../src/model/mm/reclaim.ts';
import { ByteMachine, Subscriber, areas } from './byte-machine.ts';

async function withPages(pages = 4): Promise<{ m: ByteMachine; mm: Mm }> {
  const m = new ByteMachine();
  const mm = m.spawn();
  mm.mmap(0, 8);
  mm.mmap(8, 8, { write: false });
  await m.fill(mm, 0, pages);
  return { m, mm };
}

describe('DONTNEED', () => {
  it('drops content area by area, one CLEAR each; ENOMEM tells of a hole, the rest is done', async () => {
    const { m, mm } = await withPages();
    const sub = new Subscriber(mm, 0, 64);
    expect(await m.run(mm.madvise(2, 20, 'DONTNEED'))).toBe('ENOMEM');
    expect(sub.seen.map((event) => [event.startVpn, event.endVpn, event.event])).toEqual([
      [2, 8, MMU_EVENT.CLEAR],
      [8, 16, MMU_EVENT.CLEAR],
    ]);
    expect(await m.reads(mm, 0, 4)).toEqual([100, 101, 0, 0]);
    await m.end();
  });

  it('EINVAL on locked memory; control: after munlock', async () => {
    const { m, mm } = await withPages();
    await m.run(mm.mlock(0, 2));
    expect([await m.run(mm.madvise(0, 4, 'DONTNEED')), await m.read(mm, 0)]).toEqual(['EINVAL', 100]);
    await m.run(mm.munlock(0, 2));
    expect([await m.run(mm.madvise(0, 4, 'DONTNEED')), await m.read(mm, 0)]).toEqual([0, 0]);
    expect(await m.run(mm.madvise(4, 4, 'DONTNEED'))).toBe('EINVAL');
    await m.end();
  });

  it('gives device pages back', async () => {
    const { m, mm } = await withPages();
    await m.run(m.device.toDevice(mm, 0, 4));
    await m.run(mm.madvise(0, 4, 'DONTNEED'));
    expect([m.inUse(), await m.reads(mm, 0, 4)]).toEqual([{ system: 0, device: 0 }, [0, 0, 0, 0]]);
    await m.end();
  });
});

describe('FREE', () => {
  it('content stays until reclaim takes it; a write in between saves the page; devices hear CLEAR', async () => {
    const { m, mm } = await withPages();
    const sub = new Subscriber(mm, 0, 64);
    expect(await m.run(mm.madvise(0, 3, 'FREE'))).toBe(0);
    expect([sub.kinds, await m.reads(mm, 0, 4)]).toEqual([[MMU_EVENT.CLEAR], [100, 101, 102, 103]]);
    await m.add(mm, 1, 1);
    expect(await m.run(reclaimFree(mm, 0, 8))).toBe(2);
    expect([await m.reads(mm, 0, 4), m.inUse().system]).toEqual([[0, 102, 0, 103], 2]);
    await m.end();
  });

  it('a device that asks for write permission saves the page too', async () => {
    const { m, mm } = await withPages();
    await m.run(mm.madvise(0, 2, 'FREE'));
    await m.run(walk(m, mm, 0, 1, 'write').op);
    expect([await m.run(reclaimFree(mm, 0, 8)), await m.reads(mm, 0, 2)]).toEqual([1, [100, 0]]);
    await m.end();
  });

  it('leaves alone what others see too, and what is pinned or on a device; swapped pages go at once', async () => {
    const { m, mm } = await withPages();
    await m.run(swapOut(mm, 3, 4));
    await m.run(m.device.toDevice(mm, 2, 3));
    const pins = await m.run(mm.pin(0, 1, true));
    await m.run(mm.madvise(0, 4, 'FREE'));
    expect([await m.run(reclaimFree(mm, 0, 4)), await m.reads(mm, 0, 4)]).toEqual([1, [100, 0, 102, 0]]);
    if (typeof pins !== 'string') pins.release();
    await m.add(mm, 1, 11);
    const child = await m.fork(mm);
    await m.run(child.madvise(1, 2, 'FREE'));
    expect([await m.run(reclaimFree(child, 0, 4)), await m.read(mm, 1)]).toEqual([0, 11]);
    await m.end();
  });

  it('EINVAL where memory is not private anonymous; control: where it is', async () => {
    const { m, mm } = await withPages();
    await m.run(mm.map({ at: 16, pages: 2, shared: true }));
    expect(await m.run(mm.madvise(16, 18, 'FREE'))).toBe('EINVAL');
    expect(await m.run(mm.madvise(8, 10, 'FREE'))).toBe(0);
    await m.end();
  });
});

describe('HUGEPAGE, NOHUGEPAGE', () => {
  it('are flags of areas, which split and merge by them', async () => {
    const { m, mm } = await withPages();
    mm.mmap(20, 2, { special: true });
    expect(await m.run(mm.madvise(2, 4, 'HUGEPAGE'))).toBe(0);
    expect([mm.findVma(3)?.huge, mm.findVma(4)?.huge, areas(mm).length]).toEqual(['wanted', 'none', 5]);
    expect(await m.run(mm.madvise(0, 8, 'NOHUGEPAGE'))).toBe(0);
    expect([mm.findVma(3)?.huge, areas(mm).length]).toEqual(['refused', 3]);
    expect(await m.run(mm.madvise(18, 22, 'HUGEPAGE'))).toBe('EINVAL');
    expect(await m.run(mm.madvise(14, 18, 'HUGEPAGE'))).toBe('ENOMEM');
    await m.end();
  });
});

/** 2 MiB at page 512 with a few words in it, on a machine with room for two huge pages. */
async function bigMachine(): Promise<{ m: ByteMachine; mm: Mm }> {
  const m = new ByteMachine({ system: 2300, device: 520 });
  const mm = m.spawn();
  mm.mmap(512, 1024);
  for (const vpn of [512, 513, 700, 1023]) await m.add(mm, vpn, vpn);
  return { m, mm };
}

function walk(m: ByteMachine, mm: Mm, startVpn: number, endVpn: number, request: HmmRange['request']) {
  const [pfns, flags] = [new Uint32Array(endVpn - startVpn), new Uint8Array(endVpn - startVpn)];
  const range: HmmRange = { mm, notifier: null, seq: 0, startVpn, endVpn, request, owner: m.device.owner, pfns, flags };
  const op = (function* () {
    yield* mm.mmapLock.read();
    const status = yield* hmmRangeFault(range);
    mm.mmapLock.unlockRead();
    return status;
  })();
  return { range, op };
}

describe('COLLAPSE', () => {
  it('HMM-compound: 512 pages become one mapping of contiguous frames, bytes intact, after one CLEAR of the 2 MiB', async () => {
    const { m, mm } = await bigMachine();
    const sub = new Subscriber(mm, 0, 2048);
    expect(await m.run(mm.madvise(512, 1024, 'COLLAPSE'))).toBe(0);
    expect(sub.seen).toEqual([{ startVpn: 512, endVpn: 1024, event: MMU_EVENT.CLEAR, blockable: true, owner: null }]);
    expect([m.pfn(mm, 512) % 512, m.pfn(mm, 1023) - m.pfn(mm, 512), m.inUse().system]).toEqual([0, 511, 512]);
    for (const vpn of [512, 513, 700, 1023]) expect(await m.read(mm, vpn)).toBe(vpn);
    expect(await m.read(mm, 800)).toBe(0);
    const { range, op } = walk(m, mm, 512, 1024, 'none');
    await m.run(op);
    expect([...range.flags].every((f) => (f & HMM_FLAG.WRITE) !== 0 && hmmOrder(f) === 9)).toBe(true);
    expect([await m.run(mm.madvise(512, 1024, 'COLLAPSE')), sub.seen.length]).toEqual([0, 2]);
    await m.end();
  });

  it('brings pages home from a device and from swap first', async () => {
    const { m, mm } = await bigMachine();
    await m.run(m.device.toDevice(mm, 512, 514));
    await m.run(swapOut(mm, 700, 701));
    expect(await m.run(mm.madvise(512, 1024, 'COLLAPSE'))).toBe(0);
    expect([m.inUse(), await m.read(mm, 513), await m.read(mm, 700)]).toEqual([{ system: 512, device: 0 }, 513, 700]);
    await m.end();
  });

  it('a collapsed mapping splits before a part of it changes: munmap, mprotect, migration, fork', async () => {
    for (const change of ['munmap', 'mprotect', 'migrate', 'fork', 'discard', 'mremap'] as const) {
      const { m, mm } = await bigMachine();
      await m.run(mm.madvise(512, 1024, 'COLLAPSE'));
      const sub = new Subscriber(mm, 0, 2048);
      if (change === 'munmap') await m.run(mm.munmap(600, 610));
      else if (change === 'mprotect') await m.run(mm.mprotect(600, 610, { read: true, write: false }));
      else if (change === 'migrate') expect(await m.run(m.device.toDevice(mm, 513, 520))).toBe(0);
      else if (change === 'fork') await m.fork(mm);
      else if (change === 'discard') await m.run(mm.discard(600, 610));
      else await m.run(mm.mremap({ from: 600, pages: 10, to: 4096 }));
      const split = sub.seen.find((event) => event.event === MMU_EVENT.CLEAR && event.startVpn === 512);
      expect([split?.endVpn, pteHuge(mm.table.get(1023))], change).toEqual([1024, false]);
      for (const vpn of [512, 513, 700, 1023]) expect(await m.read(mm, vpn), change).toBe(vpn);
      await m.end();
    }
  });

  it('moves whole between places of equal alignment, and write permission comes back to all of it', async () => {
    const { m, mm } = await bigMachine();
    await m.run(mm.madvise(512, 1024, 'COLLAPSE'));
    await m.run(mm.mremap({ from: 512, pages: 512, to: 8192 }));
    expect([pteHuge(mm.table.get(8192)), await m.read(mm, 8193)]).toEqual([true, 513]);
    await m.run(mm.mprotect(8192, 8704, { read: true, write: false }));
    await m.run(mm.mprotect(8192, 8704, { read: true, write: true }));
    await m.add(mm, 8200, 1);
    const { range, op } = walk(m, mm, 8192, 8704, 'none');
    await m.run(op);
    expect([...range.flags].every((f) => (f & HMM_FLAG.WRITE) !== 0 && hmmOrder(f) === 9)).toBe(true);
    await m.end();
  });

  it('copies what others share and leaves it to them', async () => {
    const { m, mm } = await bigMachine();
    const child = await m.fork(mm);
    await m.add(child, 512, 1);
    expect(await m.run(child.madvise(512, 1024, 'COLLAPSE'))).toBe(0);
    await m.add(child, 513, 1);
    expect([await m.reads(mm, 512, 514), await m.reads(child, 512, 514)]).toEqual([
      [512, 513],
      [513, 514],
    ]);
    await m.end();
  });

  it('EAGAIN for pinned pages, ENOMEM without 512 frames in a row, EINVAL where it does not fit', async () => {
    const { m, mm } = await bigMachine();
    const pins = await m.run(mm.pin(700, 701, true));
    expect(await m.run(mm.madvise(512, 1024, 'COLLAPSE'))).toBe('EAGAIN');
    if (typeof pins !== 'string') pins.release();
    m.injection.fail('mm.alloc-huge');
    expect(await m.run(mm.madvise(512, 1024, 'COLLAPSE'))).toBe('ENOMEM');
    expect(await m.run(mm.madvise(512, 1023, 'COLLAPSE'))).toBe('EINVAL');
    expect(await m.run(mm.madvise(1024, 1536, 'COLLAPSE'))).toBe('EINVAL');
    await m.run(mm.madvise(512, 1024, 'NOHUGEPAGE'));
    expect(await m.run(mm.madvise(512, 1024, 'COLLAPSE'))).toBe('EINVAL');
    expect([m.inUse().system, await m.read(mm, 700)]).toEqual([4, 700]);
    await m.run(mm.madvise(512, 1024, 'HUGEPAGE'));
    expect(await m.run(mm.madvise(512, 1024, 'COLLAPSE'))).toBe(0);
    await m.end();
  });
});
