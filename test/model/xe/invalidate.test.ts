// CPU changes against bound ranges: notifier, partial unmap, collector and back-migration (X15, X16, X17, X37).
import { describe, expect, it } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import { vaHi, vaLo } from '../../../src/base/units.ts';
import { cpuFault } from '../../../src/model/mm/access.ts';
import { collectGarbage } from '../../../src/model/xe/garbage-collector.ts';
import { checkCollected } from '../../../src/model/xe/invariants.ts';
import { Machine } from './machine.ts';

/** Bound ranges of each size over [0x200, 0x1000). */
async function boundMachine(xe: object = {}): Promise<Machine> {
  const m = new Machine({ twin: true, xe });
  await m.seeded(0x200, 0x1000);
  for (const vpn of [0x245, 0x400, 0x600, 0x800, 0xe00]) expect(await m.fault(vpn)).toBe(0);
  return m;
}

/** Fault records of one access that nobody serves: 1 when the device cannot reach the page. */
async function probe(m: Machine, vpn: number): Promise<number> {
  const { jobs } = m.world;
  const records = new Uint32Array([vaLo(vpn), vaHi(vpn), 0, 0]);
  jobs.submit('compute', 'load', [{ op: 'accessLoad', base: 0, records }]);
  const { asid } = m.vm;
  const fence = jobs.submit('compute', 'probe', [
    { op: 'access', asid, root: m.vm.pt.root, base: 0, count: 1, tlb: true, chained: false },
  ]);
  const { faults } = await m.run(fence.wait());
  return faults.length / 4;
}

describe('X15 unmap storm', () => {
  it('I-N1, I30: whatever is unmapped, no entry, TLB line or mapping is left when the callback returns', async () => {
    const m = await boundMachine();
    const rng = createRng(3);
    for (let round = 0; round < 25; round++) {
      const start = 0x200 + rng.below(0xdc0);
      const end = start + 1 + rng.below(0x40);
      const alive = m.mm.findVma(start) !== null;
      if (alive) {
        await m.fault(start);
        expect(await probe(m, start)).toBe(0);
      }
      // The machine looks at the range whenever an entry of the CPU page table changes, after the callbacks.
      expect(await m.run(m.mm.munmap(start, end))).toBe(0);
      expect(checkCollected(m.vm)).toEqual([]);
      expect(await probe(m, start)).toBe(1);
      for (let vpn = start; vpn < end; vpn++) m.oracle.delete(vpn);
      expect(await m.run(m.compare())).toEqual([]);
    }
    expect(m.stat('svm_tlb_inval_count')).toBeGreaterThan(0);
  });

  it('S27: one wide unmap over many ranges in several notifiers: one callback each, same event', async () => {
    const m = new Machine({ xe: { notifierPages: 1024 } });
    await m.mapped(0x200, 0x1000);
    for (const vpn of [0x245, 0x400, 0x600, 0x800, 0xe00]) await m.fault(vpn);
    m.log.length = 0;
    await m.run(m.mm.munmap(0x200, 0x1000));
    const callbacks = m.log.filter((e) => e.kind === 'invalidate');
    expect(callbacks).toHaveLength(4);
    expect(new Set(callbacks.map((e) => e.seq)).size).toBe(1);
    expect(m.vm.svm.notifiers.size).toBe(0);
    expect(checkCollected(m.vm)).toEqual([]);
  });

  it('a change that is no unmap keeps the range, unbound, and the next fault reuses it', async () => {
    const m = await boundMachine();
    const range = m.range(0x245);
    await m.run(m.mm.mprotect(0x200, 0x400, { read: true, write: false }));
    expect([range.tilePresent, range.tileInvalidated, m.vm.gcList.length]).toEqual([1, 1, 0]);
    await m.run(m.mm.mprotect(0x200, 0x400, { read: true, write: true }));
    expect(await m.fault(0x245)).toBe(0);
    expect([m.range(0x245), range.tileInvalidated]).toEqual([range, 0]);
  });

  it('Q5: the window of the last range alone still covers all that was zapped', async () => {
    const m = await boundMachine();
    m.log.length = 0;
    await m.run(m.mm.munmap(0x3ff, 0x801));
    const zaps = m.log.flatMap((e) => (e.kind === 'zap' ? [e] : []));
    const windows = m.log.flatMap((e) => (e.kind === 'tlb-inval' ? [e] : []));
    expect(zaps.length).toBeGreaterThan(2);
    expect(windows).toHaveLength(1);
    const window = windows[0]!;
    for (const zap of zaps) {
      expect(zap.startVpn).toBeGreaterThanOrEqual(window.vpn);
      expect(zap.startVpn + zap.pages).toBeLessThanOrEqual(window.vpn + 2 ** window.log2Pages);
    }
  });
});

describe('X16 partial unmap', () => {
  for (const gcEvict of [false, true]) {
    it(`one page of 2M: the range dies, survivors fault again, bytes intact (gcEvict ${gcEvict})`, async () => {
      const m = await boundMachine({ gcEvict });
      expect(m.inVram(0x245)).toBe(true);
      await m.run(m.mm.munmap(0x300, 0x301));
      m.oracle.delete(0x300);
      expect(m.hasRange(0x245)).toBe(false);
      expect(m.inVram(0x245)).toBe(!gcEvict);
      expect(m.stat('x_gc_evictions')).toBe(gcEvict ? 1 : 0);
      expect(await m.fault(0x245)).toBe(0);
      expect(await m.fault(0x305)).toBe(0);
      expect(m.range(0x245).endVpn - m.range(0x245).startVpn).toBe(16);
      expect(m.range(0x305).endVpn - m.range(0x305).startVpn).toBe(1);
      expect(await m.fault(0x300)).toBe('ENOENT');
      expect(await m.run(m.compare())).toEqual([]);
    });
  }

  it('S10: survivors keep the whole allocation alive until the last page leaves', async () => {
    const m = await boundMachine();
    const used = m.device.vram.dataUsed;
    await m.run(m.mm.munmap(0x200, 0x3ff));
    for (let vpn = 0x200; vpn < 0x3ff; vpn++) m.oracle.delete(vpn);
    expect(m.device.vram.dataUsed).toBe(used);
    await m.touch(0x3ff, false);
    expect(m.device.vram.dataUsed).toBe(used - 512);
    expect(await m.run(m.compare())).toEqual([]);
  });
});

