// Every row of the walker's table (gpusvm-and-pagemap.md §3.1) under every request.
import { describe, expect, it } from 'vitest';
import type { Status } from '../../../src/base/errno.ts';
import { HMM_FLAG, type HmmRange } from '../../../src/model/mm/hmm.ts';
import { PTE_KIND, pteWord } from '../../../src/model/mm/page-table.ts';
import { locked, rangeOf, type Asked } from './hmm-range.ts';
import { Machine } from './machine.ts';

type Request = HmmRange['request'];
const { VALID, WRITE, ERROR } = HMM_FLAG;

/** Walks page 0 and returns status, flags and what the entry became. */
async function walkOne(machine: Machine, asked: Asked): Promise<[Status, number, number]> {
  const range = rangeOf(machine, 0, 1, asked);
  const status = await machine.run(locked(machine, range));
  return [status, range.flags[0] as number, machine.mm.table.kind(machine.mm.table.get(0))];
}

const REQUESTS: readonly Request[] = ['none', 'fault', 'write'];
/** Flags that a failed call leaves: the input. */
const UNTOUCHED = 0xff;

interface Row {
  readonly name: string;
  readonly prepare: (machine: Machine) => Promise<void> | void;
  readonly owner?: 'own';
  /** Per request: status, flags, kind of the entry afterwards. */
  readonly expect: readonly [status: Status, flags: number, kind: number][];
}

const map =
  (attributes = {}) =>
  (machine: Machine): void => {
    expect(machine.mm.mmap(0, 8, attributes)).toBe(0);
  };

