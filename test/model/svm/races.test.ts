// Races RC1, RC4, RC5, RC7, RC8, RC11–RC13 of gpusvm-and-pagemap.md §5.4, each forced by points, gates or copy times.
import { describe, expect, it } from 'vitest';
import { isErrno, type Status } from '../../../src/base/errno.ts';
import { NS_PER_MS } from '../../../src/base/units.ts';
import { MMU_EVENT } from '../../../src/model/event/event.ts';
import { evictToRam } from '../../../src/model/pagemap/evict.ts';
import { populateMm } from '../../../src/model/pagemap/populate.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { svmCtx } from '../../../src/model/svm/ctx.ts';
import { rangeFindOrInsert } from '../../../src/model/svm/find-or-insert.ts';
import { rangeGetPages } from '../../../src/model/svm/get-pages.ts';
import { pagesValid } from '../../../src/model/svm/pages.ts';
import { rangeRemove } from '../../../src/model/svm/range-remove.ts';
import type { SvmRange } from '../../../src/model/svm/range.ts';
import { FIRST_COME, Machine, type MachineOptions, TEST_CAUSE } from '../../support/fake-devmem.ts';

const START = 0x340;
const END = 0x350;
const MS = NS_PER_MS;
const CTX = svmCtx({ devmemPossible: true });

async function setUp(options: MachineOptions = {}): Promise<{ m: Machine; range: SvmRange }> {
  const m = new Machine(options);
  m.mm.mmap(START, END - START);
  await m.run(m.fill(START, END));
  const range = await m.run(m.locked(rangeFindOrInsert(m.svm, START, 0, 2 ** 30, CTX)));
  if (isErrno(range)) throw new Error(range);
  return { m, range };
}

const expected = Array.from({ length: 16 }, (_, i) => 1000 + START + i);

function* after<T>(m: Machine, delayNs: number, op: () => Op<T>): Op<[T, number]> {
  yield* m.sched.sleepUntil(m.sched.now + delayNs);
  const result = yield* op();
  return [result, m.sched.now];
}

describe('RC1: invalidation between the walk and the mapping', () => {
  it.each([
    ['page replaced', (m: Machine) => m.mm.discard(START, START + 1)],
    ['page written elsewhere in the window', (m: Machine) => m.mm.discard(START + 15, END)],
  ])('%s: get_pages starts again, nothing old stays mapped', async (_name, change) => {
    const { m, range } = await setUp({ explore: FIRST_COME });
    const [status] = await m.runAll(rangeGetPages(m.svm, range, CTX), change(m));
    expect([status, pagesValid(range.pages)]).toEqual([0, true]);
    expect(m.svm.stats.seqCollisions).toBe(1);
    expect(range.pages.notifierSeq).toBe(range.notifier.interval.seq);
  });

  it('control: without a change one attempt is enough', async () => {
    const { m, range } = await setUp({ explore: FIRST_COME });
    expect(await m.run(rangeGetPages(m.svm, range, CTX))).toBe(0);
    expect(m.svm.stats.seqCollisions).toBe(0);
  });

  it('a callback that is waiting for the lock counts too', async () => {
    const { m, range } = await setUp();
    function* holder(): Op<void> {
      yield* m.svm.notifierLock.read();
      yield* m.sched.sleepUntil(m.sched.now + MS);
      m.svm.notifierLock.unlockRead();
    }
    const [, , status] = await m.runAll(holder(), m.mm.discard(START, END), rangeGetPages(m.svm, range, CTX));
    expect([status, m.svm.stats.seqCollisions + m.svm.stats.hmmRetries]).toEqual([0, 1]);
  });
});

it('RC4: an unmap during get_pages is EFAULT, then ENOENT or a smaller range', async () => {
  const { m, range } = await setUp({ explore: FIRST_COME });
  const [status] = await m.runAll(rangeGetPages(m.svm, range, CTX), m.mm.munmap(START + 8, END));
  expect(status).toBe('EFAULT');
  expect(range.pages.flags).toEqual({
    unmapped: true,
    partialUnmap: true,
    hasDevmemPages: false,
    hasDmaMapping: false,
  });
  expect(await m.run(rangeGetPages(m.svm, range, CTX))).toBe('EFAULT'); // sticky, until collected
  await m.run(m.locked(rangeRemove(m.svm, range)));
  expect(await m.run(m.locked(rangeFindOrInsert(m.svm, END - 1, 0, 2 ** 30, CTX)))).toBe('ENOENT');
  const rest = (await m.run(m.locked(rangeFindOrInsert(m.svm, START, 0, 2 ** 30, CTX)))) as SvmRange;
  expect(rest.pages.npages).toBe(1);
});

