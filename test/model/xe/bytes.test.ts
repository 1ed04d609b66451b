// Bytes end to end on the twin: programs under pressure, all copy and wait modes, hostile schedules (X12, X84, S1, S2).
import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../../src/base/rng.ts';
import { XE_BMG } from '../../../src/model/cost/constants.ts';
import { createJobCost, serviceCost } from '../../../src/model/cost/job-cost.ts';
import { cpuFault } from '../../../src/model/mm/access.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { checkCollected } from '../../../src/model/xe/invariants.ts';
import { closeXeVm } from '../../../src/model/xe/vm.ts';
import { type GpuAccess, Machine, type MachineConfig } from './machine.ts';

/** Adds to even words, so that loads, which look at odd words, have one right answer. */
function accesses(rng: Rng, start: number, end: number, count: number, kinds: readonly (0 | 1 | 2)[]): GpuAccess[] {
  return Array.from({ length: count }, () => {
    const kind = kinds[rng.below(kinds.length)] as 0 | 1 | 2;
    const word = rng.below(512) * 2 + (kind === 0 ? 1 : 0);
    return { vpn: start + rng.below(end - start), word, kind, operand: rng.u32() };
  });
}

describe('oversubscription: VRAM holds a quarter of the footprint', () => {
  const cases: { name: string; config: MachineConfig; pages: number }[] = [];
  for (const copyMode of ['translated', 'physical'] as const) {
    for (const waitMode of ['wait', 'pipelined'] as const) {
      const xe = { copyMode, waitMode };
      const sizes = { systemPages: 4096, vramPages: 2048 };
      cases.push({
        name: `64K, ${copyMode}, ${waitMode}`,
        pages: 512,
        config: { ...sizes, dataPages: 128, xe: { ...xe, chunkPages: [16, 1] } },
      });
      cases.push({
        name: `4K, ${copyMode}, ${waitMode}`,
        pages: 256,
        config: { ...sizes, dataPages: 64, xe: { ...xe, chunkPages: [1] } },
      });
    }
  }
  cases.push({
    name: '2M, translated, wait',
    pages: 2048,
    config: { systemPages: 4096, vramPages: 2048, dataPages: 512 },
  });
  for (const { name, config, pages } of cases) {
    it(`${name}: every access happens once and every byte is right`, async () => {
      const m = new Machine({ ...config, twin: true });
      const rng = createRng(11);
      const start = 0x800;
      await m.seeded(start, start + pages);
      const count = pages > 1024 ? 24 : 300;
      for (let i = 0; i < 4; i++) {
        await m.run(m.program(accesses(rng, start, start + pages, count, [0, 1])));
        await m.run(m.store(start + rng.below(pages), 4, 17));
      }
      await m.run(m.program(accesses(rng, start, start + pages, Math.min(count, 40), [2])));
      expect(await m.run(m.compare())).toEqual([]);
      const evictions = m.log.filter((e) => e.kind === 'evict');
      expect(evictions.length).toBeGreaterThan(4);
      expect(m.device.vram.dataUsed).toBeLessThanOrEqual(config.dataPages ?? 0);
      const copied = m.log.flatMap((e) => (e.kind === 'migrate' && e.direction === 'to-vram' ? [e.moved] : []));
      expect(m.stat('svm_device_copy_kb')).toBe(4 * copied.reduce((sum, n) => sum + n, 0));
    });
  }

  it('I-C4, S16: holes read as zero, whatever the VRAM held before', async () => {
    const m = new Machine({ twin: true, systemPages: 4096, vramPages: 2048, dataPages: 512 });
    await m.seeded(0x800, 0xa00);
    await m.run(m.program([{ vpn: 0x801, word: 1, kind: 0, operand: 0 }]));
    m.mm.mmap(0x1000, 512, { write: true });
    const fresh = Array.from({ length: 512 }, (_, i) => 0x1000 + i);
    for (const vpn of fresh) m.oracle.set(vpn, new Uint32Array(1024));
    await m.run(m.program(fresh.map((vpn) => ({ vpn, word: 1, kind: 0, operand: 0 }))));
    expect(await m.run(m.compare())).toEqual([]);
    expect([m.stat('x_zero_filled_pages'), m.inVram(0x1000)]).toEqual([512, true]);
  });
});

