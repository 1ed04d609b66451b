// get_pages that succeeds: entries, order compression, pooling, and dropping them again (gpusvm-and-pagemap.md §3.2–§3.6).
import { describe, expect, it } from 'vitest';
import { populate } from '../../../src/model/mm/access.ts';
import { IntervalNotifier } from '../../../src/model/mm/notifier.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { svmCtx } from '../../../src/model/svm/ctx.ts';
import { rangeFindOrInsert } from '../../../src/model/svm/find-or-insert.ts';
import { getPages, rangeGetPages } from '../../../src/model/svm/get-pages.ts';
import { compressedOrder } from '../../../src/model/svm/order.ts';
import { DMA_DIR, PROTO, slotDir, slotOrder, SvmPages } from '../../../src/model/svm/pages.ts';
import type { SvmRange } from '../../../src/model/svm/range.ts';
import { freePages, rangeUnmapPages } from '../../../src/model/svm/unmap.ts';
import { Machine } from '../../support/fake-devmem.ts';
import { END, protos, segments, setUp, START, withOwner } from '../../support/get-pages.ts';

describe('success', () => {
  it('maps system pages, bidirectional, and stamps the sequence', async () => {
    const { m, range } = await setUp();
    expect(await m.run(rangeGetPages(m.svm, range, svmCtx()))).toBe(0);
    expect(range.pages.flags).toEqual({
      unmapped: false,
      partialUnmap: false,
      hasDevmemPages: false,
      hasDmaMapping: true,
    });
    expect(protos(range.pages)).toEqual(Array(16).fill(PROTO.SYSTEM));
    expect(range.pages.dmaMapped).toBe(16);
    expect(slotDir(range.pages, 3)).toBe(DMA_DIR.bidirectional);
    expect(range.pages.notifierSeq).toBe(1);
    expect(segments(range.pages)).toEqual([[0, PROTO.SYSTEM, 16]]);
  });

  it('faults in what is absent: written pages when writing, the zero page when reading', async () => {
    const m = new Machine();
    m.mm.mmap(0x200, 0x200);
    const range = (await m.run(m.locked(rangeFindOrInsert(m.svm, 0x200, 0, 2 ** 30, svmCtx())))) as SvmRange;
    expect(await m.run(rangeGetPages(m.svm, range, svmCtx({ readOnly: true })))).toBe(0);
    expect(slotDir(range.pages, 0)).toBe(DMA_DIR.toDevice);
    expect(new Set(range.pages.frames)).toEqual(new Set([m.world.pages.zeroPfn]));
    await m.run(rangeUnmapPages(m.svm, range, { inNotifier: false }));
    expect(await m.run(rangeGetPages(m.svm, range, svmCtx()))).toBe(0);
    expect(new Set(range.pages.frames).size).toBe(512);
  });

  it('maps own device pages and holds a reference on the pagemap', async () => {
    const { m, range } = await setUp();
    await m.run(m.migrate(START, END));
    expect(m.pagemap.ref).toBe(2);
    expect(await m.run(rangeGetPages(m.svm, range, withOwner(m)))).toBe(0);
    expect(range.pages.dpagemap).toBe(m.pagemap);
    expect(m.pagemap.ref).toBe(3);
    expect(range.pages.flags.hasDevmemPages).toBe(true);
    expect(segments(range.pages)).toEqual([[0, PROTO.VRAM, 16]]);
    await m.run(rangeUnmapPages(m.svm, range, { inNotifier: false }));
    expect(range.pages.dpagemap).toBeNull();
    expect(m.pagemap.ref).toBe(2);
  });

  it('without an owner pulls device pages home first', async () => {
    const { m, range } = await setUp();
    await m.run(m.migrate(START, END));
    expect(await m.run(rangeGetPages(m.svm, range, svmCtx()))).toBe(0);
    expect(protos(range.pages)).toEqual(Array(16).fill(PROTO.SYSTEM));
    expect(m.migrations().at(-1)?.cause.rule).toBe('get-pages');
    expect(m.device.releases).toBe(1);
  });

  it('S29: what is valid is only stamped again, wherever the pages are wanted', async () => {
    const { m, range } = await setUp();
    await m.run(rangeGetPages(m.svm, range, svmCtx()));
    const frames = [...(range.pages.frames ?? [])];
    m.mm.mmap(0x100, 1);
    await m.run(m.mm.munmap(0x100, 0x101)); // elsewhere in the window: bumps the sequence
    expect(await m.run(rangeGetPages(m.svm, range, withOwner(m, { devmemOnly: true })))).toBe(0);
    expect([...(range.pages.frames ?? [])]).toEqual(frames);
    expect(range.pages.notifierSeq).toBe(3);
  });

  it('uses nothing but pooled memory once warm', async () => {
    const { m, range } = await setUp();
    const seen = new Set<unknown>();
    for (let i = 0; i < 4; i++) {
      await m.run(rangeGetPages(m.svm, range, svmCtx()));
      seen.add(range.pages.frames);
      await m.run(freePages(m.svm, range.pages));
      expect(range.pages.frames).toBeNull();
    }
    expect(seen.size).toBe(1);
  });

  it('does not yield where nothing contends', async () => {
    const { m, range } = await setUp();
    function* once(): Op<number> {
      const op = rangeGetPages(m.svm, range, svmCtx());
      const first = op.next();
      return first.done === true && first.value === 0 ? 1 : 0;
    }
    expect(await m.run(once())).toBe(1);
  });
});

