// X02, X83: batches of records through the rings: order, merging, replies, overflow, livelock.
import { describe, expect, it } from 'vitest';
import { blankFault, decodeReply, encodeFault, type FaultRecord } from '../../../src/model/xe/fault-record.ts';
import { createXeVm, type XeVm } from '../../../src/model/xe/vm.ts';
import { createMm } from '../../../src/model/mm/mm.ts';
import { populate } from '../../../src/model/mm/access.ts';
import { Machine } from './machine.ts';

function batch(records: readonly Partial<FaultRecord>[]): Uint32Array {
  const words = new Uint32Array(records.length * 4);
  records.forEach((record, i) => encodeFault({ ...blankFault(), ...record }, words, i * 4));
  return words;
}

function replies(m: Machine): { pdata: number; failed: boolean; asid: number }[] {
  const words = m.queue.takeReplies();
  return Array.from({ length: words.length / 2 }, (_, i) => {
    const { pdata, failed, asid } = decodeReply(words, i * 2)!;
    return { pdata, failed, asid };
  });
}

async function machine(config: ConstructorParameters<typeof Machine>[0] = {}): Promise<Machine> {
  const m = new Machine(config);
  await m.mapped(0x200, 0x600);
  m.log.length = 0;
  return m;
}

describe('X02 fault queue', () => {
  it('I-F4: one reply a record, same cookie, in order per ASID, over four VMs with 1000 faults each', async () => {
    const m = new Machine({ systemPages: 16_384, vramPages: 32_768, xe: { chunkPages: [1], minMigratePages: 2 } });
    const vms = [m.vm];
    await m.mapped(0, 1000);
    for (let i = 1; i < 4; i++) {
      const mm = createMm(m.world, `app ${i}`);
      mm.mmap(0, 1000, { write: true });
      await m.run(populate(mm, 0, 1000, true));
      vms.push(createXeVm(m.device, mm, { startVpn: 0, endVpn: 4096 }) as XeVm);
    }
    const records = Array.from({ length: 4000 }, (_, i) => ({
      asid: vms[i % 4]!.asid,
      vpn: i >> 2,
      access: 1,
      pdata: i,
    }));
    expect(await m.run(m.queue.serve(batch(records)))).toBe(4000);
    const answered = replies(m);
    expect(answered).toHaveLength(4000);
    expect(answered.every((r) => !r.failed)).toBe(true);
    for (const vm of vms) {
      const mine = answered.filter((r) => r.asid === vm.asid).map((r) => r.pdata);
      expect(mine).toEqual(mine.toSorted((a, b) => a - b));
      expect(mine).toHaveLength(1000);
    }
  });

  it('merges the same page and access kind of one batch: served once, answered all', async () => {
    const m = await machine();
    const { asid } = m.vm;
    const same = { asid, vpn: 0x245, access: 1 };
    const words = batch([same, { ...same, pdata: 1 }, { ...same, vpn: 0x246, pdata: 2 }, { ...same, pdata: 3 }]);
    await m.run(m.queue.serve(words));
    expect(replies(m).map((r) => r.pdata)).toEqual([0, 1, 2, 3]);
    expect([m.stat('svm_pagefault_count'), m.stat('x_fault_merged')]).toEqual([2, 2]);
    m.device.options.admit.mergeSamePage = false;
    await m.run(m.queue.serve(words));
    expect([m.stat('svm_pagefault_count'), m.stat('x_fault_merged')]).toEqual([6, 2]);
  });

  it('does not merge across access kinds, spaces or batches', async () => {
    const m = await machine();
    const { asid } = m.vm;
    const at = { asid, vpn: 0x245 };
    await m.run(
      m.queue.serve(
        batch([
          { ...at, access: 0 },
          { ...at, access: 1 },
          { ...at, access: 2 },
        ]),
      ),
    );
    await m.run(m.queue.serve(batch([{ ...at, access: 0 }])));
    expect([m.stat('svm_pagefault_count'), m.stat('x_fault_merged')]).toEqual([4, 0]);
  });

  it('tells the device of a failure, with the record and all its duplicates as failures', async () => {
    const m = await machine();
    const { asid } = m.vm;
    const bad = { asid, vpn: 0x900, access: 1 };
    await m.run(
      m.queue.serve(batch([bad, { ...bad, pdata: 5 }, { asid, vpn: 0x200, pdata: 6 }, { asid: 77, pdata: 7 }])),
    );
    const answers = Object.fromEntries(replies(m).map((r) => [r.pdata, r.failed]));
    expect(answers).toEqual({ 0: true, 5: true, 6: false, 7: true });
    const failures = m.queue.takeFailures().map(({ pdata, error, rule }) => ({ pdata, error, rule }));
    expect(failures).toContainEqual({ pdata: 0, error: 'ENOENT', rule: 'find or insert range' });
    expect(failures).toContainEqual({ pdata: 5, error: 'ENOENT', rule: 'find or insert range' });
    expect(failures).toContainEqual({ pdata: 7, error: 'EINVAL', rule: 'no VM has the address-space id' });
    expect(failures).toHaveLength(3);
    expect(m.queue.takeFailures()).toEqual([]);
    expect(m.log.some((e) => e.kind === 'note' && e.text.endsWith('Fault response: Unsuccessful ENOENT'))).toBe(true);
  });

  it('drops what a full ring cannot hold, and takes no part of a torn batch', async () => {
    const m = await machine({ xe: { faultRingRecords: 16 } });
    const { asid } = m.vm;
    const records = Array.from({ length: 20 }, (_, i) => ({ asid, vpn: 0x200 + i, access: 1, pdata: i }));
    expect(await m.run(m.queue.serve(batch(records)))).toBe(16);
    expect(replies(m)).toHaveLength(16);
    expect(m.stat('x_fault_dropped')).toBe(4);
    expect(m.queue.push(new Uint32Array(5))).toBe('EPROTO');
    expect(m.queue.pending).toBe(0);
  });

  it('reports arrival, queueing and the answer of each fault', async () => {
    const m = await machine();
    await m.run(m.queue.serve(batch([{ asid: m.vm.asid, vpn: 0x245, access: 1, level: 4 }])));
    const kinds = m.log.flatMap((e) => (e.kind === 'phase' ? [e.phase] : e.kind.startsWith('fault') ? [e.kind] : []));
    expect(kinds).toEqual(['fault', 'queue', 'copy', 'get-pages', 'bind', 'service', 'fault-done']);
  });
});

