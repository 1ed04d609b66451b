// fork: shared until written, on both sides, wherever the pages are; pinned pages are copied; nothing leaks.
import { describe, expect, it } from 'vitest';
import { MMU_EVENT } from '../../../src/model/event/event.ts';
import { HMM_FLAG, hmmRangeFault, type HmmRange } from '../../../src/model/mm/hmm.ts';
import type { Mm } from '../../../src/model/mm/mm.ts';
import { pteWritable } from '../../../src/model/mm/page-table.ts';
import { swapOut } from '../../../src/model/mm/reclaim.ts';
import { ByteMachine, Subscriber, areas } from './byte-machine.ts';

async function parentOf(pages: number, options: { system?: number } = {}): Promise<{ m: ByteMachine; mm: Mm }> {
  const m = new ByteMachine(options);
  const mm = m.spawn('parent');
  mm.mmap(0, 16);
  await m.fill(mm, 0, pages);
  return { m, mm };
}

describe('fork', () => {
  it('shares pages read-only on both sides and tells devices once an area, PROTECTION_PAGE', async () => {
    const { m, mm } = await parentOf(4);
    mm.mmap(32, 4, { write: false });
    const sub = new Subscriber(mm, 0, 64);
    const child = await m.fork(mm);
    expect(sub.seen).toEqual([
      { startVpn: 0, endVpn: 16, event: MMU_EVENT.PROTECTION_PAGE, blockable: true, owner: null },
    ]);
    expect([m.pfn(mm, 0) === m.pfn(child, 0), pteWritable(mm.table.get(0)), pteWritable(child.table.get(0))]).toEqual([
      true,
      false,
      false,
    ]);
    expect([areas(child), m.inUse().system]).toEqual([['0-16 rwp', '32-36 r-p'], 4]);
    await m.end();
  });

  it('a write copies for the writer alone, in a CLEAR section; the last one left writes in place', async () => {
    const { m, mm } = await parentOf(2);
    const child = await m.fork(mm);
    const sub = new Subscriber(child, 0, 16);
    const shared = m.pfn(mm, 0);
    expect(await m.add(child, 0, 1000)).toBe(100);
    expect(sub.seen).toEqual([{ startVpn: 0, endVpn: 1, event: MMU_EVENT.CLEAR, blockable: true, owner: null }]);
    expect([await m.read(mm, 0), await m.read(child, 0), m.pfn(mm, 0), m.pfn(child, 0) === shared]).toEqual([
      100,
      1100,
      shared,
      false,
    ]);
    const parentSub = new Subscriber(mm, 0, 16);
    await m.add(mm, 0, 7);
    expect([m.pfn(mm, 0), parentSub.seen, await m.read(mm, 0), await m.read(child, 0)]).toEqual([
      shared,
      [],
      107,
      1100,
    ]);
    await m.end();
  });

  it('exit of the child gives its references back; the parent then writes in place', async () => {
    const { m, mm } = await parentOf(2);
    const child = await m.fork(mm);
    const pfn = m.pfn(mm, 1);
    await m.run(child.exit());
    await m.add(mm, 1, 1);
    expect([m.pfn(mm, 1), await m.read(mm, 1), m.inUse().system]).toEqual([pfn, 102, 2]);
    await m.end();
  });

  it('children of children, parents that go first', async () => {
    const { m, mm } = await parentOf(1);
    const child = await m.fork(mm);
    const grandchild = await m.fork(child, 'grandchild');
    await m.add(child, 0, 10);
    await m.run(mm.exit());
    expect([await m.read(child, 0), await m.read(grandchild, 0)]).toEqual([110, 100]);
    await m.add(grandchild, 0, 5);
    expect([await m.read(child, 0), await m.read(grandchild, 0)]).toEqual([110, 105]);
    await m.end();
  });

  it('zero pages are shared for good; the first write of each gets its own frame', async () => {
    const { m, mm } = await parentOf(0);
    await m.read(mm, 3);
    const child = await m.fork(mm);
    await m.add(child, 3, 9);
    expect([await m.read(mm, 3), await m.read(child, 3), m.inUse().system]).toEqual([0, 9, 1]);
    await m.end();
  });

  it('swap entries are shared too: each side finds its content', async () => {
    const { m, mm } = await parentOf(2);
    expect(await m.run(swapOut(mm, 0, 2))).toBe(2);
    const child = await m.fork(mm);
    await m.add(child, 0, 50);
    expect([await m.reads(mm, 0, 2), await m.reads(child, 0, 2)]).toEqual([
      [100, 101],
      [150, 101],
    ]);
    await m.end();
  });

  it('HMM-anon_write_child: a device that writes for the child breaks the sharing for the child alone', async () => {
    const { m, mm } = await parentOf(8);
    const child = await m.fork(mm);
    const range: HmmRange = {
      mm: child,
      notifier: null,
      seq: 0,
      startVpn: 0,
      endVpn: 8,
      request: 'write',
      owner: m.device.owner,
      pfns: new Uint32Array(8),
      flags: new Uint8Array(8),
    };
    const op = (function* () {
      yield* child.mmapLock.read();
      const status = yield* hmmRangeFault(range);
      child.mmapLock.unlockRead();
      return status;
    })();
    expect(await m.run(op)).toBe(0);
    expect([...range.flags].every((flags) => (flags & HMM_FLAG.WRITE) !== 0)).toBe(true);
    expect([...range.pfns].some((pfn, vpn) => pfn === m.pfn(mm, vpn))).toBe(false);
    expect(await m.reads(mm, 0, 8)).toEqual(await m.reads(child, 0, 8));
    await m.end();
  });

  it('fails with ENOMEM for want of a frame for a pinned page, and leaves no trace; control: without the pin', async () => {
    const { m, mm } = await parentOf(3);
    const pins = await m.run(mm.pin(1, 2, true));
    m.injection.fail('mm.alloc-copy');
    expect(await m.run(mm.fork('child'))).toBe('ENOMEM');
    expect([await m.reads(mm, 0, 3), m.inUse().system]).toEqual([[100, 101, 102], 3]);
    m.injection.fail('mm.alloc-copy');
    if (typeof pins !== 'string') pins.release();
    const child = await m.fork(mm);
    expect(await m.reads(child, 0, 3)).toEqual([100, 101, 102]);
    m.injection.disarm('mm.alloc-copy');
    await m.end();
  });
});

