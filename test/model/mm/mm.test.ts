// Calls that change an address space: areas, entries, events and page counts afterwards.
import { describe, expect, it } from 'vitest';
import { MMU_EVENT } from '../../../src/model/event/event.ts';
import { PTE_KIND } from '../../../src/model/mm/page-table.ts';
import type { Mm } from '../../../src/model/mm/mm.ts';
import { Machine } from './machine.ts';

function areas(mm: Mm): string[] {
  return [...mm.vmas()].map((vma) => `${vma.startVpn}-${vma.endVpn} ${vma.read ? 'r' : '-'}${vma.write ? 'w' : '-'}`);
}

async function written(pages = 16): Promise<Machine> {
  const machine = new Machine();
  machine.mm.mmap(0, 16);
  for (let vpn = 0; vpn < pages; vpn++) await machine.touch(vpn, 100 + vpn);
  return machine;
}

describe('mmap', () => {
  it('EINVAL when empty, overlapping or below zero; control: beside it', () => {
    const { mm } = new Machine();
    expect([mm.mmap(0, 8), mm.mmap(7, 1), mm.mmap(8, 0), mm.mmap(-1, 1), mm.mmap(8, 8)]).toEqual([
      0,
      'EINVAL',
      'EINVAL',
      'EINVAL',
      0,
    ]);
    expect(areas(mm)).toEqual(['0-16 rw']);
  });

  it('finds areas as vma_lookup and find_vma_intersection do', () => {
    const { mm } = new Machine();
    mm.mmap(10, 10);
    expect([mm.findVma(9), mm.findVma(20), mm.findVmaIntersection(0, 10), mm.findVmaIntersection(20, 30)]).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect([mm.findVma(19)?.startVpn, mm.findVmaIntersection(0, 11)?.startVpn]).toEqual([10, 10]);
  });

  it('memory with something behind it is not anonymous', () => {
    const { mm } = new Machine();
    mm.mmap(0, 1, { hugetlb: true });
    mm.mmap(1, 1, { io: true });
    mm.mmap(2, 1, { dax: true });
    mm.mmap(3, 1, { special: true });
    expect([0, 1, 2, 3].map((vpn) => mm.findVma(vpn)?.anonymous)).toEqual([false, false, false, true]);
  });
});

describe('munmap', () => {
  it('I37 I39 splits the area, tells devices once, frees pages', async () => {
    const machine = await written();
    const sub = machine.subscribe(0, 16);
    expect(await machine.run(machine.mm.munmap(4, 8))).toBe(0);
    expect(areas(machine.mm)).toEqual(['0-4 rw', '8-16 rw']);
    expect(sub.seen).toEqual([{ startVpn: 4, endVpn: 8, event: MMU_EVENT.UNMAP, blockable: true, owner: null }]);
    expect(machine.world.pages.freeSystem).toBe(63 - 12);
    expect([await machine.touch(3), await machine.touch(4), await machine.touch(8)]).toEqual([103, 'SEGV', 108]);
  });

  it('is silent where nothing was mapped; EINVAL when empty', async () => {
    const machine = await written();
    const sub = machine.subscribe(0, 100);
    expect(await machine.run(machine.mm.munmap(50, 60))).toBe(0);
    expect(await machine.run(machine.mm.munmap(5, 5))).toBe('EINVAL');
    expect(sub.seen).toEqual([]);
  });

  it('S27 one event over several areas and subscriptions', async () => {
    const machine = await written();
    machine.mm.mmap(32, 16, { write: false });
    const subs = [machine.subscribe(0, 16), machine.subscribe(32, 48)];
    await machine.run(machine.mm.munmap(8, 40));
    expect(subs.map((sub) => sub.seen.length)).toEqual([1, 1]);
    expect(subs[0]?.interval.seq).toBe(subs[1]?.interval.seq);
    expect(areas(machine.mm)).toEqual(['0-8 rw', '40-48 r-']);
  });

  it('gives device pages back to their device, and memory mapped anew reads zero', async () => {
    const machine = await written();
    await machine.run(machine.device.toDevice(machine.mm, 0, 8));
    await machine.run(machine.mm.munmap(0, 16));
    expect([machine.device.free.length, machine.world.pages.freeSystem]).toEqual([64, 63]);
    machine.mm.mmap(0, 16);
    expect([await machine.touch(0), await machine.touch(1, 1), await machine.touch(1)]).toEqual([0, 0, 1]);
  });

  it('entries go only after the callbacks have returned', async () => {
    const machine = await written();
    const { sched } = machine.world;
    let kind = -1;
    machine.subscribe(0, 16, function* () {
      yield* sched.sleepUntil(100);
      kind = machine.mm.table.kind(machine.mm.table.get(5));
    });
    await machine.run(machine.mm.munmap(0, 16));
    expect(kind).toBe(PTE_KIND.present);
  });

  it('waits for a migration of the span, whose pages go then', async () => {
    const machine = await written();
    machine.device.paused = true;
    const migrated = machine.start('migrate', machine.device.toDevice(machine.mm, 0, 8));
    const unmapped = machine.start('munmap', machine.mm.munmap(0, 16));
    machine.start(
      'resume',
      (function* () {
        yield* machine.world.sched.sleepUntil(10);
        expect(unmapped.result).toBeUndefined();
        machine.device.resume();
      })(),
    );
    await machine.finish();
    expect([migrated.result, unmapped.result]).toEqual([0, 0]);
    expect([machine.device.free.length, machine.world.pages.freeSystem]).toEqual([64, 63]);
  });
});

