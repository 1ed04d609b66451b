// Named points: a task stops at each of them while others go on (conformance: yield points that lie in mm), and each
// step that can fail is made to fail, leaving no trace.
import { describe, expect, it } from 'vitest';
import { cpuAtomicAdd, cpuRead, cpuWrite } from '../../../src/model/mm/cpu-access.ts';
import { fileWrite } from '../../../src/model/mm/file-ops.ts';
import { populate } from '../../../src/model/mm/access.ts';
import type { Mm } from '../../../src/model/mm/mm.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { ByteMachine, Subscriber } from './byte-machine.ts';

interface Scene {
  readonly m: ByteMachine;
  readonly mm: Mm;
}

async function scene(): Promise<Scene> {
  const m = new ByteMachine();
  const mm = m.spawn();
  mm.mmap(0, 16);
  await m.fill(mm, 0, 4);
  return { m, mm };
}

function* forkAndWrite(m: ByteMachine, mm: Mm): Op<void> {
  const child = yield* mm.fork('child');
  if (typeof child !== 'string') yield* cpuWrite(m.watch(child), 0, 0, 1);
}

const POINTS: [string, (scene: Scene) => Op<unknown>][] = [
  ['mm.fault', ({ mm }) => cpuRead(mm, 5, 0)],
  ['mm.vma-found', ({ mm }) => cpuRead(mm, 5, 0)],
  ['notifier.invalidate', ({ mm }) => mm.munmap(0, 1)],
  ['mm.zap', ({ mm }) => mm.munmap(0, 1)],
  ['migrate.collect', ({ m, mm }) => m.device.toDevice(mm, 0, 2)],
  ['migrate.unmap', ({ m, mm }) => m.device.toDevice(mm, 0, 2)],
  ['migrate.commit', ({ m, mm }) => m.device.toDevice(mm, 0, 2)],
  ['migrate.committed', ({ m, mm }) => m.device.toDevice(mm, 0, 2)],
  ['mm.fork', ({ mm }) => mm.fork('child')],
  ['mm.cow', ({ m, mm }) => forkAndWrite(m, mm)],
  ['mm.move', ({ mm }) => mm.mremap({ from: 0, pages: 2, to: 64 })],
  ['file.write', ({ m }) => fileWrite(m.file(), 0, new Uint32Array(1024))],
];

describe('holding a task', () => {
  it.each(POINTS)('at %s: it waits there, others run, and it ends once released', async (point, actor) => {
    const { m, mm } = await scene();
    const sub = new Subscriber(mm, 0, 16);
    expect(sub.seen).toEqual([]);
    const hold = m.injection.hold(point);
    let ended = false;
    m.world.sched.spawn('actor', actor({ m, mm }), () => (ended = true));
    const other = m.start('other', cpuRead(mm, 3, 0));
    m.start(
      'release',
      (function* () {
        yield* m.world.sched.sleepUntil(100_000);
        expect([hold.held, ended, other.result]).toEqual([true, false, 103]);
        hold.release();
      })(),
    );
    await m.finish();
    expect(ended).toBe(true);
    for (const child of m.world.mms.values()) m.watch(child);
  });

  it('RC5 a CPU access to pages that are frozen waits for the commit and finds its bytes', async () => {
    for (const point of ['migrate.unmap', 'migrate.commit', 'migrate.committed']) {
      const { m, mm } = await scene();
      const hold = m.injection.hold(point);
      const migrated = m.start('migrate', m.device.toDevice(mm, 0, 2));
      const written = m.start('write', cpuWrite(mm, 0, 0, 7));
      m.start(
        'release',
        (function* () {
          yield* m.world.sched.sleepUntil(100_000);
          expect([m.kind(mm, 0), written.result], point).toEqual(['migrating', undefined]);
          hold.release();
        })(),
      );
      await m.finish();
      expect([migrated.result, written.result, await m.read(mm, 0)], point).toEqual([0, 100, 107]);
      await m.end();
    }
  });

  it('G8 an area is gone before its entries, and those only after devices have been told', async () => {
    const { m, mm } = await scene();
    const hold = m.injection.hold('mm.zap');
    const sub = new Subscriber(mm, 0, 16);
    m.start('munmap', mm.munmap(0, 2));
    const read = m.start('read', cpuRead(mm, 0, 0));
    m.start(
      'release',
      (function* () {
        yield* m.world.sched.sleepUntil(100_000);
        expect([sub.seen.length, m.kind(mm, 0), read.result]).toEqual([1, 'present', 'SEGV']);
        hold.release();
      })(),
    );
    await m.finish();
    expect(m.kind(mm, 0)).toBe('none');
    await m.end();
  });
});