describe('RC5: CPU touch while the copy to the device runs', () => {
  it('waits for the end, is refused by the timeslice, then gets its bytes', async () => {
    const { m } = await setUp();
    const [status, [value, at]] = await m.runAll(
      m.migrate(START, END, 5 * MS),
      after(m, 4_000, () => m.read(START + 3)),
    );
    expect([status, value]).toEqual([0, expected[3]]);
    expect(m.state.stats.timesliceRefusals).toBe(1);
    expect(at).toBe((m.device.allocations[0]?.timesliceExpiration ?? 0) + 16_000);
    expect(m.migrations().map((e) => e.direction)).toEqual(['to-vram', 'to-ram']);
  });

  it('without a timeslice it migrates back at once', async () => {
    const { m } = await setUp();
    const [, [value, at]] = await m.runAll(
      m.migrate(START, END),
      after(m, 4_000, () => m.write(START, 7)),
    );
    expect([value, at]).toEqual([0, 32_000]);
    expect(m.contents(START, END)).toEqual([7, ...expected.slice(1)]);
  });
});

describe('RC7: two CPU threads on one device page', () => {
  it('one moves it, the other waits; one migration', async () => {
    const { m } = await setUp();
    await m.run(m.migrate(START, END));
    const [a, b, c] = await m.runAll(m.read(START), m.read(START), m.read(START + 9));
    expect([a, b, c]).toEqual([expected[0], expected[0], expected[9]]);
    expect(m.migrations().filter((e) => e.direction === 'to-ram')).toHaveLength(1);
    expect(m.device.releases).toBe(1);
  });

  it('two pages of one allocation, both locked before either collects: all come home', async () => {
    const { m } = await setUp({ explore: FIRST_COME });
    await m.run(m.migrate(START, END));
    expect(await m.runAll(m.read(START), m.read(START + 9))).toEqual([expected[0], expected[9]]);
    expect(m.contents(START, END)).toEqual(expected);
    expect([m.onDevice(START, END), m.device.releases]).toEqual([0, 1]);
  });
});

describe('RC8: eviction and CPU fault on one allocation', () => {
  it('fault first: eviction finds everything locked, detached comes once, from the fault', async () => {
    const { m } = await setUp();
    await m.run(m.migrate(START, END));
    const a = m.device.allocations[0];
    if (a === undefined) throw new Error('allocation');
    const [value, [status]] = await m.runAll(
      m.read(START),
      after(m, 4_000, () => evictToRam(a, TEST_CAUSE)),
    );
    expect([value, status]).toEqual([expected[0], 'EBUSY']);
    expect([m.device.releases, a.detachedDone]).toEqual([1, true]);
    expect(m.contents(START, END)).toEqual(expected);
  });

  it('eviction first: the CPU waits on the migration entry', async () => {
    const { m } = await setUp();
    await m.run(m.migrate(START, END));
    const a = m.device.allocations[0];
    if (a === undefined) throw new Error('allocation');
    const [status, [value, at]] = await m.runAll(
      evictToRam(a, TEST_CAUSE),
      after(m, 4_000, () => m.read(START)),
    );
    expect([status, value, at]).toEqual([0, expected[0], 32_000]);
    expect(m.migrations()).toHaveLength(2);
    expect(m.device.releases).toBe(1);
  });

  it('S14: with a munmap on top; frames are freed once', async () => {
    const { m } = await setUp();
    await m.run(m.migrate(START, END));
    const a = m.device.allocations[0];
    if (a === undefined) throw new Error('allocation');
    await m.runAll(
      evictToRam(a, TEST_CAUSE),
      after(m, 2_000, () => m.read(START)),
      after(m, 1_000, () => m.mm.munmap(START + 8, END)),
    );
    expect(await m.run(evictToRam(a, TEST_CAUSE))).toBe(0);
    expect([m.device.releases, m.device.freePages]).toEqual([1, 2048]);
    expect(m.contents(START, START + 8)).toEqual(expected.slice(0, 8));
  });
});