describe('discard', () => {
  it('drops content, keeps the area (CLEAR)', async () => {
    const machine = await written();
    await machine.run(machine.device.toDevice(machine.mm, 0, 4));
    const sub = machine.subscribe(0, 16);
    expect(await machine.run(machine.mm.discard(2, 6))).toBe(0);
    expect(sub.kinds).toEqual([MMU_EVENT.CLEAR]);
    expect([await machine.touch(1), await machine.touch(2), await machine.touch(5), await machine.touch(6)]).toEqual([
      101, 0, 0, 106,
    ]);
  });

  it('during a migration of the page: its copy is dropped with it', async () => {
    const machine = await written();
    machine.device.paused = true;
    machine.start('migrate', machine.device.toDevice(machine.mm, 0, 8));
    machine.start(
      'discard',
      (function* () {
        yield* machine.world.sched.sleepUntil(10);
        yield* machine.mm.discard(3, 4);
        machine.device.resume();
      })(),
    );
    await machine.finish();
    expect(machine.device.free.length).toBe(64 - 7);
    expect([await machine.touch(3), await machine.touch(4)]).toEqual([0, 104]);
  });
});

describe('mprotect', () => {
  it('splits, revokes writing, tells devices; granting joins again and reaches entries on the next write', async () => {
    const machine = await written();
    const sub = machine.subscribe(0, 16);
    expect(await machine.run(machine.mm.mprotect(4, 8, { read: true, write: false }))).toBe(0);
    expect(areas(machine.mm)).toEqual(['0-4 rw', '4-8 r-', '8-16 rw']);
    expect(sub.seen.map((event) => [event.event, event.startVpn, event.endVpn])).toEqual([
      [MMU_EVENT.PROTECTION_VMA, 4, 8],
    ]);
    expect([await machine.touch(5), await machine.touch(5, 1), await machine.touch(8, 1)]).toEqual([105, 'SEGV', 108]);
    expect(await machine.run(machine.mm.mprotect(4, 8, { read: true, write: true }))).toBe(0);
    expect(areas(machine.mm)).toEqual(['0-16 rw']);
    expect(machine.mm.table.writable(machine.mm.table.get(5))).toBe(false);
    expect([await machine.touch(5, 1), await machine.touch(5)]).toEqual([105, 106]);
  });

  it('revokes writing of device-private and migrating entries', async () => {
    const machine = await written();
    await machine.run(machine.device.toDevice(machine.mm, 0, 8));
    const pfns = [0, 1].map((vpn) => machine.mm.table.pfn(machine.mm.table.get(vpn)));
    machine.device.paused = true;
    machine.start('evict', machine.device.evict(pfns));
    machine.start(
      'mprotect',
      (function* () {
        yield* machine.world.sched.sleepUntil(10);
        yield* machine.mm.mprotect(0, 16, { read: true, write: false });
        machine.device.resume();
      })(),
    );
    await machine.finish();
    expect([0, 2].map((vpn) => machine.mm.table.kind(machine.mm.table.get(vpn)))).toEqual([
      PTE_KIND.present,
      PTE_KIND.devPrivate,
    ]);
    expect([0, 2].map((vpn) => machine.mm.table.writable(machine.mm.table.get(vpn)))).toEqual([false, false]);
    expect([await machine.touch(0), await machine.touch(2), await machine.touch(2, 1)]).toEqual([100, 102, 'SEGV']);
  });

  it('taking read permission away makes touches fail, giving it back shows the old content', async () => {
    const machine = await written();
    await machine.run(machine.mm.mprotect(0, 16, { read: false, write: false }));
    expect(await machine.touch(3)).toBe('SEGV');
    await machine.run(machine.mm.mprotect(0, 16, { read: true, write: false }));
    expect(await machine.touch(3)).toBe(103);
  });

  it('ENOMEM at a hole, with the areas before it changed; EINVAL when empty', async () => {
    const machine = await written();
    expect(await machine.run(machine.mm.mprotect(8, 20, { read: true, write: false }))).toBe('ENOMEM');
    expect(areas(machine.mm)).toEqual(['0-8 rw', '8-16 r-']);
    expect(await machine.run(machine.mm.mprotect(3, 3, { read: true, write: false }))).toBe('EINVAL');
  });

  it('is silent where nothing was touched or nothing changes', async () => {
    const machine = await written();
    machine.mm.mmap(1024, 16);
    const sub = machine.subscribe(0, 2048);
    await machine.run(machine.mm.mprotect(1024, 1040, { read: true, write: false }));
    await machine.run(machine.mm.mprotect(0, 16, { read: true, write: true }));
    expect(sub.seen).toEqual([]);
  });
});

