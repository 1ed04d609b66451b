// Where faults put pages: attributes, integrated devices, tight VRAM; and the mask algebra under random operations (X12).
import { describe, expect, it } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import { populateMm } from '../../../src/model/pagemap/populate.ts';
import { ATOMIC_ATTR } from '../../../src/model/policy/policy.ts';
import { PROTO } from '../../../src/model/svm/pages.ts';
import { LNL } from '../../../src/model/xe/device-caps.ts';
import { LIVE_OPTIONS, makeXeOptions } from '../../../src/model/xe/options.ts';
import { Machine } from './machine.ts';

const CAUSE = { rule: 'test', values: {} };

describe('placement', () => {
  it('a mapping that prefers system memory pulls device pages home and maps them there', async () => {
    const m = new Machine({ twin: true, vm: { attributes: { preferred: 'system' } } });
    await m.seeded(0x200, 0x400);
    expect(await m.run(populateMm(m.device.pagemap, 0x200, 0x400, m.mm, 0, CAUSE))).toBe(0);
    expect(await m.fault(0x245)).toBe(0);
    expect([m.inVram(0x245), m.stat('svm_2M_migrate_count'), m.device.vram.dataUsed]).toEqual([false, 0, 0]);
    await m.run(m.program([{ vpn: 0x245, word: 3, kind: 1, operand: 5 }]));
    expect(await m.run(m.compare())).toEqual([]);
  });

  it('an atomic on such a mapping still goes to VRAM: the access decides', async () => {
    const m = new Machine({ twin: true, vm: { attributes: { preferred: 'system' } } });
    await m.seeded(0x200, 0x400);
    await m.run(m.program([{ vpn: 0x245, word: 3, kind: 2, operand: 5 }]));
    expect(m.inVram(0x245)).toBe(true);
    expect(await m.run(m.compare())).toEqual([]);
  });

  it('I-F2: an atomic by default needs VRAM; with attribute DEVICE it works on system memory', async () => {
    for (const atomic of [ATOMIC_ATTR.undefined, ATOMIC_ATTR.device]) {
      const m = new Machine({ twin: true, xe: { minMigratePages: 1024 }, vm: { attributes: { atomic } } });
      await m.seeded(0x200, 0x210);
      await m.run(m.program([{ vpn: 0x205, word: 0, kind: 1, operand: 1 }]));
      expect(m.inVram(0x205)).toBe(false);
      m.device.options.minMigratePages = 1;
      await m.run(m.program([{ vpn: 0x205, word: 0, kind: 2, operand: 1 }]));
      expect(m.inVram(0x205)).toBe(atomic === ATOMIC_ATTR.undefined);
      expect(await m.run(m.compare())).toEqual([]);
    }
  });

  it('an integrated device maps system memory and never migrates', async () => {
    const m = new Machine({ twin: true, device: { caps: LNL } });
    await m.seeded(0x200, 0x400);
    const list = [0, 1, 2].map((kind) => ({ vpn: 0x245 + kind, word: 2, kind: kind as 0 | 1 | 2, operand: 9 }));
    await m.run(m.program(list));
    const protos: number[] = [];
    m.range(0x245).pages.forEachSegment((_offset, proto) => protos.push(proto));
    expect([m.stat('svm_2M_migrate_count'), new Set(protos)]).toEqual([0, new Set([PROTO.SYSTEM])]);
    expect(await m.run(m.compare())).toEqual([]);
  });

  it('a table that finds no page evicts one object and is made (xe.md §5.9)', async () => {
    const xe = { copyMode: 'physical', chunkPages: [1] } as const;
    const m = new Machine({ twin: true, systemPages: 256, vramPages: 32, xe });
    await m.seeded(0x200, 0x240);
    await m.seeded(0x1000, 0x1004);
    for (let vpn = 0x200; vpn < 0x240; vpn++) await m.fault(vpn);
    expect(m.device.vram.free).toBe(0);
    m.log.length = 0;
    expect(await m.fault(0x1001)).toBe(0);
    const rules = m.log.flatMap((e) => (e.kind === 'evict' ? [e.cause.rule] : []));
    expect(rules).toContain('evict-table');
    expect(m.stat('x_evict_count')).toBeGreaterThan(rules.length);
    expect(await m.run(m.compare())).toEqual([]);
  });

  it('S29: device-only access without room in VRAM: bound to RAM and refaulted for ever; the model says so (Q1)', async () => {
    const m = new Machine({ vramPages: 64, dataPages: 16, xe: { copyMode: 'physical' } });
    await m.mapped(0x200, 0x400);
    expect(await m.fault(0x245, 'write')).toBe(0);
    expect([m.inVram(0x245), m.vm.outcome.kind]).toEqual([false, 'bound']);
    expect(await m.fault(0x246, 'atomic')).toBe(0);
    expect([m.vm.outcome.kind, m.vm.outcome.error]).toEqual(['swallowed', 'E2BIG']);
    const atomic = new Uint32Array([0, m.vm.asid << 12, (0x246 << 12) | 2, 0]);
    for (let i = 0; i < 64; i++) await m.run(m.queue.serve(atomic));
    expect(m.queue.takeFailures()).toMatchObject([{ error: 'E2BIG', repeats: 64 }]);
  });

  it('an unplugged device takes nothing in, and gives back what it has', async () => {
    const m = new Machine({ twin: true });
    await m.seeded(0x200, 0x600);
    await m.fault(0x245);
    m.device.unplugged = true;
    expect(await m.fault(0x445)).toBe(0);
    expect([m.inVram(0x245), m.inVram(0x445)]).toEqual([true, false]);
    await m.touch(0x245);
    expect(m.inVram(0x245)).toBe(false);
    expect(await m.run(m.compare())).toEqual([]);
  });
});

