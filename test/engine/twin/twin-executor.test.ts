// The twin as an executor: completions, order, io, failure injection, and every command's effect on plain memory.
import { describe, expect, test } from 'vitest';
import { hashPage, pageKey, seededWord } from '../../../src/base/mix.ts';
import { ACCESS_KIND, type Command } from '../../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import type { Completion, Job } from '../../../src/engine/plan/job.ts';
import { createTwinExecutor, type TwinExecutor, type TwinOptions } from '../../../src/engine/twin/twin-executor.ts';

const CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: 16 },
    { name: 'vram0', pages: 32 },
  ],
  accessCapacity: 64,
  faultCapacity: 8,
  tlbLines: 16,
};

function job(seq: number, commands: readonly Command[], queue = 'copy'): Job {
  return { seq, queue, label: `job ${seq}`, commands, timed: false };
}

async function run(twin: TwinExecutor, commands: readonly Command[], seq = 1): Promise<Completion> {
  twin.submit(job(seq, commands));
  await twin.settled();
  const done = twin.take();
  expect(done.map((completion) => completion.seq)).toEqual([seq]);
  return done[0] as Completion;
}

/** Seqs in the order in which their jobs ran. */
async function orderOf(options: TwinOptions, queues: readonly string[]): Promise<number[]> {
  const twin = createTwinExecutor(CONFIG, options);
  queues.forEach((queue, i) => twin.submit(job(i + 1, [], queue)));
  const order: number[] = [];
  for (let i = 0; i < queues.length; i++) {
    await twin.settled();
    order.push(...twin.take().map((completion) => completion.seq));
  }
  return order;
}

describe('completions', () => {
  test('a job without commands completes as a bare fence', async () => {
    const completion = await run(createTwinExecutor(CONFIG), []);
    expect(completion).toEqual({
      seq: 1,
      status: 'ok',
      faults: new Uint32Array(0),
      dropped: 0,
      io: new Uint32Array(0),
      gpuNs: null,
    });
  });

  test('nothing runs before settled, and settled with nothing in flight resolves', async () => {
    const twin = createTwinExecutor(CONFIG);
    await twin.settled();
    twin.submit(job(1, []));
    twin.flush();
    expect(twin.take()).toEqual([]);
    await twin.settled();
    expect(twin.take()).toHaveLength(1);
    expect(twin.take()).toEqual([]);
  });

  test('a job that does not validate is refused with the reason', () => {
    const twin = createTwinExecutor(CONFIG);
    const bad: Command = { op: 'hash', space: 2, frame: 0, pages: 1 };
    expect(() => twin.submit(job(1, [bad]))).toThrow('job 1, command 0 hash: space is 2, allowed 0…1');
  });

  test('fence numbers rise', () => {
    const twin = createTwinExecutor(CONFIG);
    twin.submit(job(2, []));
    expect(() => twin.submit(job(2, []))).toThrow('seq 2 follows 2');
    twin.submit(job(3, []));
  });

  test('nothing is accepted after destroy', () => {
    const twin = createTwinExecutor(CONFIG);
    twin.destroy();
    expect(() => twin.submit(job(1, []))).toThrow('destroyed');
  });

  test('a configuration that makes no sense is refused', () => {
    expect(() => createTwinExecutor({ ...CONFIG, tlbLines: 3 })).toThrow('tlbLines is 3');
  });
});

