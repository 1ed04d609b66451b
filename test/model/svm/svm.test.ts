// Init, fini, simple mode, the invalidate callback, unmap flags, eviction by range and scan (§1.2, §3.6–§3.9, §4.9).
import { describe, expect, it } from 'vitest';
import { isErrno } from '../../../src/base/errno.ts';
import { NS_PER_MS } from '../../../src/base/units.ts';
import { MMU_EVENT } from '../../../src/model/event/event.ts';
import { populate } from '../../../src/model/mm/access.ts';
import { IntervalNotifier } from '../../../src/model/mm/notifier.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { svmCtx } from '../../../src/model/svm/ctx.ts';
import { rangeFindOrInsert } from '../../../src/model/svm/find-or-insert.ts';
import { findVmaStart } from '../../../src/model/svm/find.ts';
import { getPages, rangeGetPages } from '../../../src/model/svm/get-pages.ts';
import { pagesValid, SvmPages } from '../../../src/model/svm/pages.ts';
import { rangeEvict } from '../../../src/model/svm/range-evict.ts';
import { rangeRemove } from '../../../src/model/svm/range-remove.ts';
import { rangeGet, rangePut, rangeSetUnmapped, type SvmRange } from '../../../src/model/svm/range.ts';
import { foldScan, scanMm, type ScanState } from '../../../src/model/svm/scan-mm.ts';
import { GpuSvm, svmFini, svmInit } from '../../../src/model/svm/svm.ts';
import { freePages } from '../../../src/model/svm/unmap.ts';
import { Machine, type MachineOptions } from '../../support/fake-devmem.ts';

const START = 0x200;
const END = 0x400;
const MS = NS_PER_MS;

/** One 2M range, written by the CPU. */
async function setUp(options: MachineOptions = {}): Promise<{ m: Machine; range: SvmRange }> {
  const m = new Machine(options);
  m.mm.mmap(START, 0x200);
  await m.run(m.fill(START, END));
  return { m, range: await rangeAt(m, START) };
}

async function rangeAt(m: Machine, vpn: number): Promise<SvmRange> {
  const range = await m.run(m.locked(rangeFindOrInsert(m.svm, vpn, 0, 2 ** 30, svmCtx({ devmemPossible: true }))));
  if (isErrno(range)) throw new Error(range);
  return range;
}

describe('init (§1.2)', () => {
  const full = (m: Machine) => ({
    name: 'x',
    mm: m.mm,
    startVpn: 0,
    endVpn: 2 ** 35,
    notifierPages: 512,
    chunkPages: [1],
    ops: { invalidate: () => (function* none() {})() },
  });
  const simple = { name: 's', mm: null, startVpn: 0, endVpn: 0, notifierPages: 0, chunkPages: [], ops: null };

  it('full mode needs ops and chunks', () => {
    const m = new Machine();
    expect(svmInit(m.world, full(m))).toBeInstanceOf(GpuSvm);
    expect(svmInit(m.world, { ...full(m), ops: null })).toBe('EINVAL');
    expect(svmInit(m.world, { ...full(m), chunkPages: [] })).toBe('EINVAL');
  });

  it('S30: simple mode takes none of them', () => {
    const m = new Machine();
    expect(svmInit(m.world, simple)).toBeInstanceOf(GpuSvm);
    expect(svmInit(m.world, { ...simple, ops: full(m).ops })).toBe('EINVAL');
    expect(svmInit(m.world, { ...simple, chunkPages: [1] })).toBe('EINVAL');
    expect(svmInit(m.world, { ...simple, notifierPages: 512 })).toBe('EINVAL');
    expect(svmInit(m.world, { ...simple, endVpn: 1 })).toBe('EINVAL');
  });

  it('sizes that are no powers of two are a bug', () => {
    const m = new Machine();
    expect(() => svmInit(m.world, { ...full(m), notifierPages: 500 })).toThrow(/power of two/);
    expect(() => svmInit(m.world, { ...full(m), chunkPages: [3] })).toThrow(/powers of two/);
  });
});

