// Races that concern the core alone (gpusvm-and-pagemap.md §5.4).
import { describe, expect, it } from 'vitest';
import { PTE_KIND } from '../../../src/model/mm/page-table.ts';
import { Machine } from './machine.ts';

async function machineWith(onDevice: boolean): Promise<Machine> {
  const machine = new Machine({ costNs: 1000 });
  machine.mm.mmap(0, 16);
  for (let vpn = 0; vpn < 16; vpn++) await machine.touch(vpn, 100 + vpn);
  if (onDevice) expect(await machine.run(machine.device.toDevice(machine.mm, 0, 16))).toBe(0);
  machine.events.length = 0;
  machine.device.callbacks = 0;
  return machine;
}

function pfnAt(machine: Machine, vpn: number): number {
  return machine.mm.table.pfn(machine.mm.table.get(vpn));
}

/** Pauses copies now and lets them go on at `at`. */
function pauseUntil(machine: Machine, at: number): void {
  machine.device.paused = true;
  machine.start(
    'resume',
    (function* () {
      yield* machine.world.sched.sleepUntil(at);
      machine.device.resume();
    })(),
  );
}

describe('RC5 CPU fault while a migration to the device copies', () => {
  it('waits on the migration entry, then faults again on the device page, which comes home', async () => {
    const machine = await machineWith(false);
    const at = machine.world.sched.now + 50_000;
    pauseUntil(machine, at);
    const migrated = machine.start('migrate', machine.device.toDevice(machine.mm, 0, 8));
    const read = machine.start('cpu', machine.access(3));
    await machine.finish();
    expect([migrated.result, read.result]).toEqual([0, 103]);
    expect(machine.outcomes()).toEqual(['busy', 'migrated']);
    expect(machine.world.sched.now).toBeGreaterThan(at);
  });

  it('meets the gate when the migration opened a timeslice', async () => {
    const machine = await machineWith(false);
    const at = machine.world.sched.now + 50_000;
    machine.device.expiry = at + 5_000_000;
    pauseUntil(machine, at);
    machine.start('migrate', machine.device.toDevice(machine.mm, 0, 8));
    const read = machine.start('cpu', machine.access(3));
    await machine.finish();
    expect(read.result).toBe(103);
    expect(machine.outcomes()).toEqual(['busy', 'gated', 'migrated']);
  });

  it('control: a page outside the span does not wait', async () => {
    const machine = await machineWith(false);
    const at = machine.world.sched.now + 50_000;
    pauseUntil(machine, at);
    machine.start('migrate', machine.device.toDevice(machine.mm, 0, 8));
    const read = machine.start(
      'cpu',
      (function* () {
        yield* machine.access(9);
        return machine.world.sched.now;
      })(),
    );
    await machine.finish();
    expect(read.result).toBeLessThan(at);
  });

  it('a failed migration lets the CPU go on with the old page', async () => {
    const machine = await machineWith(false);
    const pfn = pfnAt(machine, 3);
    pauseUntil(machine, machine.world.sched.now + 50_000);
    machine.device.free.length = 8;
    machine.start('migrate', machine.device.toDevice(machine.mm, 0, 8));
    const write = machine.start(
      'cpu',
      (function* () {
        yield* machine.world.sched.sleepUntil(machine.world.sched.now + 10);
        // Somebody pins the page while the copy runs: it stays where it is.
        machine.world.pages.get(pfn);
        const word = yield* machine.access(3, 1);
        machine.world.pages.put(pfn);
        return word;
      })(),
    );
    await machine.finish();
    expect([write.result, pfnAt(machine, 3)]).toEqual([103, pfn]);
  });
});