describe('order', () => {
  const queues = ['copy', 'bind', 'copy', 'bind', 'copy', 'cpu', 'bind', 'cpu'];

  test('is the order of submission by default', async () => {
    expect(await orderOf({}, queues)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('a seed mixes queues, keeps each queue, and repeats itself', async () => {
    const order = await orderOf({ order: { seed: 7 } }, queues);
    expect(order).not.toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    for (const queue of new Set(queues)) {
      const own = order.filter((seq) => queues[seq - 1] === queue);
      expect(own).toEqual([...own].sort((a, b) => a - b));
    }
    expect(await orderOf({ order: { seed: 7 } }, queues)).toEqual(order);
  });

  test('a seed cannot reorder a single queue', async () => {
    expect(await orderOf({ order: { seed: 7 } }, ['a', 'a', 'a', 'a'])).toEqual([1, 2, 3, 4]);
  });
});

describe('failure injection', () => {
  const fill: Command = { op: 'fill', space: 1, frame: 0, pages: 1, pattern: 5 };

  test('skips the whole job and says so', async () => {
    const twin = createTwinExecutor(CONFIG, { failJob: (each) => each.seq === 1 });
    expect((await run(twin, [fill, { op: 'hash', space: 1, frame: 0, pages: 1 }])).status).toBe('injected');
    expect(twin.peek(1)[0]).toBe(0);
  });

  test('leaves other jobs alone (control)', async () => {
    const twin = createTwinExecutor(CONFIG, { failJob: (each) => each.seq === 2 });
    expect((await run(twin, [fill])).status).toBe('ok');
    expect(twin.peek(1)[0]).toBe(5);
  });
});

describe('commands on plain memory', () => {
  test('fill touches exactly its pages', async () => {
    const twin = createTwinExecutor(CONFIG);
    await run(twin, [{ op: 'fill', space: 0, frame: 1, pages: 2, pattern: 0xffffffff }]);
    const words = twin.peek(0);
    expect([words[1023], words[1024], words[3071], words[3072]]).toEqual([0, 0xffffffff, 0xffffffff, 0]);
  });

  test('seeded pages count on from pageLo and wrap at 2^32', async () => {
    const twin = createTwinExecutor(CONFIG);
    await run(twin, [{ op: 'fillSeeded', space: 1, frame: 4, pages: 2, seed: 9, pageLo: 0xffffffff }]);
    const words = twin.peek(1);
    expect(words[4 * 1024 + 17]).toBe(seededWord(pageKey(9, 0xffffffff), 17));
    expect(words[5 * 1024 + 17]).toBe(seededWord(pageKey(9, 0), 17));
  });

  test.each([1, 3, 4, 9])('copy moves %i pages and no more', async (pages) => {
    const twin = createTwinExecutor(CONFIG);
    await run(twin, [
      { op: 'fillSeeded', space: 0, frame: 0, pages: 16, seed: 1, pageLo: 0 },
      { op: 'copy', srcSpace: 0, srcFrame: 2, dstSpace: 1, dstFrame: 7, pages },
    ]);
    const moved = twin.peek(1).subarray(7 * 1024, (7 + pages) * 1024);
    expect(moved).toEqual(twin.peek(0).subarray(2 * 1024, (2 + pages) * 1024));
    expect(twin.peek(1)[(7 + pages) * 1024]).toBe(0);
    expect(twin.peek(1)[7 * 1024 - 1]).toBe(0);
  });

  test.each(['linear', 'linearEntries', 'copyBufferToBuffer'] as const)(
    'the baseline %s copies as copy does',
    async (method) => {
      const twin = createTwinExecutor(CONFIG);
      await run(twin, [
        { op: 'fillSeeded', space: 0, frame: 0, pages: 4, seed: 1, pageLo: 0 },
        { op: 'copyBaseline', method, srcSpace: 0, srcFrame: 1, dstSpace: 1, dstFrame: 5, pages: 2 },
      ]);
      expect(twin.peek(1).subarray(5 * 1024, 7 * 1024)).toEqual(twin.peek(0).subarray(1024, 3 * 1024));
    },
  );

  test('PTE_WRITE, PTE_FILL and ZAP edit entries of one table', async () => {
    const twin = createTwinExecutor(CONFIG);
    await run(twin, [
      { op: 'pteWrite', space: 1, table: 2, index: 510, entries: Uint32Array.of(1, 2, 3, 4) },
      { op: 'pteFill', space: 1, table: 2, index: 0, count: 3, lo: 7, hi: 8 },
      { op: 'zap', space: 1, table: 2, index: 1, count: 1 },
    ]);
    const table = twin.peek(1).subarray(2 * 1024, 3 * 1024);
    expect([...table.subarray(0, 8)]).toEqual([7, 8, 0, 0, 7, 8, 0, 0]);
    expect([...table.subarray(1018)]).toEqual([0, 0, 1, 2, 3, 4]);
    expect(twin.peek(1)[3 * 1024]).toBe(0);
  });

  test('io is in command order: CPU access, hash, readback, upload', async () => {
    const twin = createTwinExecutor(CONFIG);
    const words = Uint32Array.from({ length: 1024 }, (_, i) => i * 3);
    const expected = new Uint32Array(1 + 2 + 1024);
    expected[0] = 0;
    hashPage(words, 0, expected, 1);
    expected.set(words, 3);
    const { io } = await run(twin, [
      { op: 'cpuAccess', frame: 3, word: 9, kind: ACCESS_KIND.write, operand: 1 },
      { op: 'upload', space: 0, frame: 3, words },
      { op: 'hash', space: 0, frame: 3, pages: 1 },
      { op: 'readback', space: 0, frame: 3, pages: 1 },
    ]);
    expect(io).toEqual(expected);
  });

  test('CPU accesses give the value before, add on writes and atomics, and wrap', async () => {
    const twin = createTwinExecutor(CONFIG);
    const touch = (kind: 0 | 1 | 2, operand: number): Command => ({
      op: 'cpuAccess',
      frame: 0,
      word: 1,
      kind,
      operand,
    });
    const { io } = await run(twin, [touch(1, 0xffffffff), touch(0, 5), touch(2, 3), touch(0, 0)]);
    expect([...io]).toEqual([0, 0xffffffff, 0xffffffff, 2]);
  });
});