describe('simple mode (S30): a pages object with a notifier of its own', () => {
  it('gets, is invalidated, gets again, is freed', async () => {
    const m = new Machine();
    m.mm.mmap(START, 0x200);
    const svm = new GpuSvm(m.world, {
      name: 's',
      mm: null,
      startVpn: 0,
      endVpn: 0,
      notifierPages: 0,
      chunkPages: [],
      ops: null,
    });
    const pages = new SvmPages(16);
    const interval = new IntervalNotifier(m.mm.subscriptions, START, START + 16, function* callback(_event, cur) {
      yield* svm.notifierLock.write();
      interval.setSeq(cur);
      svm.notifierLock.unlockWrite();
      return true;
    });
    m.mm.subscriptions.insert(interval);
    await m.run(freePages(svm, pages)); // before the first get: nothing
    expect(await m.run(getPages(svm, pages, m.mm, interval, START, START + 16, svmCtx()))).toBe(0);
    expect([pagesValid(pages), pages.count]).toEqual([true, 16]);
    await m.run(freePages(svm, pages));
    await m.run(m.mm.discard(START, START + 16));
    expect(await m.run(getPages(svm, pages, m.mm, interval, START, START + 16, svmCtx()))).toBe(0);
    expect(pages.notifierSeq).toBe(3);
  });
});

describe('fini (§3.6)', () => {
  it('I9: unregisters, then removes every range; one with a reference lives on unmapped', async () => {
    const { m, range } = await setUp();
    m.mm.mmap(0x40000, 1);
    await rangeAt(m, 0x40000);
    await m.run(rangeGetPages(m.svm, range, svmCtx()));
    rangeGet(range);
    await m.run(m.locked(svmFini(m.svm)));
    expect([m.svm.notifiers.size, m.svm.mm, m.mm.subscriptions.list().length]).toEqual([0, null, 0]);
    expect([range.refcount, range.inTree, pagesValid(range.pages)]).toEqual([1, false, false]);
    rangePut(range);
    expect(() => rangePut(range)).toThrow(/more puts/);
  });

  it('RC14: waits for a running invalidation, no callback afterwards', async () => {
    const { m } = await setUp();
    m.inCallback = () => m.sched.sleepUntil(m.sched.now + MS);
    function* fini(): Op<number> {
      yield* m.sched.sleepUntil(m.sched.now + MS / 2);
      yield* m.locked(svmFini(m.svm));
      return m.sched.now;
    }
    const begin = m.sched.now;
    const [, at] = await m.runAll(m.mm.discard(START, END), fini());
    expect(at - begin).toBe(MS);
    const seen = m.invalidations.length;
    await m.run(m.mm.discard(START, END));
    expect(m.invalidations).toHaveLength(seen);
  });
});

describe('invalidate callback (§4.9)', () => {
  it('S22: refuses what may not wait, sequence untouched; a later one works', async () => {
    const { m, range } = await setUp();
    await m.run(rangeGetPages(m.svm, range, svmCtx()));
    const event = { startVpn: START, endVpn: END, event: MMU_EVENT.CLEAR, owner: null };
    expect(await m.run(m.mm.subscriptions.start({ ...event, blockable: false }))).toBe('EAGAIN');
    expect([range.notifier.interval.seq, pagesValid(range.pages)]).toEqual([1, true]);
    const later = { ...event, blockable: true };
    expect(await m.run(m.mm.subscriptions.start(later))).toBe(0);
    m.mm.subscriptions.end(later);
    expect([range.notifier.interval.seq, pagesValid(range.pages)]).toEqual([5, false]);
  });

  it('S27: a wide event is one callback a notifier, same sequence, every range flagged', async () => {
    const m = new Machine({ notifierPages: 512 });
    m.mm.mmap(0, 0x800);
    const ranges = [];
    for (const vpn of [0, 0x200, 0x400, 0x600]) ranges.push(await rangeAt(m, vpn));
    await m.run(m.mm.munmap(0x100, 0x700));
    expect(m.invalidations).toHaveLength(4);
    expect(new Set(ranges.map((r) => r.notifier.interval.seq)).size).toBe(1);
    expect(ranges.map((r) => r.pages.flags.unmapped)).toEqual([true, true, true, true]);
    expect(ranges.map((r) => r.pages.flags.partialUnmap)).toEqual([true, false, false, true]);
  });

  it('set_unmapped outside of the callback is a bug (I17)', async () => {
    const { range } = await setUp();
    expect(() => rangeSetUnmapped(range, { startVpn: START, endVpn: END })).toThrow(/current task|without/);
  });
});

