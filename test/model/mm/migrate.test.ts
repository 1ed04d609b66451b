// Migration of virtual spans and of raw frames: what moves, what is put back, and where content ends up.
import { describe, expect, it } from 'vitest';
import { MMU_EVENT } from '../../../src/model/event/event.ts';
import { migrateVmaFinalize, migrateVmaPages, migrateVmaSetup } from '../../../src/model/mm/migrate.ts';
import { PTE_KIND, pteKind, pteWord, pteWritable } from '../../../src/model/mm/page-table.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { Machine } from './machine.ts';
import { machineWith, pfnAt, spanOf } from './spans.ts';

describe('S11 all or nothing', () => {
  const blockers: [string, (machine: Machine) => () => void][] = [
    [
      'a pinned page',
      (machine) => {
        const pfn = pfnAt(machine, 5);
        machine.world.pages.get(pfn);
        return () => machine.world.pages.put(pfn);
      },
    ],
    [
      'a locked page',
      (machine) => {
        const pfn = pfnAt(machine, 5);
        machine.world.pages.tryLock(pfn);
        return () => machine.world.pages.unlock(pfn);
      },
    ],
  ];
  it.each(blockers)('%s keeps the span where it is, content unchanged', async (_name, block) => {
    const machine = await machineWith(16);
    const before = Array.from({ length: 16 }, (_, vpn) => machine.mm.table.get(vpn));
    const unblock = block(machine);
    const result = machine.start('migrate', machine.device.toDevice(machine.mm, 0, 16));
    machine.start(
      'unblock',
      (function* () {
        yield* machine.world.sched.sleepUntil(1000);
        unblock();
      })(),
    );
    await machine.finish();
    expect(result.result).toBe('EBUSY');
    expect(Array.from({ length: 16 }, (_, vpn) => machine.mm.table.get(vpn))).toEqual(before);
    expect(await machine.touch(5)).toBe(105);
    expect(machine.device.free.length).toBe(64);
    expect(await machine.run(machine.device.toDevice(machine.mm, 0, 16)), 'control: unblocked it moves').toBe(0);
  });

  it('a swapped page too; control: after a touch it moves', async () => {
    const machine = await machineWith(3);
    machine.mm.table.set(3, pteWord(PTE_KIND.swapped, machine.world.pages.allocSystem(), false));
    expect(await machine.run(machine.device.toDevice(machine.mm, 0, 4))).toBe('EBUSY');
    await machine.touch(3);
    expect(await machine.run(machine.device.toDevice(machine.mm, 0, 4))).toBe(0);
  });
});

describe('migration to the device and home', () => {
  it('I49 content follows, holes read zero, RAM is freed and taken again', async () => {
    const machine = await machineWith(4);
    await machine.touch(4);
    expect(await machine.run(machine.device.toDevice(machine.mm, 0, 8))).toBe(0);
    expect(machine.world.pages.freeSystem).toBe(63);
    expect([0, 4, 7].map((vpn) => pteKind(machine.mm.table.get(vpn)))).toEqual([3, 3, 3]);
    const words = [];
    for (let vpn = 0; vpn < 8; vpn++) words.push(await machine.touch(vpn));
    expect(words).toEqual([100, 101, 102, 103, 0, 0, 0, 0]);
    expect([machine.world.pages.freeSystem, machine.device.free.length]).toEqual([55, 64]);
  });

  it('filling holes is a second section, from the first hole to the end', async () => {
    const machine = await machineWith(4);
    const sub = machine.subscribe(0, 16);
    await machine.run(machine.device.toDevice(machine.mm, 0, 8));
    expect(sub.seen.map((event) => [event.startVpn, event.endVpn])).toEqual([
      [0, 8],
      [4, 8],
    ]);
    await machine.run(machine.device.toDevice(machine.mm, 8, 9));
    expect(sub.seen.length).toBe(4);
  });

  it('control: without holes there is one section', async () => {
    const machine = await machineWith(8);
    const sub = machine.subscribe(0, 16);
    await machine.run(machine.device.toDevice(machine.mm, 0, 8));
    expect(sub.seen.length).toBe(1);
  });

  it('a hole in a read-only area becomes a read-only device page', async () => {
    const machine = new Machine();
    machine.mm.mmap(0, 4, { write: false });
    await machine.run(machine.device.toDevice(machine.mm, 0, 4));
    expect([pteKind(machine.mm.table.get(0)), pteWritable(machine.mm.table.get(0))]).toEqual([
      PTE_KIND.devPrivate,
      false,
    ]);
    expect([await machine.touch(0), await machine.touch(0, 1)]).toEqual([0, 'SEGV']);
  });

  it('a hole touched between collection and commit keeps the touch; its destination is freed', async () => {
    const machine = await machineWith(1);
    machine.device.paused = true;
    const result = machine.start('migrate', machine.device.toDevice(machine.mm, 0, 2));
    machine.start(
      'cpu',
      (function* () {
        yield* machine.world.sched.sleepUntil(10);
        yield* machine.access(1, 77);
        machine.device.resume();
      })(),
    );
    await machine.finish();
    expect(result.result).toBe('EBUSY');
    expect([pteKind(machine.mm.table.get(0)), pteKind(machine.mm.table.get(1))]).toEqual([
      PTE_KIND.devPrivate,
      PTE_KIND.present,
    ]);
    expect([await machine.touch(0), await machine.touch(1)]).toEqual([100, 77]);
    expect(machine.device.free.length).toBe(64);
  });

  it('a reference taken between collection and commit keeps the page (step-12 race)', async () => {
    const machine = await machineWith(2);
    const { pages, sched } = machine.world;
    const pfn = pfnAt(machine, 1);
    machine.device.paused = true;
    const result = machine.start('migrate', machine.device.toDevice(machine.mm, 0, 2));
    machine.start(
      'pin',
      (function* () {
        yield* sched.sleepUntil(10);
        pages.get(pfn);
        machine.device.resume();
        yield* sched.sleepUntil(20);
        pages.put(pfn);
      })(),
    );
    await machine.finish();
    expect([result.result, pfnAt(machine, 1)]).toEqual(['EBUSY', pfn]);
    expect(pteKind(machine.mm.table.get(0))).toBe(PTE_KIND.devPrivate);
    expect([await machine.touch(0), await machine.touch(1)]).toEqual([100, 101]);
  });

  it('a file page never goes to device memory', async () => {
    const machine = await machineWith(0);
    machine.mm.mmap(32, 4, { anonymous: false });
    for (let vpn = 32; vpn < 36; vpn++) await machine.touch(vpn, vpn);
    expect(await machine.run(machine.device.toDevice(machine.mm, 32, 36))).toBe('EBUSY');
    expect([pteKind(machine.mm.table.get(33)), await machine.touch(33)]).toEqual([PTE_KIND.present, 33]);
    expect(machine.device.free.length).toBe(64);
  });

  it('collecting and finishing 512 pages yields nothing when nobody contends', async () => {
    const machine = new Machine({ system: 600, device: 600 });
    machine.mm.mmap(0, 512);
    const op: Op<unknown> = (function* () {
      for (let vpn = 0; vpn < 512; vpn++) yield* machine.access(vpn, 1);
    })();
    await machine.run(op);
    const m = spanOf(machine, 0, 512);
    let steps = 0;
    machine.start(
      'migrate',
      (function* () {
        const inner = (function* (): Op<void> {
          yield* migrateVmaSetup(m);
          yield* migrateVmaPages(m);
          migrateVmaFinalize(m);
        })();
        for (let r = inner.next(); r.done !== true; r = inner.next()) {
          steps++;
          yield r.value;
        }
      })(),
    );
    await machine.finish();
    expect([m.cpages, steps]).toEqual([512, 0]);
  });
});

