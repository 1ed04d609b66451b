// get_pages: the mixing table and every error beside a case that works, unwinding included (gpusvm-and-pagemap.md §3.4, §3.5).
import { describe, expect, it } from 'vitest';
import { NS_PER_MS } from '../../../src/base/units.ts';
import { MMU_EVENT } from '../../../src/model/event/event.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { svmCtx } from '../../../src/model/svm/ctx.ts';
import { rangeGetPages } from '../../../src/model/svm/get-pages.ts';
import { pagesValid, PROTO } from '../../../src/model/svm/pages.ts';
import { rangeUnmapPages } from '../../../src/model/svm/unmap.ts';
import { FIRST_COME, type Machine } from '../../support/fake-devmem.ts';
import { END, protos, segments, setUp, START, withOwner } from '../../support/get-pages.ts';

describe('mixed placement (§3.4)', () => {
  type Placement = 'system' | 'device' | 'two zdds' | 'two pagemaps' | 'system, device' | 'device, system';

  async function place(m: Machine, placement: Placement): Promise<void> {
    const half = START + 8;
    const [a, b] = m.devices;
    if (placement === 'device') await m.run(m.migrate(START, END));
    if (placement === 'two zdds' || placement === 'two pagemaps' || placement === 'device, system')
      await m.run(m.migrate(START, half));
    if (placement === 'two zdds' || placement === 'system, device') await m.run(m.migrate(half, END, 0, a));
    if (placement === 'two pagemaps') await m.run(m.migrate(half, END, 0, b));
  }

  it.each<[Placement, string | 0, string | 0, string | 0, string | 0]>([
    ['system', 0, 0, 'EFAULT', 'EFAULT'],
    ['device', 0, 0, 0, 0],
    ['two zdds', 'EOPNOTSUPP', 0, 'EOPNOTSUPP', 0],
    ['two pagemaps', 'EOPNOTSUPP', 'EOPNOTSUPP', 'EOPNOTSUPP', 'EOPNOTSUPP'],
    ['system, device', 'EOPNOTSUPP', 0, 'EFAULT', 'EFAULT'],
    ['device, system', 'EOPNOTSUPP', 0, 'EOPNOTSUPP', 'EFAULT'],
  ])('%s: default %s, allowMixed %s, devmemOnly %s, both %s', async (placement, ...expected) => {
    const asks = [{}, { allowMixed: true }, { devmemOnly: true }, { devmemOnly: true, allowMixed: true }];
    for (const [i, ask] of asks.entries()) {
      const { m, range } = await setUp({ devicePages: [64, 64] });
      await place(m, placement);
      const refs = m.devices.map((d) => d.pagemap.ref);
      expect(await m.run(rangeGetPages(m.svm, range, withOwner(m, ask)))).toBe(expected[i]);
      if (expected[i] === 0) continue;
      expect(pagesValid(range.pages)).toBe(false);
      expect(range.pages.dmaMapped).toBe(0);
      expect(m.devices.map((d) => d.pagemap.ref)).toEqual(refs);
    }
  });

  it('S9 with both protocols side by side: entries keep their own', async () => {
    const { m, range } = await setUp();
    await m.run(m.migrate(START, START + 8));
    expect(await m.run(rangeGetPages(m.svm, range, withOwner(m, { allowMixed: true })))).toBe(0);
    expect(segments(range.pages)).toEqual([
      [0, PROTO.VRAM, 8],
      [8, PROTO.SYSTEM, 8],
    ]);
    expect(range.pages.dmaMapped).toBe(8);
  });

  it('a peer that may be reached is mapped with its protocol and let go again', async () => {
    const { m, range } = await setUp({ devicePages: [64, 64] });
    const peer = m.devices[1];
    if (peer === undefined) throw new Error('two devices');
    const undone: number[] = [];
    Object.assign(peer, { deviceUnmap: (_p: unknown, _d: number, proto: number) => undone.push(proto) });
    await m.run(m.migrate(START, END, 0, peer));
    expect(await m.run(rangeGetPages(m.svm, range, withOwner(m)))).toBe(0);
    expect(protos(range.pages)).toEqual(Array(16).fill(PROTO.P2P));
    await m.run(rangeUnmapPages(m.svm, range, { inNotifier: false }));
    expect(undone).toEqual(Array(16).fill(PROTO.P2P));
  });
});

