// CPU touches: first touch, permissions, device pages, gate, failures.
import { describe, expect, it } from 'vitest';
import { cpuFault, populate } from '../../../src/model/mm/access.ts';
import { MMU_EVENT } from '../../../src/model/event/event.ts';
import { PTE_KIND, pteWord } from '../../../src/model/mm/page-table.ts';
import { Machine } from './machine.ts';

function kindAt(machine: Machine, vpn: number): number {
  return machine.mm.table.kind(machine.mm.table.get(vpn));
}

describe('anonymous memory', () => {
  it('a read maps the shared zero page and reads zero; a second read is no fault', async () => {
    const machine = new Machine();
    machine.mm.mmap(0, 8);
    expect([await machine.touch(3), await machine.touch(4), await machine.touch(3)]).toEqual([0, 0, 0]);
    expect(machine.mm.table.pfn(machine.mm.table.get(3))).toBe(machine.world.pages.zeroPfn);
    expect(machine.outcomes()).toEqual(['minor', 'minor']);
    expect(machine.world.pages.freeSystem).toBe(63);
  });

  it('a write gets a zeroed frame of its own', async () => {
    const machine = new Machine();
    machine.mm.mmap(0, 8);
    expect([await machine.touch(3, 5), await machine.touch(3, 6), await machine.touch(3)]).toEqual([0, 5, 11]);
    expect(machine.outcomes()).toEqual(['minor']);
    expect(machine.world.pages.freeSystem).toBe(62);
  });

  it('a write after a read replaces the zero page inside a CLEAR section', async () => {
    const machine = new Machine();
    machine.mm.mmap(0, 8);
    const sub = machine.subscribe(0, 8);
    await machine.touch(3);
    expect(sub.seen).toEqual([]);
    expect([await machine.touch(3, 5), await machine.touch(3)]).toEqual([0, 5]);
    expect(sub.kinds).toEqual([MMU_EVENT.CLEAR]);
  });

  it('two threads that write the same zero page at once share one frame', async () => {
    const machine = new Machine();
    const { sched } = machine.world;
    machine.mm.mmap(0, 8);
    await machine.touch(3);
    machine.subscribe(0, 8, function* () {
      yield* sched.sleepUntil(sched.now + 10);
    });
    machine.start('a', machine.access(3, 1));
    machine.start('b', machine.access(3, 10));
    await machine.finish();
    expect(await machine.touch(3)).toBe(11);
    expect(machine.world.pages.freeSystem).toBe(62);
  });

  it('BUS when RAM is exhausted, and the zero page stays', async () => {
    const machine = new Machine({ system: 2 });
    machine.mm.mmap(0, 8);
    expect([await machine.touch(0, 1), await machine.touch(1)]).toEqual([0, 0]);
    expect([await machine.touch(1, 1), await machine.touch(2, 1)]).toEqual(['BUS', 'BUS']);
    expect([await machine.touch(1), kindAt(machine, 2)]).toEqual([0, PTE_KIND.none]);
    expect(machine.outcomes()).toEqual(['minor', 'minor', 'BUS', 'BUS']);
  });
});

describe('permissions', () => {
  it('SEGV without an area, or without permission; control: with it', async () => {
    const machine = new Machine();
    machine.mm.mmap(0, 8, { write: false });
    machine.mm.mmap(8, 8, { read: false, write: false });
    expect([await machine.touch(99), await machine.touch(0, 1), await machine.touch(8)]).toEqual([
      'SEGV',
      'SEGV',
      'SEGV',
    ]);
    expect(await machine.touch(0)).toBe(0);
    expect(machine.outcomes()).toEqual(['SEGV', 'SEGV', 'SEGV', 'minor']);
  });

  it('SEGV once the process is gone', async () => {
    const machine = new Machine();
    machine.mm.mmap(0, 8);
    await machine.touch(0, 1);
    await machine.run(machine.mm.exit());
    expect(await machine.touch(0)).toBe('SEGV');
  });

  it('an I/O area has no page to give: BUS', async () => {
    const machine = new Machine();
    machine.mm.mmap(0, 8, { io: true });
    machine.mm.mmap(8, 8, { special: true });
    machine.mm.table.set(8, pteWord(PTE_KIND.special, 0, false));
    expect([await machine.touch(0), await machine.touch(8), await machine.touch(9)]).toEqual(['BUS', 'BUS', 0]);
  });
});

describe('file mappings', () => {
  it('are zero, get frames on reads too, and become writable in place', async () => {
    const machine = new Machine();
    machine.mm.mmap(0, 8, { anonymous: false });
    const sub = machine.subscribe(0, 8);
    expect([await machine.touch(0), kindAt(machine, 0)]).toEqual([0, PTE_KIND.present]);
    const pfn = machine.mm.table.pfn(machine.mm.table.get(0));
    expect([await machine.touch(0, 7), await machine.touch(0)]).toEqual([0, 7]);
    expect(machine.mm.table.pfn(machine.mm.table.get(0))).toBe(pfn);
    expect(sub.seen).toEqual([]);
  });
});