const ROWS: readonly Row[] = [
  {
    name: 'no VMA',
    prepare: () => {},
    expect: [
      [0, ERROR, PTE_KIND.none],
      ['EFAULT', UNTOUCHED, PTE_KIND.none],
      ['EFAULT', UNTOUCHED, PTE_KIND.none],
    ],
  },
  {
    name: 'VMA without read permission',
    prepare: map({ read: false }),
    expect: [
      [0, ERROR, PTE_KIND.none],
      ['EFAULT', UNTOUCHED, PTE_KIND.none],
      ['EFAULT', UNTOUCHED, PTE_KIND.none],
    ],
  },
  {
    name: 'I/O VMA',
    prepare: map({ io: true }),
    expect: [
      [0, ERROR, PTE_KIND.none],
      ['EFAULT', UNTOUCHED, PTE_KIND.none],
      ['EFAULT', UNTOUCHED, PTE_KIND.none],
    ],
  },
  {
    name: 'none',
    prepare: map(),
    expect: [
      [0, 0, PTE_KIND.none],
      [0, VALID, PTE_KIND.zero],
      [0, VALID | WRITE, PTE_KIND.present],
    ],
  },
  {
    name: 'none, VMA not writable',
    prepare: map({ write: false }),
    expect: [
      [0, 0, PTE_KIND.none],
      [0, VALID, PTE_KIND.zero],
      ['EPERM', UNTOUCHED, PTE_KIND.none],
    ],
  },
  {
    name: 'none in a file mapping',
    prepare: map({ anonymous: false }),
    expect: [
      [0, 0, PTE_KIND.none],
      [0, VALID, PTE_KIND.present],
      [0, VALID | WRITE, PTE_KIND.present],
    ],
  },
  {
    name: 'present writable',
    prepare: async (machine) => {
      map()(machine);
      await machine.touch(0, 1);
    },
    expect: [
      [0, VALID | WRITE, PTE_KIND.present],
      [0, VALID | WRITE, PTE_KIND.present],
      [0, VALID | WRITE, PTE_KIND.present],
    ],
  },
  {
    name: 'present read-only, VMA writable',
    prepare: async (machine) => {
      map()(machine);
      await machine.touch(0, 1);
      await machine.run(machine.mm.mprotect(0, 8, { read: true, write: false }));
      await machine.run(machine.mm.mprotect(0, 8, { read: true, write: true }));
    },
    expect: [
      [0, VALID, PTE_KIND.present],
      [0, VALID, PTE_KIND.present],
      [0, VALID | WRITE, PTE_KIND.present],
    ],
  },
  {
    name: 'present read-only, VMA not writable',
    prepare: async (machine) => {
      map()(machine);
      await machine.touch(0, 1);
      await machine.run(machine.mm.mprotect(0, 8, { read: true, write: false }));
    },
    expect: [
      [0, VALID, PTE_KIND.present],
      [0, VALID, PTE_KIND.present],
      ['EPERM', UNTOUCHED, PTE_KIND.present],
    ],
  },
  {
    name: 'zero page',
    prepare: async (machine) => {
      map()(machine);
      await machine.touch(0);
    },
    expect: [
      [0, VALID, PTE_KIND.zero],
      [0, VALID, PTE_KIND.zero],
      [0, VALID | WRITE, PTE_KIND.present],
    ],
  },
  {
    name: 'device-private, same owner',
    owner: 'own',
    prepare: async (machine) => {
      map()(machine);
      await machine.touch(0, 1);
      expect(await machine.run(machine.device.toDevice(machine.mm, 0, 1))).toBe(0);
    },
    expect: [
      [0, VALID | WRITE, PTE_KIND.devPrivate],
      [0, VALID | WRITE, PTE_KIND.devPrivate],
      [0, VALID | WRITE, PTE_KIND.devPrivate],
    ],
  },
  {
    name: 'device-private read-only, same owner',
    owner: 'own',
    prepare: async (machine) => {
      map({ write: false })(machine);
      expect(await machine.run(machine.device.toDevice(machine.mm, 0, 1))).toBe(0);
    },
    expect: [
      [0, VALID, PTE_KIND.devPrivate],
      [0, VALID, PTE_KIND.devPrivate],
      [0, VALID, PTE_KIND.devPrivate],
    ],
  },
  {
    name: 'device-private, other owner',
    prepare: async (machine) => {
      map()(machine);
      await machine.touch(0, 1);
      expect(await machine.run(machine.device.toDevice(machine.mm, 0, 1))).toBe(0);
    },
    expect: [
      [0, 0, PTE_KIND.devPrivate],
      [0, VALID | WRITE, PTE_KIND.present],
      [0, VALID | WRITE, PTE_KIND.present],
    ],
  },
  {
    name: 'swapped',
    prepare: (machine) => {
      map()(machine);
      machine.mm.table.set(0, pteWord(PTE_KIND.swapped, machine.world.pages.allocSystem(), false));
    },
    expect: [
      [0, 0, PTE_KIND.swapped],
      [0, VALID, PTE_KIND.present],
      [0, VALID | WRITE, PTE_KIND.present],
    ],
  },
  {
    name: 'special',
    prepare: (machine) => {
      map({ special: true })(machine);
      machine.mm.table.set(0, pteWord(PTE_KIND.special, 0, false));
    },
    expect: [
      [0, ERROR, PTE_KIND.special],
      ['EFAULT', UNTOUCHED, PTE_KIND.special],
      ['EFAULT', UNTOUCHED, PTE_KIND.special],
    ],
  },
];

describe('§3.1 table', () => {
  for (const row of ROWS) {
    it.each(REQUESTS)(`HMM ${row.name}, request %s`, async (request) => {
      const machine = new Machine();
      await row.prepare(machine);
      const owner = row.owner === 'own' ? machine.device.owner : null;
      const wanted = row.expect[REQUESTS.indexOf(request)];
      expect(await walkOne(machine, { request, owner })).toEqual(wanted);
    });
  }

  it.each(REQUESTS)('HMM migration entry, request %s', async (request) => {
    const machine = new Machine();
    const { sched } = machine.world;
    machine.mm.mmap(0, 8);
    await machine.touch(0, 1);
    machine.device.paused = true;
    machine.start('migration', machine.device.toDevice(machine.mm, 0, 1));
    const range = rangeOf(machine, 0, 1, { request, owner: machine.device.owner });
    let at = -1;
    machine.start(
      'walk',
      (function* () {
        yield* sched.sleepUntil(10);
        expect(machine.mm.table.kind(machine.mm.table.get(0))).toBe(PTE_KIND.migrating);
        expect(yield* locked(machine, range)).toBe(0);
        at = sched.now;
      })(),
    );
    machine.start(
      'resume',
      (function* () {
        yield* sched.sleepUntil(90);
        machine.device.resume();
      })(),
    );
    await machine.finish();
    expect([at, range.flags[0]]).toEqual(request === 'none' ? [10, 0] : [90, VALID | WRITE]);
  });
});
