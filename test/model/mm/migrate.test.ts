// Core migration of virtual spans and of raw frames: what is collected, what moves, what is put back.
import { describe, expect, it } from 'vitest';
import { MMU_EVENT } from '../../../src/model/event/event.ts';
import {
  MIGRATE_FLAG,
  MIGRATE_SELECT,
  MigrateVectors,
  migrateVmaFinalize,
  migrateVmaPages,
  migrateVmaSetup,
  type MigrateVma,
} from '../../../src/model/mm/migrate.ts';
import { PTE_KIND, pteKind, ptePfn, pteWord, pteWritable } from '../../../src/model/mm/page-table.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { Machine } from './machine.ts';

const { VALID, MIGRATE, WRITE } = MIGRATE_FLAG;
const { SYSTEM, DEVICE_PRIVATE } = MIGRATE_SELECT;

async function machineWith(pages: number, options: { system?: number } = {}): Promise<Machine> {
  const machine = new Machine(options);
  machine.mm.mmap(0, 16);
  for (let vpn = 0; vpn < pages; vpn++) await machine.touch(vpn, 100 + vpn);
  return machine;
}

function pfnAt(machine: Machine, vpn: number): number {
  return ptePfn(machine.mm.table.get(vpn));
}

/** Collects, looks, and puts everything back. */
function collect(machine: Machine, m: MigrateVma, look: () => void = () => {}): Promise<unknown> {
  return machine.run(
    (function* () {
      const status = yield* migrateVmaSetup(m);
      if (status !== 0) return status;
      look();
      yield* migrateVmaPages(m);
      migrateVmaFinalize(m);
      return 0;
    })(),
  );
}

function spanOf(machine: Machine, start: number, end: number, select: number = SYSTEM): MigrateVma {
  return machine.device.migration(machine.mm, machine.mm.findVma(start), start, end, select);
}

describe('migrateVmaSetup refuses', () => {
  const cases: [string, (machine: Machine) => MigrateVma][] = [
    ['no VMA', (machine) => ({ ...spanOf(machine, 0, 4), vma: null })],
    ['an empty span', (machine) => spanOf(machine, 4, 4)],
    ['a span that ends behind the VMA', (machine) => spanOf(machine, 8, 17)],
    ['a span that begins before the VMA', (machine) => ({ ...spanOf(machine, 100, 104), startVpn: 99 })],
    ['vectors that are too short', (machine) => ({ ...spanOf(machine, 0, 4), vectors: new MigrateVectors(3) })],
    ['a fault page in system memory', (machine) => ({ ...spanOf(machine, 0, 4), faultPfn: 0 })],
    ['a fault page that is not locked', (machine) => ({ ...spanOf(machine, 0, 4), faultPfn: 64 })],
    ['a hugetlb VMA', (machine) => spanOf(machine, 200, 204)],
    ['a special VMA', (machine) => spanOf(machine, 210, 214)],
    ['an I/O VMA', (machine) => spanOf(machine, 220, 224)],
    ['a DAX VMA', (machine) => spanOf(machine, 230, 234)],
  ];
  it.each(cases)('%s: EINVAL, nothing invalidated', async (_name, make) => {
    const machine = await machineWith(4);
    machine.mm.mmap(100, 4);
    machine.mm.mmap(200, 4, { hugetlb: true });
    machine.mm.mmap(210, 4, { special: true });
    machine.mm.mmap(220, 4, { io: true });
    machine.mm.mmap(230, 4, { dax: true });
    const sub = machine.subscribe(0, 1000);
    expect(await collect(machine, make(machine))).toBe('EINVAL');
    expect(sub.seen).toEqual([]);
  });

  it('control: a good span, invalidated once as a whole with the owner', async () => {
    const machine = await machineWith(4);
    const sub = machine.subscribe(2, 3);
    expect(await collect(machine, spanOf(machine, 0, 16))).toBe(0);
    expect(sub.seen).toEqual([
      { startVpn: 0, endVpn: 16, event: MMU_EVENT.MIGRATE, blockable: true, owner: machine.device.owner },
    ]);
  });
});

describe('collection', () => {
  it('freezes pages: referenced, locked, behind migration entries; holes take part without a page', async () => {
    const machine = await machineWith(2);
    await machine.touch(2);
    const { pages } = machine.world;
    const m = spanOf(machine, 0, 4);
    await collect(machine, m, () => {
      expect([m.npages, m.cpages]).toEqual([4, 4]);
      expect([...m.vectors.srcFlags.subarray(0, 4)]).toEqual([
        VALID | MIGRATE | WRITE,
        VALID | MIGRATE | WRITE,
        MIGRATE,
        MIGRATE,
      ]);
      expect([0, 1, 2, 3].map((vpn) => pteKind(machine.mm.table.get(vpn)))).toEqual([
        PTE_KIND.migrating,
        PTE_KIND.migrating,
        PTE_KIND.zero,
        PTE_KIND.none,
      ]);
      const pfn = m.vectors.src[0] as number;
      expect([pages.isLocked(pfn), pages.refcount[pfn], pages.mapcount[pfn]]).toEqual([true, 1, 0]);
      machine.check();
    });
    expect([await machine.touch(0), await machine.touch(1)]).toEqual([100, 101]);
  });

  it('marks read-only pages by the missing WRITE and keeps them read-only', async () => {
    const machine = await machineWith(2);
    await machine.run(machine.mm.mprotect(0, 16, { read: true, write: false }));
    const m = spanOf(machine, 0, 1);
    await collect(machine, m, () => expect(m.vectors.srcFlags[0]).toBe(VALID | MIGRATE));
    expect(pteWritable(machine.mm.table.get(0))).toBe(false);
  });

  it('leaves out swapped and special entries, and holes of file mappings', async () => {
    const machine = await machineWith(1);
    machine.mm.mmap(32, 4, { anonymous: false });
    machine.mm.table.set(1, pteWord(PTE_KIND.swapped, machine.world.pages.allocSystem(), false));
    const m = spanOf(machine, 0, 3);
    await collect(machine, m, () => expect([...m.vectors.srcFlags]).toEqual([VALID | MIGRATE | WRITE, 0, MIGRATE]));
    const file = spanOf(machine, 32, 36);
    await collect(machine, file, () => expect(file.cpages).toBe(0));
  });

  it('selects by kind and owner', async () => {
    const machine = await machineWith(4);
    await machine.run(machine.device.toDevice(machine.mm, 0, 2));
    const count = async (m: MigrateVma): Promise<number> => {
      let found = -1;
      await collect(machine, m, () => (found = m.cpages));
      return found;
    };
    expect(await count(spanOf(machine, 0, 4, SYSTEM))).toBe(2);
    expect(await count(spanOf(machine, 0, 4, DEVICE_PRIVATE))).toBe(2);
    expect(await count(spanOf(machine, 0, 4, SYSTEM | DEVICE_PRIVATE))).toBe(4);
    expect(await count({ ...spanOf(machine, 0, 4, DEVICE_PRIVATE), owner: {} })).toBe(0);
    expect(await count({ ...spanOf(machine, 0, 4, DEVICE_PRIVATE), owner: null })).toBe(0);
  });

  it('a present page is in only with SYSTEM, a zero page too', async () => {
    const machine = await machineWith(1);
    await machine.touch(1);
    const m = spanOf(machine, 0, 3, DEVICE_PRIVATE);
    await collect(machine, m, () => expect([...m.vectors.srcFlags]).toEqual([0, 0, MIGRATE]));
  });
});

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
