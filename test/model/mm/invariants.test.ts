// The checks themselves: each damage is found, and named.
import { describe, expect, it } from 'vitest';
import { MMU_EVENT } from '../../../src/model/event/event.ts';
import { checkMm, watchEntries } from '../../../src/model/mm/invariants.ts';
import { PTE_KIND, pteReadOnly, pteWord } from '../../../src/model/mm/page-table.ts';
import { Machine } from './machine.ts';

async function healthy(): Promise<Machine> {
  const machine = new Machine();
  machine.mm.mmap(0, 8);
  for (let vpn = 0; vpn < 4; vpn++) await machine.touch(vpn, 1);
  await machine.touch(4);
  await machine.run(machine.device.toDevice(machine.mm, 0, 2));
  machine.subscribe(0, 8);
  machine.mm.table.observer = null;
  return machine;
}

const DAMAGES: [string, (machine: Machine) => void, RegExp][] = [
  ['a count too low', ({ world }) => (world.pages.refcount[2] = 0), /I39 page 2/],
  ['a lost mapping', ({ mm }) => mm.table.set(2, 0), /I39 page \d+: map count 1, 0 entries/],
  ['a back-pointer elsewhere', ({ world }) => (world.pages.rmapVpn[2] = 99), /I39 page 2: .*back-pointer/],
  ['a free page that is locked', ({ world }) => (world.pages.flags[40] = 1), /I47 page 40/],
  ['a free page that nobody counts', ({ world }) => (world.pages.refcount[40] = 1), /free list/],
  ['a page left locked', ({ world }) => world.pages.tryLock(2), /I43 page 2 is locked/],
  [
    'an entry left migrating',
    ({ mm }) => mm.table.set(4, pteWord(PTE_KIND.migrating, 2, true)),
    /I43 proc: entry at 4/,
  ],
  ['an entry outside any area', ({ mm }) => mm.table.set(9, mm.table.get(4)), /entry at 9: outside/],
  [
    'a writable entry in a read-only area',
    ({ mm }) => ((mm.findVma(2) as { write: boolean }).write = false),
    /writable in a read-only/,
  ],
  [
    'a system page that claims to be on a device',
    ({ mm }) => mm.table.set(4, pteWord(PTE_KIND.devPrivate, 2, true)),
    /device-private, but/,
  ],
  [
    'a device page that claims to be present',
    ({ mm }) => mm.table.set(4, pteWord(PTE_KIND.present, 70, true)),
    /present, but a device page/,
  ],
  [
    'a writable zero page',
    ({ mm, world }) => mm.table.set(5, pteWord(PTE_KIND.zero, world.pages.zeroPfn, true)),
    /zero page misplaced/,
  ],
  ['an odd sequence in peace', ({ mm }) => (mm.subscriptions.seq = 9), /I32/],
  ['an even subscription', ({ mm }) => mm.subscriptions.list()[0]?.setSeq(4), /I33/],
  ['overlapping areas', ({ mm }) => ((mm.findVma(2) as { endVpn: number }).endVpn = 0), /overlaps or is empty/],
];

describe('checkMm', () => {
  it('control: finds nothing in a healthy machine', async () => {
    expect(checkMm((await healthy()).world)).toEqual([]);
  });

  it.each(DAMAGES)('finds %s', async (_name, damage, message) => {
    const machine = await healthy();
    damage(machine);
    expect(checkMm(machine.world).join('\n')).toMatch(message);
  });
});

describe('watchEntries (I37)', () => {
  const CHANGES: [string, (word: number) => number, boolean][] = [
    ['going', () => 0, true],
    ['another page', (word) => word + 32, true],
    ['freezing', (word) => word - PTE_KIND.present + PTE_KIND.migrating, true],
    ['losing write permission', pteReadOnly, true],
    ['staying as it is', (word) => word, false],
  ];
  it.each(CHANGES)('an entry %s outside a section', async (_name, change, isReported) => {
    const machine = await healthy();
    const reports = watchEntries(machine.mm);
    machine.mm.table.set(2, change(machine.mm.table.get(2)));
    expect(reports.length > 0).toBe(isReported);
  });

  it('control: inside a section that covers it, nothing is reported; beside it, it is', async () => {
    const machine = await healthy();
    const reports = watchEntries(machine.mm);
    machine.mm.subscriptions.open.push({
      startVpn: 2,
      endVpn: 3,
      event: MMU_EVENT.CLEAR,
      blockable: true,
      owner: null,
    });
    machine.mm.table.set(2, 0);
    expect(reports).toEqual([]);
    machine.mm.table.set(3, 0);
    expect(reports.length).toBe(1);
  });
});