describe('S5, S6: partial unmap', () => {
  it('flags the whole range; the rest gets a new, smaller one with the same bytes', async () => {
    const { m, range } = await setUp();
    await m.run(m.migrate(START, END));
    await m.run(m.mm.munmap(0x300, END));
    expect(range.pages.flags).toMatchObject({ unmapped: true, partialUnmap: true });
    expect(m.unmapped).toEqual([range]);
    expect(await m.run(rangeEvict(m.svm, range))).toBe('EFAULT'); // the unmapped half; the other half has come home
    expect(m.onDevice(START, 0x300)).toBe(0);
    await m.run(m.locked(rangeRemove(m.svm, range)));
    const rest = await rangeAt(m, 0x2ff);
    expect([rest.startVpn, rest.endVpn]).toEqual([0x2f0, 0x300]);
    expect(m.contents(START, 0x300)).toEqual(Array.from({ length: 0x100 }, (_, i) => 1000 + START + i));
  });

  it('two halves: both flags stay though nothing is mapped any more', async () => {
    const { m, range } = await setUp();
    await m.run(m.mm.munmap(0x300, END));
    await m.run(m.mm.munmap(START, 0x300));
    expect(range.pages.flags).toMatchObject({ unmapped: true, partialUnmap: true });
    expect(m.unmapped).toEqual([range]);
    expect(await m.run(rangeEvict(m.svm, range))).toBe('EFAULT');
  });

  it('an unmap of exactly the range is not partial', async () => {
    const { m, range } = await setUp();
    await m.run(m.mm.munmap(START, END));
    expect(range.pages.flags).toMatchObject({ unmapped: true, partialUnmap: false });
  });
});

describe('range_evict (§3.8)', () => {
  it('0: every page home, cause named', async () => {
    const { m, range } = await setUp();
    await m.run(m.migrate(START, END));
    await m.run(rangeGetPages(m.svm, range, svmCtx({ devicePrivatePageOwner: m.pagemap.owner })));
    expect(await m.run(rangeEvict(m.svm, range))).toBe(0);
    expect([m.onDevice(START, END), pagesValid(range.pages)]).toEqual([0, false]);
    expect(m.migrations().at(-1)?.cause).toEqual({ rule: 'evict-range', values: { startVpn: START, pages: 512 } });
    expect(m.state.causes.size).toBe(0);
  });

  // Coming home invalidates the range itself, so the walk ends with EBUSY: behind the deadline that is the answer.
  it.each([
    [500, 0],
    [3000, 'EBUSY'],
  ])('S3: waits out a timeslice of %i ms without hanging the loop', async (ms, expected) => {
    const { m, range } = await setUp();
    await m.run(m.migrate(START, END, ms * MS));
    const expiry = m.device.allocations[0]?.timesliceExpiration ?? 0;
    expect(await m.run(rangeEvict(m.svm, range))).toBe(expected);
    expect(m.onDevice(START, END)).toBe(0);
    expect(m.sched.now).toBeGreaterThanOrEqual(expiry);
    expect(m.state.stats.timesliceRefusals).toBe(1);
  });

  it('EFAULT: address space gone; ENOMEM: scratch (B4: the user is given back)', async () => {
    const { m, range } = await setUp();
    m.svm.failPoint = (what) => what === 'scratch';
    expect(await m.run(rangeEvict(m.svm, range))).toBe('ENOMEM');
    expect(m.mm.users).toBe(1);
    await m.run(m.mm.exit());
    expect(await m.run(rangeEvict(m.svm, range))).toBe('EFAULT');
  });

  it.each([
    ['ETIME: the second ends while it waits for an invalidation', 2000, 'ETIME'],
    ['control: a short one', 900, 0],
  ])('%s', async (_name, ms, expected) => {
    const { m, range } = await setUp();
    function* slow(): Op<void> {
      const event = { startVpn: START, endVpn: END, event: MMU_EVENT.CLEAR, blockable: true, owner: null };
      yield* m.mm.subscriptions.start(event);
      yield* m.sched.sleepUntil(m.sched.now + ms * MS);
      m.mm.subscriptions.end(event);
    }
    const [, status] = await m.runAll(slow(), rangeEvict(m.svm, range));
    expect(status).toBe(expected);
  });
});