describe('options', () => {
  it('overlays what is given, groups included, and names only fields that exist as live', () => {
    const options = makeXeOptions({ timeslice: { overrideMs: 3 }, chunkPages: [1] });
    expect(options.timeslice).toEqual({ deviceOnlyMs: 5, overrideMs: 3 });
    expect([options.chunkPages, options.notifierPages, options.admit.mergeSamePage]).toEqual([[1], 131_072, true]);
    for (const path of LIVE_OPTIONS) {
      const value = path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], options);
      expect(value, path).toBeDefined();
    }
  });

  it('refuses ladders and sizes that the model cannot mean', () => {
    expect(() => makeXeOptions({ chunkPages: [] })).toThrow();
    expect(() => makeXeOptions({ chunkPages: [16, 512] })).toThrow();
    expect(() => makeXeOptions({ chunkPages: [12] })).toThrow();
    expect(() => makeXeOptions({ notifierPages: 1000 })).toThrow();
  });
});

describe('X12 validity masks', () => {
  for (const seed of [1, 2, 3]) {
    it(`random faults, touches, unmaps, protections and evictions keep the algebra (seed ${seed})`, async () => {
      const m = new Machine({ systemPages: 2048, vramPages: 512, dataPages: 96, xe: { chunkPages: [64, 16, 4, 1] } });
      const rng = createRng(seed).fork('x12');
      await m.mapped(0x200, 0x300);
      for (let step = 0; step < 150; step++) await randomStep(m, rng, 0x200 + rng.below(0x100));
      expect(m.stat('x_bind_count')).toBeGreaterThan(20);
      expect(m.stat('x_unbind_count')).toBeGreaterThan(2);
      expect(m.stat('svm_tlb_inval_count')).toBeGreaterThan(10);
    });
  }

  async function randomStep(m: Machine, rng: ReturnType<typeof createRng>, vpn: number): Promise<void> {
    const kinds = ['fault', 'fault', 'fault', 'atomic', 'touch', 'touch', 'unmap', 'protect', 'evict'];
    const kind = kinds[rng.below(kinds.length)];
    const end = Math.min(0x300, vpn + 1 + rng.below(8));
    if (kind === 'fault') await m.fault(vpn, rng.below(2) === 0 ? 'read' : 'write');
    else if (kind === 'atomic') await m.fault(vpn, 'atomic');
    else if (kind === 'touch') await m.touch(vpn, rng.below(2) === 0);
    else if (kind === 'evict') await m.run(m.device.vram.evictOne(CAUSE));
    else if (kind === 'protect') {
      const start = rng.below(2) === 0 ? vpn : 0x200;
      await m.run(m.mm.mprotect(start, end, { read: true, write: start === 0x200 }));
    } else {
      await m.run(m.mm.munmap(vpn, end));
      m.mm.mmap(vpn, end - vpn, { write: true });
    }
  }
});