const FAILURES: [string, string, (scene: Scene) => Op<unknown>, unknown][] = [
  ['a first write', 'mm.alloc-zero', ({ mm }) => cpuWrite(mm, 6, 0, 1), 'BUS'],
  ['a write over zeroes that were read', 'mm.alloc-zero', ({ mm }) => cpuWrite(mm, 7, 0, 1), 'BUS'],
  ['populating', 'mm.alloc-zero', ({ mm }) => populate(mm, 8, 12, true), 'ENOMEM'],
  ['a copy on write', 'mm.alloc-copy', ({ mm }) => cpuWrite(mm, 1, 0, 1), 'BUS'],
  ['the copying itself', 'mm.copy', ({ mm }) => cpuWrite(mm, 1, 0, 1), 'BUS'],
  ['unmapping', 'mm.lock', ({ mm }) => mm.munmap(0, 1), 'EINTR'],
  ['protecting', 'mm.lock', ({ mm }) => mm.mprotect(0, 1, { read: true, write: false }), 'EINTR'],
  ['locking', 'mm.lock', ({ mm }) => mm.mlock(0, 1), 'EINTR'],
  ['advice', 'mm.lock', ({ mm }) => mm.madvise(0, 1, 'HUGEPAGE'), 'EINTR'],
  ['migration of a page that somebody locks', 'migrate.page-lock', ({ m, mm }) => m.device.toDevice(mm, 2, 4), 'EBUSY'],
];

describe('making a step fail', () => {
  it.each(FAILURES)('%s (%s): an error, no trace, and the next try works', async (_what, point, actor, error) => {
    const { m, mm } = await scene();
    await m.read(mm, 7);
    const child = await m.fork(mm);
    const before = [m.inUse(), await m.reads(mm, 0, 4)];
    // Populating tries a run of pages, then the page alone.
    m.injection.fail(point, 1, 2);
    expect(await m.run(actor({ m, mm }))).toEqual(error);
    m.injection.disarm(point);
    expect([m.inUse(), await m.reads(mm, 0, 4)]).toEqual(before);
    expect(await m.run(actor({ m, mm }))).not.toEqual(error);
    expect(await m.reads(child, 0, 4)).toEqual([100, 101, 102, 103]);
    await m.end();
  });
});

describe('accesses of the CPU', () => {
  it('atomics add in one step whoever else adds; SEGV without an area or permission; BUS behind a file', async () => {
    const { m, mm } = await scene();
    const file = m.file({ pages: 1 });
    mm.mmap(20, 2, { file, shared: true });
    mm.mmap(30, 1, { write: false });
    for (let i = 0; i < 10; i++) m.start(`adder ${i}`, cpuAtomicAdd(mm, 0, 5, 3));
    await m.finish();
    expect([await m.read(mm, 0, 5), await m.read(mm, 25), await m.add(mm, 30, 1), await m.read(mm, 30)]).toEqual([
      30,
      'SEGV',
      'SEGV',
      0,
    ]);
    expect([await m.read(mm, 20), await m.read(mm, 21), await m.add(mm, 21, 1)]).toEqual([0, 'BUS', 'BUS']);
    await m.end([file]);
  });
});
