// The worked traces of gpusvm-and-pagemap.md Appendix B, with their exact sequence numbers, and of §5.3 R1 the atomicity.
import { expect, it } from 'vitest';
import { isErrno } from '../../../src/base/errno.ts';
import { NS_PER_MS } from '../../../src/base/units.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { svmCtx, type SvmCtx } from '../../../src/model/svm/ctx.ts';
import { rangeFindOrInsert } from '../../../src/model/svm/find-or-insert.ts';
import { rangeGetPages } from '../../../src/model/svm/get-pages.ts';
import { pagesValid, PROTO, slotProto } from '../../../src/model/svm/pages.ts';
import { rangeRemove } from '../../../src/model/svm/range-remove.ts';
import { rangeEvict } from '../../../src/model/svm/range-evict.ts';
import type { SvmRange } from '../../../src/model/svm/range.ts';
import { FIRST_COME, Machine, type MachineOptions } from '../../support/fake-devmem.ts';

const START = 0x200;
const END = 0x400;
const SLICE = 5 * NS_PER_MS;

const context = (m: Machine): SvmCtx =>
  svmCtx({ devmemPossible: true, checkPagesThresholdPages: 16, devicePrivatePageOwner: m.pagemap.owner });

/** V1 with every page written by the CPU, and the range of the first fault. */
async function firstFault(options: MachineOptions): Promise<{ m: Machine; range: SvmRange }> {
  const m = new Machine(options);
  m.mm.mmap(START, 0x400);
  await m.run(m.fill(START, 0x600));
  expect(m.mm.subscriptions.seq).toBe(2);
  const range = await m.run(m.locked(rangeFindOrInsert(m.svm, 0x345, 0, 2 ** 30, context(m))));
  if (isErrno(range)) throw new Error(range);
  return { m, range };
}

/** … migrated and mapped: the state at the end of trace 1. */
async function migrated(options: MachineOptions = {}): Promise<{ m: Machine; range: SvmRange }> {
  const { m, range } = await firstFault(options);
  expect(await m.run(m.migrate(START, END, SLICE))).toBe(0);
  expect(await m.run(rangeGetPages(m.svm, range, context(m)))).toBe(0);
  return { m, range };
}

it('trace 1: first GPU write fault', async () => {
  const { m, range } = await firstFault({});
  const { interval } = range.notifier;
  expect([range.notifier.startVpn, range.notifier.endVpn, interval.seq]).toEqual([0, 131072, 1]);
  expect([range.startVpn, range.endVpn, range.migrateDevmem, range.pages.notifierSeq]).toEqual([START, END, true, -1]);
  const seen: unknown[] = [];
  m.inCallback = function* look(): Op<void> {
    seen.push(m.mm.subscriptions.active, m.mm.subscriptions.seq, interval.seq);
  };
  m.device.beforeCopy = function* look(): Op<void> {
    seen.push(m.mm.subscriptions.active, m.mm.subscriptions.seq, m.state.zdds.refcount(0));
  };
  expect(await m.run(m.migrate(START, END, SLICE))).toBe(0);
  expect(seen).toEqual([1, 3, 3, 0, 4, 513]);
  expect(m.device.copies).toEqual(['to-vram 512 holes 0']);
  expect(m.state.zdds.refcount(0)).toBe(512);
  expect(m.device.allocations[0]?.timesliceExpiration).toBe(m.sched.now + SLICE);
  expect(m.onDevice(START, END)).toBe(512);
  const refs = m.pagemap.ref;
  expect(await m.run(rangeGetPages(m.svm, range, context(m)))).toBe(0);
  expect([range.pages.count, slotProto(range.pages, 511), range.pages.notifierSeq]).toEqual([512, PROTO.VRAM, 3]);
  expect(range.pages.flags).toMatchObject({ hasDevmemPages: true, hasDmaMapping: true });
  expect(m.pagemap.ref).toBe(refs + 1);
});

it('trace 2: CPU read before and after the expiry', async () => {
  const { m, range } = await migrated();
  expect(await m.run(m.read(0x3ff))).toBe(1000 + 0x3ff);
  expect(m.state.stats.timesliceRefusals).toBe(1);
  expect(m.migrations().at(-1)).toMatchObject({ direction: 'to-ram', startVpn: START, pages: 512, moved: 512 });
  expect([m.mm.subscriptions.seq, range.notifier.interval.seq]).toEqual([6, 5]);
  expect([pagesValid(range.pages), range.pages.dpagemap, range.pages.flags.unmapped]).toEqual([false, null, false]);
  expect([m.device.releases, m.device.freePages, m.state.zdds.live]).toEqual([1, 2048, 0]);
  expect(m.onDevice(START, END)).toBe(0);
  expect(await m.run(rangeGetPages(m.svm, range, context(m)))).toBe(0);
  expect([slotProto(range.pages, 0), range.pages.notifierSeq]).toEqual([PROTO.SYSTEM, 5]);
});

it('trace 3: munmap between the walk of get_pages and its mapping', async () => {
  const { m, range } = await migrated({ explore: FIRST_COME });
  await m.run(m.read(0x3ff)); // trace 2: the range is stale, its pages in RAM
  const { interval } = range.notifier;
  expect([m.mm.subscriptions.seq, interval.seq]).toEqual([6, 5]);
  m.inCallback = function* look(): Op<void> {
    expect([m.mm.subscriptions.seq, interval.seq, m.mm.subscriptions.active]).toEqual([7, 7, 1]);
    expect(pagesValid(range.pages)).toBe(false); // nothing was mapped yet
  };
  const [status, unmap] = await m.runAll(rangeGetPages(m.svm, range, context(m)), m.mm.munmap(0x300, 0x500));
  expect([status, unmap]).toEqual(['EFAULT', 0]);
  expect([m.mm.subscriptions.seq, interval.seq]).toEqual([8, 7]);
  expect(range.pages.flags).toMatchObject({ unmapped: true, partialUnmap: true, hasDmaMapping: false });
  expect(m.unmapped).toEqual([range]);
  await m.run(rangeEvict(m.svm, range));
  await m.run(m.locked(rangeRemove(m.svm, range)));
  expect([m.svm.notifiers.size, interval.membership]).toEqual([0, 'out']);
  expect(await m.run(m.locked(rangeFindOrInsert(m.svm, 0x345, 0, 2 ** 30, context(m))))).toBe('ENOENT');
  const rest = (await m.run(m.locked(rangeFindOrInsert(m.svm, 0x245, 0, 2 ** 30, context(m))))) as SvmRange;
  expect([rest.startVpn, rest.endVpn, rest.notifier !== range.notifier]).toEqual([0x240, 0x250, true]);
});