describe('RC7 two CPU threads fault one device page', () => {
  it('one wins the page lock and migrates, the other waits; one callback', async () => {
    const machine = await machineWith(true);
    const reads = [machine.start('a', machine.access(3)), machine.start('b', machine.access(3))];
    await machine.finish();
    expect(reads.map((read) => read.result)).toEqual([103, 103]);
    expect(machine.device.callbacks).toBe(1);
    expect(machine.outcomes()).toEqual(['busy', 'migrated']);
  });

  it('two pages of one window: the second thread waits on the migration entry', async () => {
    const machine = await machineWith(true);
    const reads = [machine.start('a', machine.access(3)), machine.start('b', machine.access(5))];
    await machine.finish();
    expect(reads.map((read) => read.result)).toEqual([103, 105]);
    expect(machine.device.callbacks).toBe(1);
  });

  it('S13 many threads on one page make progress with one migration', async () => {
    const machine = await machineWith(true);
    const reads = Array.from({ length: 20 }, (_, i) => machine.start(`thread ${i}`, machine.access(3)));
    await machine.finish();
    expect(reads.every((read) => read.result === 103)).toBe(true);
    expect(machine.device.callbacks).toBe(1);
  });

  it('control: two windows take two callbacks', async () => {
    const machine = await machineWith(true);
    machine.start('a', machine.access(3));
    machine.start('b', machine.access(11));
    await machine.finish();
    expect(machine.device.callbacks).toBe(2);
  });
});

describe('RC8 eviction and CPU fault on the same pages', () => {
  it('page locks are disjoint: every page comes home once, with its content', async () => {
    const machine = await machineWith(true);
    const pfns = Array.from({ length: 8 }, (_, vpn) => pfnAt(machine, vpn));
    const read = machine.start('cpu', machine.access(3));
    const evicted = machine.start('evict', machine.device.evict(pfns));
    await machine.finish();
    expect(read.result).toBe(103);
    expect(evicted.result).toBeLessThan(8);
    for (let vpn = 0; vpn < 8; vpn++) expect(await machine.touch(vpn)).toBe(100 + vpn);
    expect(machine.device.free.length).toBe(64 - 8);
  });

  it('munmap during an eviction leaves nothing behind', async () => {
    const machine = await machineWith(true);
    const pfns = Array.from({ length: 8 }, (_, vpn) => pfnAt(machine, vpn));
    machine.start('evict', machine.device.evict(pfns));
    const unmapped = machine.start('munmap', machine.mm.munmap(0, 16));
    await machine.finish();
    expect(unmapped.result).toBe(0);
    expect([machine.device.free.length, machine.world.pages.freeSystem]).toEqual([64, 63]);
  });

  it('munmap inside an eviction callback: the page leaves without an entry', async () => {
    const machine = await machineWith(true);
    const { sched } = machine.world;
    machine.subscribe(0, 16, function* (event) {
      if (event.endVpn - event.startVpn === 1) yield* sched.sleepUntil(sched.now + 500);
    });
    const pfns = Array.from({ length: 8 }, (_, vpn) => pfnAt(machine, vpn));
    machine.start('evict', machine.device.evict(pfns));
    machine.start('munmap', machine.mm.munmap(0, 8));
    await machine.finish();
    expect([machine.device.free.length, machine.mm.table.get(8) !== 0]).toEqual([64 - 8, true]);
  });
});

describe('RC12 munmap between lookup and migration', () => {
  it('the migration finds no area, or a shorter one', async () => {
    const machine = await machineWith(false);
    await machine.run(machine.mm.munmap(4, 16));
    expect(await machine.run(machine.device.toDevice(machine.mm, 4, 8))).toBe('EINVAL');
    expect(await machine.run(machine.device.toDevice(machine.mm, 0, 8))).toBe('EINVAL');
    expect(await machine.run(machine.device.toDevice(machine.mm, 0, 4)), 'control').toBe(0);
  });
});

it('a CPU fault behind a waiting munmap finds its area gone', async () => {
  const machine = await machineWith(true);
  const { sched } = machine.world;
  machine.start(
    'holder',
    (function* () {
      yield* machine.mm.mmapLock.read();
      yield* sched.sleepUntil(sched.now + 100);
      machine.mm.mmapLock.unlockRead();
    })(),
  );
  const unmapped = machine.start('munmap', machine.mm.munmap(0, 8));
  const read = machine.start('cpu', machine.access(3));
  await machine.finish();
  expect([unmapped.result, read.result]).toEqual([0, 'SEGV']);
  expect(machine.mm.table.kind(machine.mm.table.get(9))).toBe(PTE_KIND.devPrivate);
});
