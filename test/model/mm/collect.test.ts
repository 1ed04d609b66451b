// What a migration collects, and what it refuses (gpusvm-and-pagemap.md §4.1).
import { describe, expect, it } from 'vitest';
import { MMU_EVENT } from '../../../src/model/event/event.ts';
import { MIGRATE_FLAG, MIGRATE_SELECT, MigrateVectors, type MigrateVma } from '../../../src/model/mm/migrate.ts';
import { PTE_KIND, pteKind, pteWord, pteWritable } from '../../../src/model/mm/page-table.ts';
import type { Machine } from './machine.ts';
import { collect, machineWith, spanOf } from './spans.ts';

const { VALID, MIGRATE, WRITE } = MIGRATE_FLAG;
const { SYSTEM, DEVICE_PRIVATE } = MIGRATE_SELECT;

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