describe('X17 garbage collector', () => {
  it('collects first in, first out, from a fault and from its worker, and empties the list', async () => {
    const m = await boundMachine();
    const { sched } = m.world;
    m.log.length = 0;
    // The fault path: the lock is taken before the worker can run.
    await m.run(
      (function* () {
        yield* m.vm.lock.write();
        yield* m.mm.munmap(0x800, 0x801);
        yield* m.mm.munmap(0x400, 0x401);
        expect(m.vm.gcList.map((range) => range.startVpn)).toEqual([0x800, 0x400]);
        expect(yield* collectGarbage(m.vm)).toBe(0);
        expect(yield* collectGarbage(m.vm)).toBe(0);
        m.vm.lock.unlockWrite();
      })(),
    );
    const collected = m.log.flatMap((e) => (e.kind === 'range' && e.op === 'GARBAGE COLLECTOR' ? [e.startVpn] : []));
    expect(collected).toEqual([0x800, 0x400]);
    // The worker: nothing but the unmap runs.
    await m.run(m.mm.munmap(0x600, 0x601));
    expect(m.hasRange(0x610)).toBe(false);
    expect(checkCollected(m.vm)).toEqual([]);
    expect(sched.describeTasks()).toEqual([]);
  });

  it('I-G3: EAGAIN only after the whole list is done, and none from a second collection', async () => {
    const m = await boundMachine();
    m.vm.resetAttributes = () => 'EAGAIN';
    await m.run(
      (function* () {
        yield* m.vm.lock.write();
        yield* m.mm.munmap(0x400, 0x801);
        expect(m.vm.gcList).toHaveLength(3);
        expect(yield* collectGarbage(m.vm)).toBe('EAGAIN');
        expect(m.vm.gcList).toHaveLength(0);
        expect(yield* collectGarbage(m.vm)).toBe(0);
        m.vm.lock.unlockWrite();
      })(),
    );
  });

  it('stops at another error, and refuses a closed or banned VM', async () => {
    const m = await boundMachine();
    m.vm.resetAttributes = () => 'EINVAL';
    await m.run(
      (function* () {
        yield* m.vm.lock.write();
        yield* m.mm.munmap(0x400, 0x801);
        expect(yield* collectGarbage(m.vm)).toBe('EINVAL');
        expect(m.vm.gcList).toHaveLength(2);
        m.vm.banned = true;
        expect(yield* collectGarbage(m.vm)).toBe('ENOENT');
        m.vm.banned = false;
        m.vm.lock.unlockWrite();
      })(),
    );
  });

  it('S6: two half unmaps before the collection queue the range once', async () => {
    const m = await boundMachine();
    await m.run(
      (function* () {
        yield* m.vm.lock.write();
        yield* m.mm.munmap(0x200, 0x300);
        yield* m.mm.munmap(0x300, 0x400);
        expect(m.vm.gcList).toHaveLength(1);
        expect(m.vm.gcList[0]?.pages.flags.partialUnmap).toBe(true);
        m.vm.lock.unlockWrite();
      })(),
    );
    expect(m.hasRange(0x245)).toBe(false);
    expect(m.vm.gcList).toHaveLength(0);
  });
});

describe('X37 back-migration', () => {
  it('brings the whole allocation home, zaps the range, and loses no byte', async () => {
    const m = await boundMachine();
    const used = m.device.vram.dataUsed;
    expect(await m.touch(0x245, false)).toBeTypeOf('number');
    expect([m.inVram(0x200), m.inVram(0x3ff), m.inVram(0x400)]).toEqual([false, false, true]);
    expect(m.device.vram.dataUsed).toBe(used - 512);
    expect(await m.run(m.compare())).toEqual([]);
  });

  it('S2: within its residence a page stays, yet eviction takes it', async () => {
    const m = await boundMachine({ timeslice: { overrideMs: 50 } });
    const cause = { rule: 'test', values: {} };
    expect(await m.run(m.device.vram.evictOne(cause))).toBe(0);
    expect(m.inVram(0x245)).toBe(false);
    const before = m.world.sched.now;
    expect(before).toBeLessThan(50_000_000);
    await m.run(cpuFault(m.mm, 0x410, false));
    expect(m.world.sched.now).toBeGreaterThanOrEqual(50_000_000);
    expect(await m.run(m.compare())).toEqual([]);
  });

  it('S15: a copy that fails on the way home is a bus error, and the page is still whole in VRAM', async () => {
    const m = await boundMachine();
    m.device.pagemap.state.failPoint = (what) => what === 'dma-map';
    expect(await m.touch(0x245, false)).toBe('BUS');
    m.device.pagemap.state.failPoint = () => false;
    expect(m.inVram(0x245)).toBe(true);
    expect(await m.run(m.compare())).toEqual([]);
  });
});
