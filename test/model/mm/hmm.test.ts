// Every row of the walker's table (gpusvm-and-pagemap.md §3.1) under every request, and the loop around it.
import { describe, expect, it } from 'vitest';
import type { Status } from '../../../src/base/errno.ts';
import { HMM_FLAG, hmmOrder, hmmRangeFault, type HmmRange } from '../../../src/model/mm/hmm.ts';
import type { IntervalNotifier } from '../../../src/model/mm/notifier.ts';
import { PTE_KIND, pteWord } from '../../../src/model/mm/page-table.ts';
import { NO_PFN } from '../../../src/model/mm/pages.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { Machine } from './machine.ts';

type Request = HmmRange['request'];
const { VALID, WRITE, ERROR } = HMM_FLAG;

interface Asked {
  readonly request: Request;
  readonly owner?: object | null;
  readonly notifier?: IntervalNotifier;
  readonly seq?: number;
}

function rangeOf(machine: Machine, startVpn: number, endVpn: number, asked: Asked): HmmRange {
  const pages = endVpn - startVpn;
  return {
    mm: machine.mm,
    notifier: asked.notifier ?? null,
    seq: asked.seq ?? 0,
    startVpn,
    endVpn,
    request: asked.request,
    owner: asked.owner ?? null,
    pfns: new Uint32Array(pages).fill(12345),
    flags: new Uint8Array(pages).fill(0xff),
  };
}

function* locked(machine: Machine, range: HmmRange): Op<Status> {
  yield* machine.mm.mmapLock.read();
  const status = yield* hmmRangeFault(range);
  machine.mm.mmapLock.unlockRead();
  return status;
}

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