describe('what `wait` promises', () => {
  it('X52: fences alone order the queues: a hostile executor that reorders them changes nothing', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const xe = { chunkPages: seed % 2 === 0 ? [16, 1] : [1] };
      const sizes = { systemPages: 1024, vramPages: 512, dataPages: 32 };
      const m = new Machine({ ...sizes, xe, twin: { order: { seed } }, explore: seed });
      await m.seeded(0x800, 0x880);
      const rng = createRng(seed).fork('hostile');
      for (let i = 0; i < 3; i++) await m.run(m.program(accesses(rng, 0x800, 0x880, 60, [0, 1])));
      for (let i = 0; i < 10; i++) await m.touch(0x800 + rng.below(0x80));
      expect(await m.run(m.compare()), `seed ${seed}`).toEqual([]);
    }
  });

  it('S15, I-C3: a copy that fails leaves every page where it was, and the access still succeeds from RAM', async () => {
    let failing = true;
    const failJob = (job: { label: string }): boolean => failing && job.label === 'copy to-vram';
    const m = new Machine({ twin: { failJob } });
    await m.seeded(0x800, 0xa00);
    expect(await m.fault(0x801)).toBe(0);
    const errors = m.log.flatMap((e) => (e.kind === 'migrate' ? [e.status] : []));
    expect([errors, m.vm.outcome.kind, m.inVram(0x801)]).toEqual([['EIO'], 'bound', false]);
    expect([m.device.vram.dataUsed, m.device.pagemap.state.zdds.live]).toEqual([0, 0]);
    expect(await m.run(m.compare())).toEqual([]);
    failing = false;
    await m.run(m.program([{ vpn: 0x801, word: 0, kind: 2, operand: 3 }]));
    expect(m.inVram(0x801)).toBe(true);
    expect(await m.run(m.compare())).toEqual([]);
  });

  it('S15: an eviction whose copies fail tries three times, then the allocation gives up, and nothing is lost', async () => {
    let failing = false;
    const failJob = (job: { label: string }): boolean => failing && job.label === 'copy to-ram';
    const m = new Machine({ twin: { failJob }, dataPages: 64, xe: { chunkPages: [16, 1] } });
    await m.seeded(0x800, 0x880);
    for (let vpn = 0x800; vpn < 0x840; vpn += 16) await m.fault(vpn);
    failing = true;
    expect(await m.fault(0x840)).toBe(0);
    expect([m.inVram(0x840), m.vm.outcome.kind]).toEqual([false, 'bound']);
    expect(m.device.pagemap.state.stats.evictAttempts).toBe(3);
    failing = false;
    expect(await m.run(m.compare())).toEqual([]);
  });
});

describe('atomic ping-pong between a CPU reader and device atomics', () => {
  function* reader(m: Machine, vpn: number, until: () => boolean): Op<void> {
    const { sched } = m.world;
    while (!until()) {
      yield* cpuFault(m.mm, vpn, false);
      yield* sched.sleepUntil(sched.now + 1000);
    }
  }

  /** One atomic fault against the reader; what the service came to, and how often the CPU was held off. */
  async function pingPong(deviceOnlyMs: number): Promise<{ m: Machine; refusals: number }> {
    const xe = { timeslice: { deviceOnlyMs }, chunkPages: [16, 1] };
    const m = new Machine({
      twin: true,
      cost: createJobCost(XE_BMG),
      device: { serviceCost: serviceCost(XE_BMG) },
      xe,
    });
    await m.seeded(0x800, 0x810);
    let done = false;
    m.world.sched.spawn(
      'reader',
      reader(m, 0x803, () => done),
    );
    const vm = m.vm;
    const atomic = (function* () {
      const records = new Uint32Array([0, vm.asid << 12, (0x803 << 12) | 2, 0]);
      yield* m.queue.serve(records);
      done = true;
    })();
    await m.run(atomic);
    return { m, refusals: m.log.filter((e) => e.kind === 'timeslice-refusal').length };
  }

  it('S1: without a residence the CPU takes the page back each time, and three tries end in nothing (Q1)', async () => {
    const { m, refusals } = await pingPong(0);
    expect(m.stat('svm_64K_migrate_count')).toBe(3);
    expect([m.vm.outcome.kind, m.vm.outcome.error, refusals]).toEqual(['swallowed', 'EFAULT', 0]);
    expect(m.queue.takeFailures()).toEqual([]);
    expect(await m.run(m.compare())).toEqual([]);
  });

  it('S2: with 5 ms the first try binds, and the CPU waits', async () => {
    const { m, refusals } = await pingPong(5);
    expect(m.stat('svm_64K_migrate_count')).toBe(1);
    expect(m.vm.outcome.kind).toBe('bound');
    expect(refusals).toBeGreaterThan(0);
    expect(await m.run(m.compare())).toEqual([]);
  });

  it('a program of atomics ends right against the same reader', async () => {
    const m = new Machine({ twin: true, cost: createJobCost(XE_BMG), xe: { chunkPages: [16, 1] } });
    await m.seeded(0x800, 0x840);
    let done = false;
    m.world.sched.spawn(
      'reader',
      reader(m, 0x803, () => done),
    );
    const list = accesses(createRng(5), 0x800, 0x840, 100, [2]);
    await m.run(
      (function* () {
        yield* m.program(list);
        done = true;
      })(),
    );
    expect(await m.run(m.compare())).toEqual([]);
  });
});