describe('RC11: notifier made while an invalidation runs', () => {
  function* section(m: Machine): Op<number> {
    const event = { startVpn: START, endVpn: END, event: MMU_EVENT.CLEAR, blockable: true, owner: null };
    yield* m.mm.subscriptions.start(event);
    yield* m.sched.sleepUntil(m.sched.now + MS);
    m.mm.subscriptions.end(event);
    return m.sched.now;
  }

  function* faultNow(m: Machine): Op<[Status, number, SvmRange]> {
    const range = (yield* m.locked(rangeFindOrInsert(m.svm, START, 0, 2 ** 30, CTX))) as SvmRange;
    return [yield* rangeGetPages(m.svm, range, CTX), m.sched.now, range];
  }

  it.each([false, true])('other subscriptions present: %s — the first readBegin waits for its end', async (others) => {
    const m = new Machine();
    m.mm.mmap(START, END - START);
    await m.run(m.fill(START, END));
    if (others) {
      m.mm.mmap(0x40000, 1);
      await m.run(m.locked(rangeFindOrInsert(m.svm, 0x40000, 0, 2 ** 30, CTX)));
    }
    const [end, [status, at]] = await m.runAll(section(m), faultNow(m));
    expect([status, at]).toEqual([0, end]);
  });

  it('an unmap right behind it is not lost', async () => {
    const m = new Machine();
    m.mm.mmap(START, END - START);
    await m.run(m.fill(START, END));
    const [, [status, , range]] = await m.runAll(section(m), faultNow(m));
    expect(status).toBe(0);
    await m.run(m.mm.munmap(START, END));
    expect([range.pages.flags.unmapped, pagesValid(range.pages)]).toEqual([true, false]);
  });
});

describe('RC12: munmap between find_or_insert and populate', () => {
  it.each([
    ['all of it', START, END, 'ENOENT'],
    ['its end', START + 8, END, 'EINVAL'],
    ['nothing of it', 0x100, 0x101, 0],
  ])('%s', async (_name, from, to, result) => {
    const { m } = await setUp();
    await m.run(m.mm.munmap(from, to));
    expect(await m.run(populateMm(m.pagemap, START, END, m.mm, 0, TEST_CAUSE))).toBe(result);
    expect(m.device.releases).toBe(result === 0 ? 0 : 1);
  });
});

describe('RC13, S25: the process exits', () => {
  it('while the copy runs: finalize completes, then everything is unmapped and freed', async () => {
    const { m, range } = await setUp();
    await m.run(rangeGetPages(m.svm, range, CTX));
    const free = m.world.pages.systemPages - 1;
    const [status] = await m.runAll(
      populateMm(m.pagemap, START, END, m.mm, 0, TEST_CAUSE),
      after(m, 4_000, () => m.mm.exit()),
    );
    expect(status).toBe(0);
    expect([m.mm.users, m.device.releases, m.world.pages.freeSystem]).toEqual([0, 1, free]);
    expect([pagesValid(range.pages), range.pages.flags.unmapped]).toEqual([false, false]); // RELEASE is no UNMAP
    expect(m.invalidations.at(-1)?.event).toBe(MMU_EVENT.RELEASE);
    expect(await m.run(populateMm(m.pagemap, START, END, m.mm, 0, TEST_CAUSE))).toBe('EFAULT');
    expect(await m.run(rangeGetPages(m.svm, range, CTX))).toBe('EFAULT');
    expect(await m.run(m.locked(rangeFindOrInsert(m.svm, START, 0, 2 ** 30, CTX)))).toBe('EFAULT');
    await m.run(m.locked(rangeRemove(m.svm, range)));
    expect(m.svm.notifiers.size).toBe(0);
  });

  it('while eviction runs below a lock that forbids the teardown: it becomes a task of its own', async () => {
    const { m } = await setUp();
    await m.run(m.migrate(START, END));
    const a = m.device.allocations[0];
    if (a === undefined) throw new Error('allocation');
    const [status] = await m.runAll(
      evictToRam(a, TEST_CAUSE),
      after(m, 4_000, () => m.mm.exit()),
    );
    expect([status, m.mm.users, m.device.releases]).toEqual([0, 0, 1]);
    expect(m.world.pages.freeSystem).toBe(m.world.pages.systemPages - 1);
  });
});