describe('X83 livelock', () => {
  it('gives up an access after 64 identical faults that a swallowed error answered, and names the rule', async () => {
    const m = new Machine();
    m.mm.mmap(0x800, 16, { write: true, anonymous: false });
    const words = batch([{ asid: m.vm.asid, vpn: 0x800, access: 2, pdata: 9 }]);
    for (let i = 1; i < 64; i++) await m.run(m.queue.serve(words));
    expect([m.queue.takeFailures(), replies(m).some((r) => r.failed)]).toEqual([[], false]);
    await m.run(m.queue.serve(words));
    expect(replies(m)).toEqual([{ pdata: 9, failed: true, asid: m.vm.asid }]);
    const rule = 'device-only access to a range that cannot migrate';
    expect(m.queue.takeFailures()).toEqual([
      { asid: m.vm.asid, vpn: 0x800, access: 2, pdata: 9, error: 'EACCES', rule, repeats: 64 },
    ]);
    expect(m.log.filter((e) => e.kind === 'livelock')).toHaveLength(1);
  });

  it('gives up an access that faults on a mapped range while nothing else moves', async () => {
    const m = await machine();
    const words = batch([{ asid: m.vm.asid, vpn: 0x245, access: 1 }]);
    for (let i = 0; i < 64; i++) await m.run(m.queue.serve(words));
    expect(m.queue.takeFailures()).toEqual([]);
    await m.run(m.queue.serve(words));
    expect(m.queue.takeFailures()).toMatchObject([{ error: null, repeats: 64 }]);
  });

  it('control: many records of one batch on one range, and progress in between, are no livelock', async () => {
    const m = await machine({ xe: { admit: { mergeSamePage: false } } });
    const fault = { asid: m.vm.asid, vpn: 0x245, access: 1 };
    await m.run(m.queue.serve(batch(Array.from({ length: 200 }, () => fault))));
    for (let i = 0; i < 100; i++) {
      await m.touch(0x245);
      await m.run(m.queue.serve(batch([fault, { ...fault, vpn: 0x246 }])));
    }
    expect(m.queue.takeFailures()).toEqual([]);
  });
});
