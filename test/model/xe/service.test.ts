// Serving faults: front end, retry loops, timeslices, page collection (X04, X05, X09, X10, X36).
import { describe, expect, it } from 'vitest';
import { populateMm } from '../../../src/model/pagemap/populate.ts';
import { ATOMIC_ATTR } from '../../../src/model/policy/policy.ts';
import { rangeSetUnmapped } from '../../../src/model/svm/range.ts';
import { NACK_LEVEL } from '../../../src/model/xe/fault-record.ts';
import { serviceFault } from '../../../src/model/xe/fault-service.ts';
import { closeXeVm } from '../../../src/model/xe/vm.ts';
import { mirrorVma } from '../../../src/model/xe/vma.ts';
import { Machine } from './machine.ts';

const V1 = { start: 0x200, end: 0x600, fault: 0x345 };

async function traceMachine(config: ConstructorParameters<typeof Machine>[0] = {}): Promise<Machine> {
  const m = new Machine(config);
  await m.mapped(V1.start, V1.end);
  m.log.length = 0;
  return m;
}

/** Residence that each migration attempt asked for. */
function timeslices(m: Machine): unknown[] {
  return m.log.flatMap((e) =>
    e.kind === 'migrate' && e.direction === 'to-vram' ? [e.cause.values['timesliceMs']] : [],
  );
}

describe('X04 front end', () => {
  it('control: a write to a mapped page is served', async () => {
    expect(await (await traceMachine()).fault(V1.fault)).toBe(0);
  });

  it('refuses a record that asks for it', async () => {
    const m = await traceMachine();
    const fault = { vpn: V1.fault, access: 1, faultType: 0, level: NACK_LEVEL };
    expect(await m.run(serviceFault(m.vm, fault))).toBe('EFAULT');
  });

  it('answers ENOENT once the VM is closed, even where there is no mapping', async () => {
    const m = await traceMachine();
    await m.run(closeXeVm(m.vm));
    expect(await m.fault(V1.fault)).toBe('ENOENT');
    expect(await m.fault(2 ** 30)).toBe('ENOENT');
  });

  it('answers EINVAL without a mapping, and for a banned VM', async () => {
    const m = await traceMachine();
    expect(await m.fault(2 ** 30)).toBe('EINVAL');
    m.vm.ban('test');
    expect(await m.fault(V1.fault)).toBe('EINVAL');
  });

  it('answers EPERM to writes and atomics on a read-only mapping, and serves reads', async () => {
    const m = await traceMachine({ vm: { attributes: { readOnly: true } } });
    expect(await m.fault(V1.fault, 'write')).toBe('EPERM');
    expect(await m.fault(V1.fault, 'atomic')).toBe('EPERM');
    expect(await m.fault(V1.fault, 'read')).toBe(0);
  });

  it('answers EACCES to an atomic on a mapping whose atomics are the CPU’s', async () => {
    const m = await traceMachine({ vm: { attributes: { atomic: ATOMIC_ATTR.cpu } } });
    expect(await m.fault(V1.fault, 'atomic')).toBe('EACCES');
    expect(await m.fault(V1.fault, 'write')).toBe(0);
  });

  it('passes on what range creation says: ENOENT, EPERM, EFAULT', async () => {
    const m = await traceMachine();
    expect(await m.fault(0x900)).toBe('ENOENT');
    m.mm.mmap(0x800, 16, { write: false });
    expect(await m.fault(0x800)).toBe('EPERM');
    await m.run(m.mm.exit());
    expect(await m.fault(V1.fault)).toBe('EFAULT');
  });

  it('Q1: an atomic on memory that cannot migrate is answered with success, and the outcome says EACCES', async () => {
    const m = new Machine();
    m.mm.mmap(0x800, 16, { write: true, anonymous: false });
    expect(await m.fault(0x800, 'atomic')).toBe(0);
    expect([m.vm.outcome.kind, m.vm.outcome.error]).toEqual(['swallowed', 'EACCES']);
    expect(await m.fault(0x800, 'write')).toBe(0);
    expect(m.vm.outcome.kind).toBe('bound');
  });

  it('keeps the last mapping for the next lookup only while it exists (Q6)', async () => {
    const m = await traceMachine();
    await m.fault(V1.fault);
    expect(m.vm.faultVma(0x10)).toBe(m.vm.vmas[0]);
    m.vm.vmas = [mirrorVma(0, 0x100)];
    expect(m.vm.faultVma(0x10)).toBe(m.vm.vmas[0]);
    expect(m.vm.faultVma(V1.fault)).toBeNull();
  });
});

describe('X05, S24 outer loop', () => {
  for (const rounds of [5, 100]) {
    it(`survives ${rounds} collections in a row that each replaced the mapping`, async () => {
      const m = new Machine();
      await m.mapped(0, 512);
      const victims = 0x1000;
      await m.mapped(victims, victims + rounds);
      m.device.options.chunkPages = [1];
      for (let i = 0; i < rounds; i++) await m.fault(victims + i);
      let left = rounds;
      const find = m.vm.findVma.bind(m.vm);
      // Before each lookup one more range is unmapped, as a concurrent munmap would do it.
      m.vm.findVma = (vpn) => {
        if (left > 0) unmapNow(m, victims + --left);
        return find(vpn);
      };
      m.vm.resetAttributes = () => 'EAGAIN';
      m.vm.lastFaultVma = null;
      expect(await m.fault(7)).toBe(0);
      expect(m.stat('x_outer_eagain')).toBe(rounds);
      expect(m.vm.outcome.kind).toBe('bound');
    });
  }
});

