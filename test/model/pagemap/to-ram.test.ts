// CPU faults on device pages, and eviction: gate, window, zdd filter, failures, attempts (gpusvm-and-pagemap.md §4.4, §4.5).
import { describe, expect, it } from 'vitest';
import { isErrno, type Status } from '../../../src/base/errno.ts';
import { NS_PER_MS } from '../../../src/base/units.ts';
import type { DevmemAllocation } from '../../../src/model/pagemap/devmem.ts';
import { evictToRam } from '../../../src/model/pagemap/evict.ts';
import { DEFAULT_VMA, Vma } from '../../../src/model/mm/vma.ts';
import { migrateToRam } from '../../../src/model/pagemap/to-ram.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { Machine, type MachineOptions, TEST_CAUSE } from '../../support/fake-devmem.ts';

const START = 0x200;
const END = 0x210;
const MS = NS_PER_MS;

/** 16 pages with bytes, in VRAM. */
async function setUp(timesliceNs = 0, options: MachineOptions = {}): Promise<{ m: Machine; a: DevmemAllocation }> {
  const m = new Machine(options);
  m.mm.mmap(START, 0x200);
  await m.run(m.fill(START, END));
  expect(await m.run(m.migrate(START, END, timesliceNs))).toBe(0);
  const a = m.device.allocations[0];
  if (a === undefined || isErrno(a)) throw new Error('allocation');
  return { m, a };
}

const expected = Array.from({ length: 16 }, (_, i) => 1000 + START + i);

function* timed<T>(m: Machine, op: Op<T>): Op<[T, number]> {
  const result = yield* op;
  return [result, m.sched.now];
}

