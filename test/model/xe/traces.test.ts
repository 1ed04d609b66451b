// The three worked traces, message by message and sequence by sequence (gpusvm-and-pagemap.md Appendix B).
import { describe, expect, it } from 'vitest';
import { Machine } from './machine.ts';

const V1 = { start: 0x200, end: 0x600, fault: 0x345 };

async function traceMachine(config: ConstructorParameters<typeof Machine>[0] = {}): Promise<Machine> {
  const m = new Machine(config);
  await m.mapped(V1.start, V1.end);
  m.log.length = 0;
  return m;
}

describe('worked traces (gpusvm-and-pagemap.md Appendix B)', () => {
  it('trace 1: first write fault at 0x345000', async () => {
    const m = await traceMachine();
    expect(m.mm.subscriptions.seq).toBe(2);
    expect(await m.fault(V1.fault)).toBe(0);
    expect(m.story()).toEqual([
      'PAGE FAULT [200 +512] seq -1',
      'ALLOCATE VRAM [200 +512] seq -1',
      'INVALIDATE seq 3 event 6',
      'NOTIFIER [200 +512] seq -1',
      'migrate to-vram 512/512 0',
      'GET PAGES [200 +512] seq -1',
      'PAGE FAULT - BIND [200 +512] seq 3',
      'BIND PREPARE - MIXED [200 +512] seq 3',
      'PRE-COMMIT [200 +512] seq 3',
    ]);
    const range = m.range(V1.fault);
    expect([m.mm.subscriptions.seq, range.notifier.interval.seq]).toEqual([4, 3]);
    expect([range.notifier.startVpn, range.notifier.endVpn]).toEqual([0, 131_072]);
    expect([range.tilePresent, range.tileInvalidated, range.migrateDevmem]).toEqual([1, 0, true]);
    expect(range.pages.dpagemap).toBe(m.device.pagemap);
    expect(m.device.pagemap.state.zdds.live).toBe(1);
    expect(['svm_pagefault_count', 'svm_2M_pagefault_count', 'svm_2M_migrate_count'].map((n) => m.stat(n))).toEqual([
      1, 1, 1,
    ]);
    expect(m.stat('svm_device_copy_kb')).toBe(2048);
    expect(m.stat('svm_2M_valid_pagefault_count')).toBe(0);
    expect(await m.fault(V1.fault + 1)).toBe(0);
    expect(m.stat('svm_2M_valid_pagefault_count')).toBe(1);
  });

  it('trace 2: a CPU read before and after the residence ends', async () => {
    const m = await traceMachine({ xe: { timeslice: { overrideMs: 5 } } });
    await m.fault(V1.fault);
    m.log.length = 0;
    expect(await m.touch(0x3ff, false)).toBeTypeOf('number');
    expect(m.log.flatMap((e) => (e.kind === 'cpu-fault' ? [e.outcome] : []))).toEqual(['gated', 'migrated']);
    expect(m.world.sched.now).toBe(5_000_000);
    expect(m.story()).toEqual([
      'INVALIDATE seq 5 event 6',
      'NOTIFIER [200 +512] seq 3',
      'NOTIFIER - EXECUTE [200 +512] seq 3',
      'migrate to-ram 512/512 0',
    ]);
    expect(m.mm.subscriptions.seq).toBe(6);
    expect([m.device.vram.dataUsed, m.device.pagemap.state.zdds.live]).toEqual([0, 0]);
    const range = m.range(V1.fault);
    expect([range.tilePresent, range.tileInvalidated, range.pages.flags.hasDmaMapping]).toEqual([1, 1, false]);
    expect([m.stat('tlb_inval_count'), m.stat('svm_tlb_inval_count'), m.stat('svm_cpu_copy_kb')]).toEqual([1, 1, 2048]);
    expect(await m.fault(V1.fault)).toBe(0);
    expect([m.inVram(V1.fault), range.tilePresent, range.tileInvalidated]).toEqual([true, 1, 0]);
  });

  it('trace 3, RC2, RC4, X58: an unmap at any point of a fault, over many schedules', async () => {
    let raced = 0;
    let lost = 0;
    for (let seed = 0; seed < 60; seed++) {
      const m = await traceMachine({ explore: seed, xe: { minMigratePages: 1024 } });
      const results: unknown[] = [];
      const { sched } = m.world;
      sched.spawn('munmap', m.mm.munmap(0x300, 0x500), (r) => results.push(r));
      expect(await m.fault(V1.fault)).toSatisfy((s) => s === 0 || s === 'ENOENT');
      expect(results).toEqual([0]);
      const said = (op: string): boolean => m.log.some((e) => e.kind === 'range' && e.op === op);
      if (said('PAGE FAULT - RETRY PAGES')) raced++;
      if (said('PRE-COMMIT - RETRY')) lost++;
      expect(m.stat('x_outer_eagain')).toBe(0);
      expect(await m.fault(V1.fault)).toBe('ENOENT');
      expect(await m.fault(0x245)).toBe(0);
      const range = m.range(0x245);
      expect(range.endVpn - range.startVpn).toBe(16);
    }
    expect(Math.min(raced, lost)).toBeGreaterThan(0);
  });
});