describe('exit', () => {
  it('RC13 RELEASE for every subscription, then nothing is left', async () => {
    const machine = await written();
    await machine.run(machine.device.toDevice(machine.mm, 0, 8));
    const subs = [machine.subscribe(0, 4), machine.subscribe(1000, 2000)];
    await machine.run(machine.mm.exit());
    expect(subs.map((sub) => sub.kinds)).toEqual([[MMU_EVENT.RELEASE], [MMU_EVENT.RELEASE]]);
    expect([machine.mm.users, areas(machine.mm)]).toEqual([0, []]);
    expect([machine.device.free.length, machine.world.pages.freeSystem]).toEqual([64, 63]);
    expect([machine.mm.mmap(0, 1), machine.mm.tryGetUser()]).toEqual(['EINVAL', false]);
  });

  it('another user keeps the address space alive until it is done', async () => {
    const machine = await written();
    expect(machine.mm.tryGetUser()).toBe(true);
    await machine.run(machine.mm.exit());
    expect([machine.mm.users, areas(machine.mm), await machine.touch(3)]).toEqual([1, ['0-16 rw'], 103]);
    await machine.run(machine.mm.putUser());
    expect([machine.mm.users, areas(machine.mm)]).toEqual([0, []]);
  });

  it('S25 exit during a migration: it finishes, then everything goes', async () => {
    const machine = await written();
    machine.device.paused = true;
    const migrated = machine.start('migrate', machine.device.toDevice(machine.mm, 0, 8));
    machine.start('exit', machine.mm.exit());
    machine.start(
      'resume',
      (function* () {
        yield* machine.world.sched.sleepUntil(10);
        expect(machine.mm.users).toBe(0);
        machine.device.resume();
      })(),
    );
    await machine.finish();
    expect(migrated.result).toBe(0);
    expect([machine.device.free.length, machine.world.pages.freeSystem]).toEqual([64, 63]);
  });

  it('S25 exit during an eviction: the copies are dropped', async () => {
    const machine = await written();
    await machine.run(machine.device.toDevice(machine.mm, 0, 8));
    const pfns = [0, 1, 2].map((vpn) => machine.mm.table.pfn(machine.mm.table.get(vpn)));
    machine.device.paused = true;
    machine.start('evict', machine.device.evict(pfns));
    machine.start(
      'exit',
      (function* () {
        yield* machine.world.sched.sleepUntil(10);
        yield* machine.mm.exit();
        machine.device.resume();
      })(),
    );
    await machine.finish();
    expect([machine.device.free.length, machine.world.pages.freeSystem]).toEqual([64, 63]);
  });

  it('exiting twice is a bug', async () => {
    const machine = await written(0);
    await machine.run(machine.mm.exit());
    await expect(machine.run(machine.mm.exit())).rejects.toThrow('twice');
  });
});
