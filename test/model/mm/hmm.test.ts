// The walker's loop: what it reports, how it faults, when it gives up (gpusvm-and-pagemap.md §3.1).
import { describe, expect, it } from 'vitest';
import { HMM_FLAG, hmmOrder } from '../../../src/model/mm/hmm.ts';
import { PTE_KIND, pteWord } from '../../../src/model/mm/page-table.ts';
import { NO_PFN } from '../../../src/model/mm/pages.ts';
import { locked, rangeOf } from './hmm-range.ts';
import { Machine } from './machine.ts';

const { VALID, WRITE, ERROR } = HMM_FLAG;

describe('output', () => {
  it('names the pages, NO_PFN where there is none, over areas, holes and leaves', async () => {
    const machine = new Machine();
    machine.mm.mmap(510, 4);
    machine.mm.mmap(516, 4, { write: false });
    await machine.touch(511, 1);
    await machine.touch(512, 1);
    await machine.touch(517);
    const range = rangeOf(machine, 509, 521, { request: 'none' });
    expect(await machine.run(locked(machine, range))).toBe(0);
    expect([...range.flags]).toEqual([ERROR, 0, VALID | WRITE, VALID | WRITE, 0, ERROR, ERROR, 0, VALID, 0, 0, ERROR]);
    const zero = machine.world.pages.zeroPfn;
    expect([...range.pfns]).toEqual([
      NO_PFN,
      NO_PFN,
      0,
      1,
      NO_PFN,
      NO_PFN,
      NO_PFN,
      NO_PFN,
      zero,
      NO_PFN,
      NO_PFN,
      NO_PFN,
    ]);
  });

  it('§3.2 reports order 9 for pages of a huge CPU mapping', async () => {
    const machine = new Machine({ system: 1200 });
    machine.mm.mmap(0, 1024);
    await machine.touch(3, 1);
    const word = machine.mm.table.get(3);
    machine.mm.table.set(3, pteWord(PTE_KIND.present, machine.mm.table.pfn(word), true, true));
    const range = rangeOf(machine, 3, 5, { request: 'none' });
    await machine.run(locked(machine, range));
    expect([...range.flags].map(hmmOrder)).toEqual([9, 0]);
    expect((range.flags[0] as number) & 7).toBe(VALID | WRITE);
  });
});

