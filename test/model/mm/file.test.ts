// File mappings: shared ones see the file, private ones their own copy once written; truncation and holes take pages away.
import { describe, expect, it } from 'vitest';
import { MMU_EVENT } from '../../../src/model/event/event.ts';
import { filePunch, fileRead, fileTruncate, fileUnmap, fileWrite } from '../../../src/model/mm/file-ops.ts';
import type { MemFile } from '../../../src/model/mm/file.ts';
import type { Mm } from '../../../src/model/mm/mm.ts';
import { pteWritable } from '../../../src/model/mm/page-table.ts';
import { ByteMachine, Subscriber } from './byte-machine.ts';

/** Page p of the disk is all 7000 + p. Mapped shared at 0, privately at 100. */
async function mapped(): Promise<{ m: ByteMachine; mm: Mm; file: MemFile }> {
  const m = new ByteMachine();
  const mm = m.spawn();
  const file = m.file({ pages: 8, content: (page) => new Uint32Array(1024).fill(7000 + page) });
  await m.run(mm.map({ at: 0, pages: 8, shared: true, file }));
  await m.run(mm.map({ at: 100, pages: 8, file }));
  return { m, mm, file };
}

async function pread(m: ByteMachine, file: MemFile, page: number): Promise<number | undefined> {
  const words = await m.run(fileRead(file, page, 1));
  return typeof words === 'string' ? undefined : words[0];
}

describe('file mappings', () => {
  it('reads map the cache’s frames, uploaded from the disk once', async () => {
    const { m, mm, file } = await mapped();
    expect([await m.read(mm, 2), await m.read(mm, 102, 1023)]).toEqual([7002, 7002]);
    expect([m.pfn(mm, 2) === m.pfn(mm, 102), file.cachedPages, m.inUse().system]).toEqual([true, 1, 1]);
    await m.end([file]);
  });

  it('a shared write is seen by every reader of the file; a private one by nobody else', async () => {
    const { m, mm, file } = await mapped();
    await m.read(mm, 102);
    await m.add(mm, 2, 5);
    expect([await m.read(mm, 102), await pread(m, file, 2)]).toEqual([7007, 7007]);
    const sub = new Subscriber(mm, 100, 108);
    await m.add(mm, 102, 100);
    expect([sub.kinds, await m.read(mm, 102), await m.read(mm, 2), await pread(m, file, 2)]).toEqual([
      [MMU_EVENT.CLEAR],
      7107,
      7007,
      7007,
    ]);
    await m.add(mm, 103, 1);
    expect([await m.read(mm, 103), await m.read(mm, 3)]).toEqual([7004, 7003]);
    await m.end([file]);
  });

  it('a write through the file shows in mappings that have no copy of their own', async () => {
    const { m, mm, file } = await mapped();
    await m.read(mm, 101);
    await m.add(mm, 102, 1);
    const words = new Uint32Array(3 * 1024).fill(5);
    expect(await m.run(fileWrite(file, 1, words))).toBe(0);
    expect([await m.reads(mm, 0, 4), await m.reads(mm, 100, 104)]).toEqual([
      [7000, 5, 5, 5],
      [7000, 5, 7003, 5],
    ]);
    await m.end([file]);
  });

  it('the first write of a file’s page is noticed; shared anonymous memory is writable at once', async () => {
    const { m, mm, file } = await mapped();
    await m.run(mm.map({ at: 32, pages: 2, shared: true }));
    await m.read(mm, 0);
    await m.read(mm, 32);
    expect([pteWritable(mm.table.get(0)), pteWritable(mm.table.get(32))]).toEqual([false, true]);
    await m.end([file]);
  });

  it('behind the end of the file: BUS; control: before it, and after the file has grown', async () => {
    const { m, mm, file } = await mapped();
    await m.run(mm.map({ at: 200, pages: 4, shared: true, file, fileOffset: 6 }));
    expect(await m.reads(mm, 200, 204)).toEqual([7006, 7007, 'BUS', 'BUS']);
    await m.run(fileWrite(file, 8, new Uint32Array(1024).fill(9)));
    expect([await m.reads(mm, 200, 204), file.pages]).toEqual([[7006, 7007, 9, 'BUS'], 9]);
    await m.end([file]);
  });

  it('fork: shared mappings stay shared, private pages and the cache behind them stay apart', async () => {
    const { m, mm, file } = await mapped();
    await m.add(mm, 0, 1);
    await m.add(mm, 100, 50);
    await m.read(mm, 101);
    const child = await m.fork(mm);
    await m.add(child, 0, 1);
    await m.add(child, 100, 1);
    await m.add(child, 101, 1);
    expect([await m.reads(mm, 0, 2), await m.reads(mm, 100, 102), await m.reads(child, 100, 102)]).toEqual([
      [7002, 7001],
      [7051, 7001],
      [7052, 7002],
    ]);
    await m.end([file]);
  });

  it('HMM-migrate_shared, L3: a device gets no page of a file; HMM-migrate_file_private: private copies it gets', async () => {
    const { m, mm, file } = await mapped();
    await m.reads(mm, 0, 4);
    expect(await m.run(m.device.toDevice(mm, 0, 4))).toBe('EBUSY');
    for (let vpn = 100; vpn < 104; vpn++) await m.add(mm, vpn, 1);
    expect(await m.run(m.device.toDevice(mm, 100, 104))).toBe(0);
    expect([m.inUse().device, await m.reads(mm, 100, 104), await m.reads(mm, 0, 4)]).toEqual([
      4,
      [7001, 7002, 7003, 7004],
      [7000, 7001, 7002, 7003],
    ]);
    await m.end([file]);
  });

  it('DONTNEED on a private mapping gives the file’s content back', async () => {
    const { m, mm, file } = await mapped();
    await m.add(mm, 100, 1);
    expect(await m.run(mm.madvise(100, 108, 'DONTNEED'))).toBe(0);
    expect(await m.read(mm, 100)).toBe(7000);
    await m.end([file]);
  });

  it('areas of one file merge only where offsets continue', async () => {
    const { m, mm, file } = await mapped();
    await m.run(mm.munmap(2, 4));
    await m.run(mm.map({ at: 2, pages: 2, shared: true, file, fileOffset: 5 }));
    expect([...mm.vmas()].map((vma) => [vma.startVpn, vma.endVpn])).toEqual([
      [0, 2],
      [2, 4],
      [4, 8],
      [100, 108],
    ]);
    expect(await m.reads(mm, 1, 5)).toEqual([7001, 7005, 7006, 7004]);
    await m.run(mm.map({ at: 2, pages: 2, shared: true, file, fileOffset: 2, fixed: true }));
    expect([...mm.vmas()].length).toBe(2);
    await m.end([file]);
  });
});