describe('the physical variant', () => {
  it('moves raw device frames home without area or mmap lock, one CLEAR section a page', async () => {
    const machine = await machineWith(4);
    await machine.run(machine.device.toDevice(machine.mm, 0, 4));
    const frames = [0, 1, 2, 3].map((vpn) => pfnAt(machine, vpn));
    const sub = machine.subscribe(0, 16);
    // Somebody holds the mmap lock for writing all the while.
    machine.start(
      'writer',
      (function* () {
        yield* machine.mm.mmapLock.write();
        yield* machine.world.sched.sleepUntil(1000);
        machine.mm.mmapLock.unlockWrite();
      })(),
    );
    const moved = machine.start('evict', machine.device.evict(frames));
    await machine.finish();
    expect(moved.result).toBe(4);
    expect(sub.seen.map((event) => [event.event, event.startVpn, event.endVpn])).toEqual([
      [MMU_EVENT.CLEAR, 0, 1],
      [MMU_EVENT.CLEAR, 1, 2],
      [MMU_EVENT.CLEAR, 2, 3],
      [MMU_EVENT.CLEAR, 3, 4],
    ]);
    expect([await machine.touch(0), await machine.touch(3)]).toEqual([100, 103]);
    expect(machine.outcomes().slice(-2)).toEqual(['minor', 'minor']);
  });

  it('skips free, locked and pinned frames', async () => {
    const machine = await machineWith(4);
    const { pages, sched } = machine.world;
    await machine.run(machine.device.toDevice(machine.mm, 0, 4));
    const [locked, pinned, good] = [0, 1, 2].map((vpn) => pfnAt(machine, vpn)) as [number, number, number];
    const free = machine.device.free.at(-1) as number;
    pages.tryLock(locked);
    pages.get(pinned);
    const moved = machine.start('evict', machine.device.evict([free, locked, pinned, good]));
    machine.start(
      'release',
      (function* () {
        yield* sched.sleepUntil(1000);
        pages.unlock(locked);
        pages.put(pinned);
      })(),
    );
    await machine.finish();
    expect(moved.result).toBe(1);
    expect([0, 1, 2].map((vpn) => pages.isDevice(pfnAt(machine, vpn)))).toEqual([true, true, false]);
    for (let vpn = 0; vpn < 4; vpn++) expect(await machine.touch(vpn)).toBe(100 + vpn);
  });

  it('RAM exhausted: frames without destination stay on the device', async () => {
    const machine = await machineWith(4, { system: 5 });
    await machine.run(machine.device.toDevice(machine.mm, 0, 4));
    const frames = [0, 1, 2, 3].map((vpn) => pfnAt(machine, vpn));
    for (let vpn = 8; vpn < 11; vpn++) await machine.touch(vpn, 1);
    expect(await machine.run(machine.device.evict(frames))).toBe(1);
    expect([0, 1, 2, 3].map((vpn) => pteKind(machine.mm.table.get(vpn)))).toEqual([1, 3, 3, 3]);
  });
});