describe('X84 schedules', () => {
  /** Everything at once: programs, stores, unmaps, evictions, in an order that the seed decides. */
  async function storm(seed: number, config: MachineConfig): Promise<Machine> {
    const m = new Machine({ ...config, explore: seed, twin: true });
    const rng = createRng(seed).fork('storm');
    await m.seeded(0x800, 0x880);
    await m.seeded(0x1000, 0x1040);
    const { sched } = m.world;
    sched.spawn('unmap', unmaps(m, rng));
    sched.spawn('evict', evictions(m));
    for (let i = 0; i < 3; i++) sched.spawn(`store ${i}`, stores(m, rng, i));
    await m.run(programs(m, rng));
    return m;
  }

  function* programs(m: Machine, rng: Rng): Op<void> {
    for (let i = 0; i < 4; i++) yield* m.program(accesses(rng, 0x800, 0x880, 40, [0, 1]), 400);
    yield* m.program(accesses(rng, 0x800, 0x880, 20, [2]), 400);
  }

  /** Words that no program touches: the order between a store and a program is nobody's business. */
  function* stores(m: Machine, rng: Rng, thread: number): Op<void> {
    for (let i = 0; i < 12; i++) {
      yield* m.store(0x800 + rng.below(0x80), 1023, thread + 1);
      yield* m.world.sched.point('store');
    }
  }

  function* unmaps(m: Machine, rng: Rng): Op<void> {
    for (let i = 0; i < 6; i++) {
      const start = 0x1000 + rng.below(0x30);
      yield* m.queue.serve(new Uint32Array([0, m.vm.asid << 12, (start << 12) | 1, 0]));
      for (let vpn = start; vpn < start + 8; vpn++) m.oracle.delete(vpn);
      yield* m.mm.munmap(start, start + 8);
      m.queue.takeFailures();
    }
  }

  function* evictions(m: Machine): Op<void> {
    for (let i = 0; i < 8; i++) {
      yield* m.device.validation.read();
      yield* m.device.vram.evictOne({ rule: 'test', values: {} });
      m.device.validation.unlockRead();
      yield* m.world.sched.point('evict');
    }
  }

  const sizes = { systemPages: 2048, vramPages: 512, dataPages: 48 };
  for (const waitMode of ['wait', 'pipelined'] as const) {
    it(`I-F*, I-N*, I-C1: forty random schedules, ${waitMode}: invariants hold and no byte is lost`, async () => {
      for (let seed = 1; seed <= 40; seed++) {
        const chunkPages = seed % 2 === 0 ? [16, 1] : [1];
        const m = await storm(seed, { ...sizes, xe: { waitMode, chunkPages } });
        expect(await m.run(m.compare()), `seed ${seed}`).toEqual([]);
        expect(checkCollected(m.vm)).toEqual([]);
        expect(m.world.sched.describeTasks()).toEqual([]);
      }
    });
  }

  it('control: the same seed gives the same events', async () => {
    const config = { ...sizes, xe: { chunkPages: [16, 1] } };
    const [a, b, c] = [await storm(3, config), await storm(3, config), await storm(4, config)];
    expect(a.log).toEqual(b.log);
    expect(a.log).not.toEqual(c.log);
  });

  it('I-C5, I9: closing the VM and ending the process gives everything back', async () => {
    const m = await storm(9, { ...sizes, xe: { chunkPages: [16, 1] } });
    const tables = m.device.vram.tablesUsed - m.vm.pt.tableCount;
    await m.run(closeXeVm(m.vm));
    expect([m.device.vram.tablesUsed, m.vm.svm.notifiers.size]).toEqual([tables, 0]);
    await m.run(m.mm.exit());
    expect([m.device.vram.dataUsed, m.device.pagemap.state.zdds.live]).toEqual([0, 0]);
    expect(m.world.pages.freeSystem).toBe(2047);
  });
});