describe('what a file loses', () => {
  it('truncation takes pages and private copies out of every process, with CLEAR; touching them is BUS', async () => {
    const { m, mm, file } = await mapped();
    const child = await m.fork(mm);
    await m.reads(mm, 0, 8);
    await m.add(mm, 106, 1);
    await m.reads(child, 0, 8);
    const [sub, childSub] = [new Subscriber(mm, 0, 200), new Subscriber(child, 0, 8)];
    await m.run(fileTruncate(file, 4));
    expect(new Set([...sub.kinds, ...childSub.kinds])).toEqual(new Set([MMU_EVENT.CLEAR]));
    expect(sub.seen[0]).toEqual({ startVpn: 4, endVpn: 8, event: MMU_EVENT.CLEAR, blockable: true, owner: null });
    expect([await m.reads(mm, 3, 5), await m.read(child, 4), await m.read(mm, 106)]).toEqual([
      [7003, 'BUS'],
      'BUS',
      'BUS',
    ]);
    await m.run(fileWrite(file, 6, new Uint32Array(1024).fill(1)));
    expect([await m.reads(mm, 4, 7), await m.read(mm, 106)]).toEqual([[0, 0, 1], 1]);
    await m.end([file]);
  });

  it('a hole is zero; private copies stay', async () => {
    const { m, mm, file } = await mapped();
    await m.reads(mm, 0, 4);
    await m.add(mm, 101, 3);
    await m.run(filePunch(file, 1, 3));
    expect([await m.reads(mm, 0, 4), await m.reads(mm, 100, 104)]).toEqual([
      [7000, 0, 0, 7003],
      [7000, 7004, 0, 7003],
    ]);
    await m.end([file]);
  });

  it('unmapping a range of the file takes nothing away from it', async () => {
    const { m, mm, file } = await mapped();
    await m.add(mm, 1, 3);
    await m.add(mm, 102, 1);
    const sub = new Subscriber(mm, 0, 200);
    await m.run(fileUnmap(file, 1, 3, false));
    expect([m.kind(mm, 1), m.kind(mm, 102), sub.seen.map((event) => event.startVpn)]).toEqual([
      'none',
      'present',
      [1, 101],
    ]);
    expect([await m.read(mm, 1), await m.read(mm, 102)]).toEqual([7004, 7003]);
    await m.end([file]);
  });

  it('no frame for the cache: BUS and ENOMEM, nothing leaks; control: the next try', async () => {
    const { m, mm, file } = await mapped();
    m.injection.fail('mm.alloc-file', 1, 2);
    expect([await m.read(mm, 0), await m.run(fileRead(file, 0, 1)), await m.read(mm, 0)]).toEqual([
      'BUS',
      'ENOMEM',
      7000,
    ]);
    m.injection.fail('mm.alloc-copy');
    expect([await m.add(mm, 100, 1), await m.add(mm, 100, 1), await m.read(mm, 0)]).toEqual(['BUS', 7000, 7000]);
    m.injection.fail('mm.copy');
    expect([await m.add(mm, 101, 1), await m.add(mm, 101, 1)]).toEqual(['BUS', 7001]);
    await m.end([file]);
  });

  it('shared anonymous memory goes with its last mapping, not before', async () => {
    const { m, mm, file } = await mapped();
    await m.run(mm.map({ at: 32, pages: 4, shared: true, populate: true }));
    const child = await m.fork(mm);
    await m.fill(mm, 32, 36);
    await m.run(mm.munmap(32, 36));
    expect([m.inUse().system, await m.reads(child, 32, 34)]).toEqual([4, [132, 133]]);
    await m.run(child.munmap(32, 34));
    expect(await m.reads(child, 34, 36)).toEqual([134, 135]);
    await m.run(child.munmap(34, 36));
    expect(m.inUse().system).toBe(0);
    await m.end([file]);
  });
});