describe('order compression (§3.2)', () => {
  it.each([
    [0, 0, 0, 16, 0],
    [0, 9, 0, 512, 9],
    [1, 9, 0, 511, 8],
    [257, 9, 256, 511, 7],
    [511, 9, 510, 511, 0],
    [512, 9, 0, 16, 4],
    [515, 9, 3, 16, 3],
  ])('frame %i, map order %i, slot %i of %i → %i', (frame, mapOrder, index, npages, expected) => {
    expect(compressedOrder(frame, mapOrder, index, npages)).toBe(expected);
  });

  async function hugeSpan(): Promise<Machine> {
    const m = new Machine();
    m.mm.mmap(0x200, 0x200);
    await m.run(populate(m.mm, 0x200, 0x400, true)); // fresh RAM is handed out in order: frames 0 … 511
    for (let vpn = 0x200; vpn < 0x400; vpn++) m.mm.table.set(vpn, m.mm.table.get(vpn) | 16);
    return m;
  }

  it('one entry for a whole huge page', async () => {
    const m = await hugeSpan();
    const range = (await m.run(m.locked(rangeFindOrInsert(m.svm, 0x200, 0, 2 ** 30, svmCtx())))) as SvmRange;
    expect(await m.run(rangeGetPages(m.svm, range, svmCtx()))).toBe(0);
    expect([range.pages.count, slotOrder(range.pages, 0), range.pages.dmaMapped]).toEqual([1, 9, 512]);
    expect(segments(range.pages)).toEqual([[0, PROTO.SYSTEM, 512]]);
  });

  it('descending powers of two for a clipped one; I22', async () => {
    const m = await hugeSpan();
    const interval = new IntervalNotifier(m.mm.subscriptions, 0x201, 0x400, function* accept(_event, cur) {
      interval.setSeq(cur);
      return true;
    });
    m.mm.subscriptions.insert(interval);
    const pages = new SvmPages(511);
    expect(await m.run(getPages(m.svm, pages, m.mm, interval, 0x201, 0x400, svmCtx()))).toBe(0);
    expect(Array.from({ length: pages.count }, (_, slot) => slotOrder(pages, slot))).toEqual([
      8, 7, 6, 5, 4, 3, 2, 1, 0,
    ]);
    expect(segments(pages)).toEqual([[0, PROTO.SYSTEM, 511]]);
  });
});

describe('unmap and free (§3.6)', () => {
  it('I31: unmapping twice, before the first get, and after free is harmless', async () => {
    const { m, range } = await setUp();
    const unmap = () => m.run(rangeUnmapPages(m.svm, range, { inNotifier: false }));
    await unmap();
    await m.run(rangeGetPages(m.svm, range, svmCtx()));
    await unmap();
    expect(range.pages.frames).not.toBeNull(); // stale: arrays stay
    await unmap();
    await m.run(freePages(m.svm, range.pages));
    await m.run(freePages(m.svm, range.pages));
    expect(range.pages.frames).toBeNull();
  });

  it('I17: inNotifier without the write lock is a bug', async () => {
    const { m, range } = await setUp();
    await expect(m.run(rangeUnmapPages(m.svm, range, { inNotifier: true }))).rejects.toThrow(/without svm notifier/);
  });
});