describe('errors', () => {
  it('EFAULT: address space gone; control: alive', async () => {
    const { m, range } = await setUp();
    expect(await m.run(rangeGetPages(m.svm, range, svmCtx()))).toBe(0);
    await m.run(m.mm.exit());
    expect(await m.run(rangeGetPages(m.svm, range, svmCtx()))).toBe('EFAULT');
    expect(pagesValid(range.pages)).toBe(false);
  });

  it('EFAULT: no VMA any more, though the range was not told', async () => {
    const { m, range } = await setUp();
    m.mm.areas.clear();
    expect(await m.run(rangeGetPages(m.svm, range, svmCtx()))).toBe('EFAULT');
  });

  it('EFAULT: no path to a device page (B12: what was mapped before it is undone)', async () => {
    const { m, range } = await setUp();
    await m.run(m.migrate(START, END));
    m.device.failMap = true;
    expect(await m.run(rangeGetPages(m.svm, range, withOwner(m)))).toBe('EFAULT');
    expect([m.pagemap.ref, range.pages.count]).toEqual([2, 0]);
    m.device.failMap = false;
    expect(await m.run(rangeGetPages(m.svm, range, withOwner(m)))).toBe(0);
  });

  it('EPERM: write wanted on a read-only VMA; reading works', async () => {
    const { m, range } = await setUp();
    await m.run(m.mm.mprotect(START, END, { read: true, write: false }));
    expect(await m.run(rangeGetPages(m.svm, range, svmCtx()))).toBe('EPERM');
    expect(await m.run(rangeGetPages(m.svm, range, svmCtx({ readOnly: true })))).toBe(0);
  });

  it.each(['scratch', 'array'] as const)('ENOMEM: %s', async (what) => {
    const { m, range } = await setUp();
    m.svm.failPoint = (point) => point === what;
    expect(await m.run(rangeGetPages(m.svm, range, svmCtx()))).toBe('ENOMEM');
    m.svm.failPoint = () => false;
    expect(await m.run(rangeGetPages(m.svm, range, svmCtx()))).toBe(0);
    expect(m.mm.users).toBe(1);
  });

  it('EFAULT: unmapped stays unmapped, whatever is mapped there since', async () => {
    const { m, range } = await setUp();
    await m.run(m.mm.munmap(START, END));
    m.mm.mmap(START, END - START);
    expect(await m.run(rangeGetPages(m.svm, range, svmCtx()))).toBe('EFAULT');
    const { m: control, range: kept } = await setUp();
    await control.run(control.mm.discard(START, END));
    expect(await control.run(rangeGetPages(control.svm, kept, svmCtx()))).toBe(0);
  });

  it('ENOMEM: a stale object has given its arrays back', async () => {
    const { m, range } = await setUp();
    await m.run(rangeGetPages(m.svm, range, svmCtx()));
    await m.run(rangeUnmapPages(m.svm, range, { inNotifier: false }));
    m.svm.failPoint = (point) => point === 'array';
    expect(await m.run(rangeGetPages(m.svm, range, svmCtx()))).toBe('ENOMEM');
    expect(range.pages.frames).toBeNull();
  });

  it('EBUSY: a second of collisions behind the walk (B14)', async () => {
    const { m, range } = await setUp({ explore: FIRST_COME });
    function* storm(): Op<void> {
      while (m.sched.now < 1500 * NS_PER_MS) {
        const event = { startVpn: START, endVpn: END, event: MMU_EVENT.CLEAR, blockable: true, owner: null };
        yield* m.mm.subscriptions.start(event);
        yield* m.sched.sleepUntil(m.sched.now + 50 * NS_PER_MS);
        m.mm.subscriptions.end(event);
        yield* m.sched.point('storm'); // lets get_pages walk, but not map
      }
    }
    const [, status] = await m.runAll(storm(), rangeGetPages(m.svm, range, svmCtx()));
    expect([status, m.svm.stats.seqCollisions, m.svm.stats.hmmRetries]).toEqual(['EBUSY', 21, 0]);
    expect(m.sched.now).toBe(1500 * NS_PER_MS);
  });

  it('EBUSY: a second of invalidations elsewhere in the window (S4), nothing left mapped', async () => {
    const { m, range } = await setUp();
    m.mm.mmap(0x100, 1);
    function* storm(untilNs: number): Op<void> {
      while (m.sched.now < untilNs) {
        const event = { startVpn: 0x100, endVpn: 0x101, event: MMU_EVENT.CLEAR, blockable: true, owner: null };
        yield* m.mm.subscriptions.start(event);
        yield* m.sched.sleepUntil(m.sched.now + NS_PER_MS);
        m.mm.subscriptions.end(event);
      }
    }
    const begin = m.sched.now;
    function* timed(): Op<[unknown, number]> {
      const status = yield* rangeGetPages(m.svm, range, svmCtx());
      return [status, m.sched.now - begin];
    }
    const [, result] = await m.runAll(storm(begin + 1500 * NS_PER_MS), timed());
    expect(result[0]).toBe('EBUSY');
    expect(result[1]).toBe(1001 * NS_PER_MS); // strictly greater than 1000 ms, seen at the next change
    expect(pagesValid(range.pages)).toBe(false);
    const [, short] = await m.runAll(storm(m.sched.now + 500 * NS_PER_MS), timed());
    expect(short[0]).toBe(0);
  });
});