function unmapNow(m: Machine, vpn: number): void {
  const range = m.range(vpn);
  const { notifierLock } = m.vm.svm;
  expect(notifierLock.tryWrite()).toBe(true);
  rangeSetUnmapped(range, { startVpn: vpn, endVpn: vpn + 1 });
  notifierLock.unlockWrite();
  range.gcLinked = true;
  m.vm.gcList.push(range);
}

describe('X09 migration loop and timeslice', () => {
  it('V70: three failing attempts of an atomic ask for 5, 20 and 80 ms, then the error comes out', async () => {
    const m = await traceMachine();
    m.device.pagemap.state.failPoint = (what) => what === 'dma-map';
    expect(await m.fault(V1.fault, 'atomic')).toBe('EFAULT');
    expect(timeslices(m)).toEqual([5, 20, 80]);
    expect(m.stat('svm_2M_migrate_count')).toBe(3);
    expect(m.inVram(V1.fault)).toBe(false);
  });

  it('the override replaces each of them, and 0 is a value', async () => {
    for (const overrideMs of [7, 0]) {
      const m = await traceMachine({ xe: { timeslice: { overrideMs } } });
      m.device.pagemap.state.failPoint = (what) => what === 'dma-map';
      await m.fault(V1.fault, 'atomic');
      expect(timeslices(m)).toEqual([overrideMs, overrideMs, overrideMs]);
    }
  });

  it('I-F3: any other access tries once, with no residence, and settles in system memory', async () => {
    const m = await traceMachine();
    m.device.pagemap.state.failPoint = (what) => what === 'dma-map';
    expect(await m.fault(V1.fault, 'write')).toBe(0);
    expect(timeslices(m)).toEqual([0]);
    expect([m.vm.outcome.kind, m.inVram(V1.fault)]).toEqual(['bound', false]);
  });

  it('reads the residence at each migration', async () => {
    const m = await traceMachine();
    m.device.options.timeslice.deviceOnlyMs = 12;
    expect(await m.fault(V1.fault, 'atomic')).toBe(0);
    expect(timeslices(m)).toEqual([12]);
  });

  it('does not migrate what is smaller than the option allows (xe.md §1.10)', async () => {
    const m = await traceMachine({ xe: { chunkPages: [1], minMigratePages: 16 } });
    expect(await m.fault(V1.fault)).toBe(0);
    expect([m.stat('svm_4K_migrate_count'), m.inVram(V1.fault)]).toEqual([0, false]);
    m.device.options.minMigratePages = 1;
    expect(await m.fault(V1.fault + 1)).toBe(0);
    expect([m.stat('svm_4K_migrate_count'), m.inVram(V1.fault + 1)]).toEqual([1, true]);
  });

  it('makes new ranges from a changed ladder and keeps the old ones', async () => {
    const m = await traceMachine();
    await m.fault(0x210);
    m.device.options.chunkPages = [16, 1];
    await m.fault(0x4f0);
    await m.fault(0x211);
    const size = (vpn: number): number => m.range(vpn).endVpn - m.range(vpn).startVpn;
    expect([size(0x210), size(0x4f0), size(0x211)]).toEqual([512, 16, 512]);
  });
});

describe('X10 page collection', () => {
  it('S9: two allocations in one range: EOPNOTSUPP, eviction, success in the next round', async () => {
    const m = await traceMachine();
    const cause = { rule: 'test', values: {} };
    for (const start of [0x200, 0x300]) {
      expect(await m.run(populateMm(m.device.pagemap, start, start + 0x100, m.mm, 0, cause))).toBe(0);
    }
    m.device.options.minMigratePages = 1024;
    expect(await m.fault(V1.fault)).toBe(0);
    const operations = m.log.flatMap((e) => (e.kind === 'range' ? [e.op] : []));
    expect(operations.filter((op) => op.startsWith('PAGE FAULT'))).toEqual([
      'PAGE FAULT',
      'PAGE FAULT - EVICT PAGES',
      'PAGE FAULT - RETRY PAGES',
      'PAGE FAULT',
      'PAGE FAULT - BIND',
    ]);
    expect([m.vm.outcome.kind, m.inVram(V1.fault), m.device.vram.dataUsed]).toEqual(['bound', false, 0]);
  });

  it('S23: a range over a read-only half would retry for ever; the model stops and says why', async () => {
    const m = await traceMachine({ xe: { minMigratePages: 1024 } });
    await m.fault(V1.fault);
    await m.run(m.mm.mprotect(0x300, 0x400, { read: true, write: false }));
    expect(await m.fault(0x210)).toBe('EPERM');
    expect(m.vm.outcome.rule).toBe('page collection fails for ever');
    expect(m.log.filter((e) => e.kind === 'livelock')).toEqual([
      { kind: 'livelock', asid: m.vm.asid, vpn: 0x210, repeats: 64, error: 'EPERM' },
    ]);
  });
});

describe('X36 all or nothing', () => {
  it('one pinned page keeps the whole range in RAM, untouched', async () => {
    const m = new Machine({ twin: true });
    await m.seeded(V1.start, V1.end);
    const pinned = (await m.touch(0x300)) as number;
    m.world.pages.get(pinned);
    expect(await m.fault(V1.fault)).toBe(0);
    const errors = m.log.flatMap((e) => (e.kind === 'migrate' && e.direction === 'to-vram' ? [e.status] : []));
    expect(errors).toEqual(['EBUSY', 'EBUSY']);
    expect([m.device.vram.dataUsed, m.inVram(V1.fault), m.vm.outcome.kind]).toEqual([0, false, 'bound']);
    expect(await m.run(m.compare())).toEqual([]);
    m.world.pages.put(pinned);
  });
});