describe('CPU fault (§4.4)', () => {
  it('brings the whole allocation home, bytes intact, and frees it', async () => {
    const { m, a } = await setUp();
    expect(await m.run(m.read(START + 5))).toBe(1000 + START + 5);
    expect(m.onDevice(START, END)).toBe(0);
    expect(m.contents(START, END)).toEqual(expected);
    expect([a.released, a.detachedDone, m.device.releases, m.device.freePages]).toEqual([true, true, 1, 2048]);
    expect(m.migrations().at(-1)).toMatchObject({
      direction: 'to-ram',
      startVpn: START,
      pages: 16,
      moved: 16,
      cause: { rule: 'cpu-fault' },
    });
  });

  it('S2: before the expiry nothing moves and one refusal is counted; at the expiry all of it does', async () => {
    const { m, a } = await setUp(5 * MS);
    const expiry = a.timesliceExpiration;
    expect(expiry).toBe(16_000 + 5 * MS);
    const [value, at] = await m.run(timed(m, m.read(START)));
    expect(value).toBe(1000 + START);
    expect(at).toBe(expiry + 16_000); // slept to the expiry, then the copy
    expect(m.state.stats.timesliceRefusals).toBe(1);
    expect(m.events.filter((e) => e.kind === 'timeslice-refusal')).toEqual([
      { kind: 'timeslice-refusal', vpn: START, untilNs: expiry },
    ]);
  });

  it('S2: eviction does not ask the timeslice', async () => {
    const { m, a } = await setUp(5 * MS);
    const [status, at] = await m.run(timed(m, evictToRam(a, TEST_CAUSE)));
    expect([status, at < a.timesliceExpiration]).toEqual([0, true]);
    expect(m.contents(START, END)).toEqual(expected);
  });

  it('clips the window to the VMA that is left', async () => {
    const { m } = await setUp();
    await m.run(m.mm.munmap(START, START + 4));
    await m.run(m.mm.munmap(START + 12, END));
    expect(await m.run(m.read(START + 6))).toBe(1000 + START + 6);
    expect(m.migrations().at(-1)).toMatchObject({ startVpn: START + 4, pages: 8, moved: 8 });
    expect(m.device.releases).toBe(1);
  });

  it('I53: pages of another allocation in the window stay', async () => {
    const m = new Machine();
    m.mm.mmap(START, 0x200);
    await m.run(m.fill(START, END));
    await m.run(m.migrate(START, END));
    // Half of the window comes home and goes out again in an allocation of its own.
    await m.run(m.mm.munmap(START, START + 8));
    m.mm.mmap(START, 8);
    await m.run(m.fill(START, START + 8));
    expect(await m.run(m.migrate(START, START + 8))).toBe(0);
    expect(m.state.zdds.live).toBe(2);
    expect(await m.run(m.read(END - 1))).toBe(1000 + END - 1);
    expect([m.onDevice(START, START + 8), m.onDevice(START + 8, END)]).toEqual([8, 0]);
    expect(m.contents(START, END)).toEqual(expected);
  });

  it('S15: a failing copy is a bus error and leaves VRAM intact (I54)', async () => {
    const { m, a } = await setUp();
    const words = m.words(START, END);
    m.device.failToRam = 'EIO';
    expect(await m.run(m.read(START))).toBe('BUS');
    expect(m.words(START, END)).toEqual(words);
    expect(m.contents(START, END)).toEqual(expected);
    expect([a.released, m.state.stats.sigbus]).toEqual([false, 1]);
    m.device.failToRam = 0;
    expect(await m.run(m.read(START))).toBe(1000 + START);
  });

  it.each(['vectors', 'ram-page', 'dma-map'] as const)('%s not to be had: bus error, nothing lost', async (what) => {
    const { m } = await setUp();
    const free = m.world.pages.freeSystem;
    m.state.failPoint = (point) => point === what;
    expect(await m.run(m.read(START))).toBe('BUS');
    expect(m.world.pages.freeSystem).toBe(free);
    m.state.failPoint = () => false;
    expect(await m.run(m.read(START))).toBe(1000 + START);
  });

  it('EINVAL of the set-up: an area that cannot migrate; control: its own area', async () => {
    const { m } = await setUp();
    const pfn = m.mm.table.pfn(m.mm.table.get(START));
    const own = m.mm.findVma(START);
    const special = new Vma(START, END, { ...DEFAULT_VMA, special: true });
    function* fault(vma: Vma | null): Op<Status> {
      if (vma === null) return 'ENOENT';
      yield* m.mm.mmapLock.read();
      m.world.pages.tryLock(pfn);
      m.world.pages.get(pfn);
      const status = yield* migrateToRam(m.state, m.mm, vma, START, pfn);
      m.world.pages.unlock(pfn);
      m.world.pages.put(pfn);
      m.mm.mmapLock.unlockRead();
      return status;
    }
    expect(await m.run(fault(special))).toBe('EINVAL');
    expect(m.contents(START, END)).toEqual(expected);
    expect(await m.run(fault(own))).toBe(0);
    expect([m.onDevice(START, END), m.device.releases]).toEqual([0, 1]);
  });

  it('ENOMEM in the middle gives back the pages taken so far', async () => {
    const { m } = await setUp();
    const free = m.world.pages.freeSystem;
    let left = 10;
    m.state.failPoint = (point) => point === 'ram-page' && left-- === 0;
    expect(await m.run(m.read(START))).toBe('BUS');
    expect(m.world.pages.freeSystem).toBe(free);
    expect(m.contents(START, END)).toEqual(expected);
  });
});