describe('fork with pages on a device', () => {
  it('device-private entries are copied write-protected; both processes name the same page', async () => {
    const { m, mm } = await parentOf(8);
    expect(await m.run(m.device.toDevice(mm, 0, 8))).toBe(0);
    const child = await m.fork(mm);
    expect([m.kind(mm, 0), m.kind(child, 0), m.pfn(mm, 0) === m.pfn(child, 0)]).toEqual([
      'devPrivate',
      'devPrivate',
      true,
    ]);
    expect([pteWritable(mm.table.get(0)), pteWritable(child.table.get(0)), m.inUse().device]).toEqual([
      false,
      false,
      8,
    ]);
    await m.end();
  });

  it('S26 a touch by the child brings the page home for both, and tells the devices of both', async () => {
    const { m, mm } = await parentOf(8);
    await m.run(m.device.toDevice(mm, 0, 8));
    const child = await m.fork(mm);
    const [parentSub, childSub] = [new Subscriber(mm, 0, 16), new Subscriber(child, 0, 16)];
    expect(await m.read(child, 2)).toBe(102);
    expect([m.kind(mm, 2), m.kind(child, 2), m.pfn(mm, 2) === m.pfn(child, 2), m.inUse().device]).toEqual([
      'present',
      'present',
      true,
      0,
    ]);
    expect(childSub.kinds).toEqual([MMU_EVENT.MIGRATE]);
    expect(new Set(parentSub.kinds)).toEqual(new Set([MMU_EVENT.CLEAR]));
    await m.add(child, 2, 1000);
    await m.add(mm, 3, 2000);
    expect([await m.reads(mm, 2, 4), await m.reads(child, 2, 4)]).toEqual([
      [102, 2103],
      [1102, 103],
    ]);
    await m.end();
  });

  it('HMM-hmm_cow_in_device: the parent writes, the idle child dies, every page is the parent’s and writable', async () => {
    const { m, mm } = await parentOf(4);
    await m.run(m.device.toDevice(mm, 0, 4));
    const child = await m.fork(mm);
    for (let vpn = 0; vpn < 4; vpn++) await m.add(mm, vpn, 1000);
    await m.run(child.exit());
    for (let vpn = 0; vpn < 4; vpn++) expect(pteWritable(mm.table.get(vpn))).toBe(true);
    expect([await m.reads(mm, 0, 4), m.inUse()]).toEqual([[1100, 1101, 1102, 1103], { system: 4, device: 0 }]);
    await m.end();
  });

  it('shared pages go to the device for all who map them', async () => {
    const { m, mm } = await parentOf(4);
    const child = await m.fork(mm);
    expect(await m.run(m.device.toDevice(child, 0, 4))).toBe(0);
    expect([m.kind(mm, 1), m.kind(child, 1), m.inUse()]).toEqual([
      'devPrivate',
      'devPrivate',
      { system: 0, device: 4 },
    ]);
    expect(await m.run(m.device.evict([m.pfn(mm, 1)]))).toBe(1);
    expect([m.kind(mm, 1), m.kind(child, 1), await m.reads(mm, 0, 4)]).toEqual([
      'present',
      'present',
      [100, 101, 102, 103],
    ]);
    await m.add(mm, 1, 1);
    expect([await m.read(mm, 1), await m.read(child, 1)]).toEqual([102, 101]);
    await m.end();
  });

  it('fork while a page is frozen: both sides wait, both find it afterwards', async () => {
    const { m, mm } = await parentOf(4);
    m.device.paused = true;
    m.start('migrate', m.device.toDevice(mm, 0, 4));
    let child: Mm | null = null;
    m.start(
      'forker',
      (function* () {
        yield* m.world.sched.sleepUntil(10);
        // The migration holds the mmap lock for reading, which fork waits for; eviction does not, see below.
        const forked = yield* mm.fork('child');
        child = typeof forked === 'string' ? null : m.watch(forked);
      })(),
    );
    m.start(
      'resume',
      (function* () {
        yield* m.world.sched.sleepUntil(5000);
        m.device.resume();
      })(),
    );
    await m.finish();
    expect(child).not.toBeNull();
    expect(await m.reads(child as unknown as Mm, 0, 4)).toEqual([100, 101, 102, 103]);
    await m.end();
  });

  it('fork while eviction has frozen a page: the child’s copy of the migration entry thaws too', async () => {
    const { m, mm } = await parentOf(4);
    await m.run(m.device.toDevice(mm, 0, 4));
    m.device.paused = true;
    m.start('evict', m.device.evict([m.pfn(mm, 0), m.pfn(mm, 1)]));
    let kinds: string[] = [];
    m.start(
      'forker',
      (function* () {
        yield* m.world.sched.sleepUntil(10_000);
        const child = yield* mm.fork('child');
        if (typeof child !== 'string') kinds = [m.kind(mm, 0), m.kind(m.watch(child), 0)];
        m.device.resume();
      })(),
    );
    await m.finish();
    expect(kinds).toEqual(['migrating', 'migrating']);
    const child = [...m.world.mms.values()][1] as Mm;
    expect([m.kind(child, 0), m.pfn(child, 0) === m.pfn(mm, 0)]).toEqual(['present', true]);
    await m.add(child, 0, 1);
    expect([await m.reads(mm, 0, 4), await m.reads(child, 0, 4)]).toEqual([
      [100, 101, 102, 103],
      [101, 101, 102, 103],
    ]);
    await m.end();
  });
});