describe('faulting', () => {
  it('a whole untouched span costs one job a leaf, not one a page', async () => {
    const machine = new Machine({ system: 2000 });
    machine.mm.mmap(0, 1024);
    const range = rangeOf(machine, 0, 1024, { request: 'write' });
    await machine.run(locked(machine, range));
    expect(machine.executor.jobs.map((job) => job.commands)).toEqual([
      [{ op: 'fill', space: 0, frame: 0, pages: 512, pattern: 0 }],
      [{ op: 'fill', space: 0, frame: 512, pages: 512, pattern: 0 }],
    ]);
    expect(range.flags.every((flags) => flags === (VALID | WRITE))).toBe(true);
    expect(machine.events).toEqual([]);
  });

  it('reads of untouched pages share the zero page: one job ever', async () => {
    const machine = new Machine({ system: 16 });
    machine.mm.mmap(0, 600);
    await machine.run(locked(machine, rangeOf(machine, 0, 600, { request: 'fault' })));
    expect(machine.executor.jobs.length).toBe(1);
    expect(machine.world.pages.freeSystem).toBe(15);
  });

  it('a write request replaces zero pages, each inside its own CLEAR section, by frames zeroed in one job', async () => {
    const machine = new Machine();
    machine.mm.mmap(0, 8);
    await machine.run(locked(machine, rangeOf(machine, 0, 8, { request: 'fault' })));
    const sub = machine.subscribe(0, 8);
    const range = rangeOf(machine, 0, 8, { request: 'write' });
    await machine.run(locked(machine, range));
    expect(machine.executor.jobs.length).toBe(2);
    expect(sub.seen.map((event) => event.startVpn)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('EFAULT when RAM is exhausted', async () => {
    const machine = new Machine({ system: 5 });
    machine.mm.mmap(0, 8);
    expect(await machine.run(locked(machine, rangeOf(machine, 0, 8, { request: 'write' })))).toBe('EFAULT');
    expect(await machine.run(locked(machine, rangeOf(machine, 0, 4, { request: 'write' })))).toBe(0);
  });

  it('EFAULT when the device cannot give a foreign page back; control: it can', async () => {
    const machine = new Machine();
    machine.mm.mmap(0, 8);
    await machine.run(machine.device.toDevice(machine.mm, 0, 8));
    machine.device.answer = 'EIO';
    expect(await machine.run(locked(machine, rangeOf(machine, 0, 8, { request: 'fault' })))).toBe('EFAULT');
    machine.device.answer = null;
    expect(await machine.run(locked(machine, rangeOf(machine, 0, 8, { request: 'fault' })))).toBe(0);
    expect(machine.outcomes()).toEqual(['migrated']);
  });

  it('mixed spans: own pages stay, the rest is faulted', async () => {
    const machine = new Machine();
    machine.mm.mmap(0, 16);
    await machine.run(machine.device.toDevice(machine.mm, 4, 8));
    const range = rangeOf(machine, 0, 16, { request: 'write', owner: machine.device.owner });
    expect(await machine.run(locked(machine, range))).toBe(0);
    expect(range.flags.every((flags) => flags === (VALID | WRITE))).toBe(true);
    const onDevice = [...range.pfns].map((pfn) => machine.world.pages.isDevice(pfn));
    expect(onDevice.map((yes, i) => (yes ? i : -1)).filter((i) => i >= 0)).toEqual([4, 5, 6, 7]);
    expect(machine.device.callbacks).toBe(0);
  });

  it('S3 foreign pages inside their timeslice are waited for, past any limit of the caller', async () => {
    const machine = new Machine();
    machine.mm.mmap(0, 8);
    await machine.run(machine.device.toDevice(machine.mm, 0, 8));
    machine.device.expiry = 3_000_000_000;
    expect(await machine.run(locked(machine, rangeOf(machine, 0, 8, { request: 'fault' })))).toBe(0);
    expect(machine.world.sched.now).toBe(3_000_000_000);
    expect(machine.outcomes()).toEqual(['gated', 'migrated']);
  });
});

describe('sequence', () => {
  it('EBUSY when the notifier was invalidated before the walk; control: the fresh sequence passes', async () => {
    const machine = new Machine();
    machine.mm.mmap(0, 8);
    const sub = machine.subscribe(0, 6);
    const seq = sub.interval.seq;
    await machine.run(machine.mm.munmap(6, 8));
    const asked = { request: 'write', notifier: sub.interval } as const;
    expect(await machine.run(locked(machine, rangeOf(machine, 0, 4, { ...asked, seq })))).toBe(0);
    await machine.touch(5, 1);
    await machine.run(machine.mm.munmap(5, 6));
    expect(await machine.run(locked(machine, rangeOf(machine, 0, 4, { ...asked, seq })))).toBe('EBUSY');
    expect(await machine.run(locked(machine, rangeOf(machine, 0, 4, { ...asked, seq: sub.interval.seq })))).toBe(0);
  });

  it('RC1 EBUSY when its own fault invalidates (zero page → page), and progress is kept for the next attempt', async () => {
    const machine = new Machine();
    machine.mm.mmap(0, 4);
    await machine.touch(0);
    const sub = machine.subscribe(0, 8);
    const asked = { request: 'write', notifier: sub.interval } as const;
    const first = rangeOf(machine, 0, 4, { ...asked, seq: sub.interval.seq });
    expect(await machine.run(locked(machine, first))).toBe('EBUSY');
    const second = rangeOf(machine, 0, 4, { ...asked, seq: sub.interval.seq });
    expect(await machine.run(locked(machine, second))).toBe(0);
    expect(sub.seen.length).toBe(1);
  });
});