describe('swap cache', () => {
  it('a swapped page comes back with its content', async () => {
    const machine = new Machine();
    machine.mm.mmap(0, 8);
    await machine.touch(0, 42);
    const { pages } = machine.world;
    const pfn = machine.mm.table.pfn(machine.mm.table.get(0));
    // What reclaim will do: unmap, keep the reference for the entry.
    machine.mm.table.observer = null;
    pages.mapcount[pfn] = 0;
    pages.clearRmap(pfn);
    machine.mm.table.set(0, pteWord(PTE_KIND.swapped, pfn, false));
    expect([await machine.touch(0), await machine.touch(0, 1), await machine.touch(0)]).toEqual([42, 42, 43]);
  });
});

describe('device pages', () => {
  async function onDevice(): Promise<Machine> {
    const machine = new Machine();
    machine.mm.mmap(0, 32);
    for (let vpn = 0; vpn < 16; vpn++) await machine.touch(vpn, 100 + vpn);
    expect(await machine.run(machine.device.toDevice(machine.mm, 0, 16))).toBe(0);
    machine.events.length = 0;
    return machine;
  }

  it('§4.4 a touch brings the whole window home with its content', async () => {
    const machine = await onDevice();
    expect([await machine.touch(3), await machine.touch(4), await machine.touch(8)]).toEqual([103, 104, 108]);
    expect(machine.outcomes()).toEqual(['migrated', 'migrated']);
    expect(machine.device.callbacks).toBe(2);
    expect(machine.device.free.length).toBe(64);
  });

  it('S2 inside the timeslice the touch sleeps to its end: one gated event, then it moves', async () => {
    const machine = await onDevice();
    machine.device.expiry = 5_000_000;
    expect(await machine.touch(3)).toBe(103);
    expect(machine.world.sched.now).toBe(5_000_000);
    expect(machine.outcomes()).toEqual(['gated', 'migrated']);
    expect(machine.device.callbacks).toBe(2);
  });

  it('S2 control: after the end nobody sleeps', async () => {
    const machine = await onDevice();
    machine.device.expiry = 5_000_000;
    machine.world.sched.run(5_000_000);
    await machine.touch(3);
    expect(machine.outcomes()).toEqual(['migrated']);
  });

  it('a gated touch sleeps without the mmap lock', async () => {
    const machine = await onDevice();
    machine.device.expiry = 5_000_000;
    const touched = machine.start('touch', machine.access(3));
    let unmapped = -1;
    machine.start(
      'munmap',
      (function* () {
        yield* machine.world.sched.sleepUntil(1000);
        yield* machine.mm.munmap(0, 8);
        unmapped = machine.world.sched.now;
      })(),
    );
    await machine.finish();
    expect([unmapped, touched.result]).toEqual([1000, 'SEGV']);
  });

  it('I54 a failed migration is a bus error, and the page is still there', async () => {
    const machine = await onDevice();
    machine.device.answer = 'ENOMEM';
    expect([await machine.touch(3), kindAt(machine, 3)]).toEqual(['BUS', PTE_KIND.devPrivate]);
    machine.device.answer = null;
    expect(await machine.touch(3)).toBe(103);
  });

  it('R8 a page that neither moves nor is gated is tried again a little later, reported once', async () => {
    const machine = await onDevice();
    const pfn = machine.mm.table.pfn(machine.mm.table.get(3));
    machine.world.pages.get(pfn);
    const touched = machine.start('touch', machine.access(3));
    machine.start(
      'unpin',
      (function* () {
        yield* machine.world.sched.sleepUntil(95_000);
        machine.world.pages.put(pfn);
      })(),
    );
    await machine.finish();
    expect([touched.result, machine.world.sched.now]).toEqual([103, 100_000]);
    expect(machine.outcomes()).toEqual(['busy', 'migrated']);
  });
});

describe('populate', () => {
  it('touches a span with few jobs and stops where nothing is mapped', async () => {
    const machine = new Machine({ system: 700 });
    machine.mm.mmap(0, 600);
    expect(await machine.run(populate(machine.mm, 0, 600, true))).toBe(0);
    expect(machine.executor.jobs.length).toBe(2);
    expect(await machine.run(populate(machine.mm, 590, 601, true))).toBe('EFAULT');
  });

  it('turns read pages into written ones, brings device pages home, ENOMEM when RAM is exhausted', async () => {
    const machine = new Machine({ system: 17 });
    machine.mm.mmap(0, 32);
    await machine.touch(2);
    expect(await machine.run(machine.device.toDevice(machine.mm, 0, 8))).toBe(0);
    expect(await machine.run(populate(machine.mm, 0, 16, true))).toBe(0);
    expect(machine.world.pages.freeSystem).toBe(0);
    expect(await machine.run(populate(machine.mm, 0, 17, true))).toBe('ENOMEM');
  });
});

it('cpuFault of a present page yields nothing', () => {
  const machine = new Machine();
  machine.mm.mmap(0, 8);
  machine.start('first', cpuFault(machine.mm, 0, true));
  machine.world.sched.run(0);
  expect(cpuFault(machine.mm, 0, true).next()).toEqual({ done: true, value: 0 });
});