describe('scan_mm (§3.9)', () => {
  const half = 0x300;
  type Step = (m: Machine) => Promise<unknown>;
  const on =
    (device: number, from: number, to: number): Step =>
    (m) =>
      m.run(m.migrate(from, to, 0, m.devices[device]));

  it.each<[string, ScanState, Step[]]>([
    ['A A', 'EQUAL', [on(0, START, END)]],
    ['B B', 'OTHER', [on(1, START, END)]],
    ['B C', 'MIXED_DEVICE', [on(1, START, half), on(2, half, END)]],
    ['A B', 'MIXED_DEVICE', [on(0, START, half), on(1, half, END)]],
    ['s s', 'SYSTEM', []],
    ['s A', 'MIXED', [on(0, half, END)]],
    ['A s', 'MIXED', [on(0, START, half)]],
    ['A B s', 'MIXED', [on(0, START, 0x280), on(1, 0x280, half)]],
    ['A none', 'UNPOPULATED', [on(0, START, half), (m) => m.run(m.mm.discard(half, END))]],
  ])('%s → %s', async (_name, expected, steps) => {
    const { m, range } = await setUp({ devicePages: [512, 512, 512] });
    for (const step of steps) await step(m);
    const [words, faults] = [m.words(START, END), m.events.length];
    expect(await m.run(scanMm(range, m.pagemap.owner, m.pagemap))).toBe(expected);
    expect([m.words(START, END), m.events.length]).toEqual([words, faults]);
  });

  it('pages of a foreign owner are absent for it', async () => {
    const { m, range } = await setUp();
    await m.run(m.migrate(START, END));
    expect(await m.run(scanMm(range, {}, m.pagemap))).toBe('UNPOPULATED');
    m.svm.failPoint = (what) => what === 'scratch';
    expect(await m.run(scanMm(range, m.pagemap.owner, m.pagemap))).toBe('UNPOPULATED');
  });

  it('folds as the table says', () => {
    expect(foldScan('MIXED', 'EQUAL')).toBe('MIXED');
    expect(foldScan('MIXED_DEVICE', 'EQUAL')).toBe('MIXED_DEVICE');
    expect(foldScan('OTHER', 'MIXED_DEVICE')).toBe('MIXED_DEVICE');
    expect(foldScan('MIXED_DEVICE', 'SYSTEM')).toBe('MIXED');
  });
});

it('find_vma_start: may lie below, Infinity where there is none (§2.5)', async () => {
  const { m } = await setUp();
  expect(findVmaStart(m.svm, 0x300, 0x301)).toBe(START);
  expect(findVmaStart(m.svm, 0x100, 0x201)).toBe(START);
  expect(findVmaStart(m.svm, 0x400, 0x500)).toBe(Infinity);
  await m.run(populate(m.mm, START, END, true));
  await m.run(m.mm.exit());
  expect(findVmaStart(m.svm, 0x300, 0x301)).toBe(Infinity);
});