describe('eviction (§4.5)', () => {
  it('I52: 0 exactly when detached; second eviction of the same allocation is 0 at once', async () => {
    const { m, a } = await setUp();
    expect(await m.run(evictToRam(a, { rule: 'evict-lru', values: {} }))).toBe(0);
    expect(a.detachedDone).toBe(true);
    expect(await m.run(evictToRam(a, TEST_CAUSE))).toBe(0);
    expect(m.device.releases).toBe(1);
    expect(m.migrations()[1]).toMatchObject({
      direction: 'to-ram',
      startVpn: START,
      moved: 16,
      status: 0,
      cause: { rule: 'evict-lru' },
    });
  });

  it('needs no mmapLock: it runs while a writer holds it', async () => {
    const { m, a } = await setUp();
    function* writer(): Op<number> {
      yield* m.mm.mmapLock.write();
      yield* m.sched.sleepUntil(m.sched.now + MS);
      m.mm.mmapLock.unlockWrite();
      return m.sched.now;
    }
    const [released, [status, at]] = await m.runAll(writer(), timed(m, evictToRam(a, TEST_CAUSE)));
    expect(status).toBe(0);
    expect(at).toBeLessThan(released);
  });

  it('EFAULT: the address space of the allocation is gone (L9)', async () => {
    const { m, a } = await setUp();
    a.mm.users = 0;
    expect(await m.run(evictToRam(a, TEST_CAUSE))).toBe('EFAULT');
    a.mm.users = 1;
    expect(await m.run(evictToRam(a, TEST_CAUSE))).toBe(0);
  });

  it('EBUSY: a page that stays locked through three attempts; what could move has', async () => {
    const { m, a } = await setUp();
    m.ignore = ['I43'];
    const pfn = m.mm.table.pfn(m.mm.table.get(START + 3));
    m.world.pages.tryLock(pfn);
    expect(await m.run(evictToRam(a, TEST_CAUSE))).toBe('EBUSY');
    expect(m.state.stats.evictAttempts).toBe(3);
    expect(m.onDevice(START, END)).toBe(1);
    m.world.pages.unlock(pfn);
    expect(await m.run(evictToRam(a, TEST_CAUSE))).toBe(0);
    expect(m.contents(START, END)).toEqual(expected);
    expect(m.device.releases).toBe(1);
  });

  it('S15: a failing copy is tried three times, then its error; a single failure is survived', async () => {
    const { m, a } = await setUp();
    m.device.failToRam = 'EIO';
    expect(await m.run(evictToRam(a, TEST_CAUSE))).toBe('EIO');
    expect(m.state.stats.evictAttempts).toBe(3);
    expect(m.contents(START, END)).toEqual(expected);
    let first = true;
    m.device.beforeCopy = function* once(): Op<void> {
      m.device.failToRam = 0;
    };
    m.device.failToRam = 0;
    m.state.failPoint = (what) => what === 'ram-page' && first && !(first = false);
    expect(await m.run(evictToRam(a, TEST_CAUSE))).toBe(0);
    expect(m.state.stats.evictAttempts).toBe(5);
  });

  it.each(['vectors', 'ram-page', 'dma-map'] as const)('%s not to be had', async (what) => {
    const { m, a } = await setUp();
    m.state.failPoint = (point) => point === what;
    expect(await m.run(evictToRam(a, TEST_CAUSE))).toBe(what === 'dma-map' ? 'EFAULT' : 'ENOMEM');
    expect(m.contents(START, END)).toEqual(expected);
    m.state.failPoint = () => false;
    expect(await m.run(evictToRam(a, TEST_CAUSE))).toBe(0);
  });

  it('an allocation still being filled cannot be evicted and is not harmed', async () => {
    const m = new Machine();
    m.mm.mmap(START, 16);
    await m.run(m.fill(START, END));
    function* evictor(): Op<Status> {
      yield* m.sched.sleepUntil(8_000); // in the middle of the copy
      const a = m.device.allocations[0];
      return a === undefined ? 'EINVAL' : yield* evictToRam(a, TEST_CAUSE);
    }
    expect(await m.runAll(m.migrate(START, END), evictor())).toEqual([0, 'EBUSY']);
    expect(m.onDevice(START, END)).toBe(16);
    expect(m.contents(START, END)).toEqual(expected);
  });
});

describe('release (I41)', () => {
  it('unmapping all pages frees the allocation without any copy', async () => {
    const { m, a } = await setUp();
    await m.run(m.mm.munmap(START, 0x400));
    expect([a.detachedDone, m.device.releases, m.device.freePages]).toEqual([true, 1, 2048]);
    expect(m.device.copies).toHaveLength(1);
  });

  it('S10: a single page left keeps the whole allocation', async () => {
    const { m, a } = await setUp();
    await m.run(m.mm.munmap(START + 1, 0x400));
    expect([a.detachedDone, m.device.freePages]).toEqual([false, 2032]);
    await m.run(m.read(START));
    expect([a.detachedDone, m.device.freePages]).toEqual([true, 2048]);
  });

  it('the last put of a pagemap tears it down; a get after it is a bug', async () => {
    const { m } = await setUp();
    let destroyed = 0;
    Object.assign(m.device, { destroy: () => destroyed++ });
    m.pagemap.put();
    expect(destroyed).toBe(0); // the zdd holds one
    await m.run(m.read(START));
    expect(destroyed).toBe(1);
    expect(() => m.pagemap.get()).toThrow(/last put/);
    expect(() => m.pagemap.put()).toThrow(/more puts/);
  });
});
