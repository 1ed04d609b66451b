// The executor itself: order of completions, jobs spread over submissions, GPU time, and a device that goes away.
import { describe, expect } from 'vitest';
import { hashPage } from '../../../src/base/mix.ts';
import type { Command } from '../../../src/engine/plan/commands.ts';
import { DeviceLostError, type ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import type { Job } from '../../../src/engine/plan/job.ts';
import { GpuError } from '../../../src/engine/gpu/device.ts';
import type { GpuExecutor } from '../../../src/engine/gpu/gpu-executor.ts';
import { gpuIt, gpuTest, openExecutor, scoped } from '../../support/dawn.ts';

const SYSTEM = 0;
const VRAM = 1;
const PAGES = 64;
const CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: PAGES },
    { name: 'vram0', pages: PAGES },
  ],
  accessCapacity: 256,
  faultCapacity: 64,
  tlbLines: 0,
};

function fill(space: number, frame: number, pages: number, pattern: number): Command {
  return { op: 'fill', space, frame, pages, pattern };
}

function job(seq: number, commands: Command[], timed = false): Job {
  return { seq, queue: 'test', label: `job ${seq}`, commands, timed };
}

describe('completions', () => {
  gpuTest('come in order of submission, each with its own io', CONFIG, async (bench) => {
    const firstWord: Command = { op: 'cpuAccess', frame: 0, word: 0, kind: 1, operand: 1 };
    const seqs = Array.from({ length: 50 }, () => bench.submit([firstWord]));
    const done = await bench.drain(50);
    expect(done.map(({ seq }) => seq)).toEqual(seqs);
    expect(done.map(({ io }) => [...io])).toEqual(seqs.map((_, i) => [i]));
  });

  gpuTest('come for a job without commands too, and only once', CONFIG, async (bench) => {
    const empty = await bench.run();
    expect([empty.status, empty.io.length, empty.faults.length, empty.dropped]).toEqual(['ok', 0, 0, 0]);
    expect(bench.executor.take()).toEqual([]);
    await bench.executor.settled();
    expect(bench.executor.take()).toEqual([]);
  });

  gpuTest('arrive after flush without anybody waiting', CONFIG, async (bench) => {
    const seq = bench.submit([fill(SYSTEM, 0, 1, 1)]);
    expect(bench.executor.take()).toEqual([]);
    bench.executor.flush();
    await bench.executor.device.queue.onSubmittedWorkDone();
    await bench.executor.settled();
    expect(bench.executor.take().map((done) => done.seq)).toEqual([seq]);
  });

  gpuTest('serve several waiters', CONFIG, async (bench) => {
    bench.submit([fill(SYSTEM, 0, 1, 1)]);
    await Promise.all([bench.executor.settled(), bench.executor.settled()]);
    expect(bench.executor.take().length).toBe(1);
  });

  gpuTest('are refused for jobs that are wrong', CONFIG, async (bench) => {
    const { executor } = bench;
    expect(() => bench.submit([fill(SYSTEM, PAGES, 1, 0)])).toThrow(/frame is 64/);
    expect(() => executor.submit(job(1, []))).toThrow(/fence numbers rise/);
    const root = { space: VRAM, frame: 0, level: 4 };
    const place = { srcSpace: SYSTEM, srcVpn: 0, dstSpace: VRAM, dstVpn: 1000, pages: PAGES + 1 };
    expect(() => bench.submit([{ op: 'copyTranslated', root, ...place }])).toThrow(/pages is 65/);
    await bench.run();
  });
});

describe('a job larger than a submission', () => {
  const SMALL = {
    flushLimits: { listWords: 16, payloadWords: 1024, ioWords: 16, bulkWords: 2048, dispatches: 16, stamps: 16 },
  };

  gpuTest(
    'does the same',
    CONFIG,
    async (bench) => {
      const { io, status } = await bench.run(
        { op: 'fillSeeded', space: SYSTEM, frame: 0, pages: PAGES, seed: 3, pageLo: 0 },
        { op: 'copy', srcSpace: SYSTEM, srcFrame: 0, dstSpace: VRAM, dstFrame: 0, pages: PAGES },
        { op: 'hash', space: VRAM, frame: 0, pages: PAGES },
        { op: 'readback', space: VRAM, frame: 0, pages: PAGES },
      );
      expect(status).toBe('ok');
      const words = io.subarray(2 * PAGES);
      const expected = new Uint32Array(2 * PAGES);
      for (let page = 0; page < PAGES; page++) hashPage(words, page * 1024, expected, 2 * page);
      expect(io.subarray(0, 2 * PAGES)).toEqual(expected);
      expect(new Set(words).size).toBeGreaterThan(60_000);
    },
    SMALL,
  );

  gpuTest(
    'keeps fault records in order of commands',
    CONFIG,
    async (bench) => {
      const root = { space: VRAM, frame: 0, level: 4 };
      const access = (base: number): Command => {
        return { op: 'access', asid: 1, root, base, count: 1, tlb: false, chained: false };
      };
      const records = Uint32Array.from({ length: 4 * 40 }, (_, i) => (i % 4 === 0 ? (i / 4) * 4096 : 0));
      const order = Array.from({ length: 40 }, (_, i) => (i * 7) % 40);
      const done = await bench.run({ op: 'accessLoad', base: 0, records }, ...order.map(access));
      const pages = Array.from({ length: 40 }, (_, i) => (done.faults[4 * i + 2] as number) / 4096);
      expect(pages).toEqual(order);
    },
    SMALL,
  );

  gpuTest(
    'is timed over all of its submissions',
    CONFIG,
    async (bench) => {
      const one = await bench.runTimed(fill(SYSTEM, 0, 4, 1));
      const many = await bench.runTimed(fill(SYSTEM, 0, PAGES, 1), fill(VRAM, 0, PAGES, 1));
      expect(one.gpuNs).toBeGreaterThan(0);
      expect(many.gpuNs).toBeGreaterThan(one.gpuNs ?? Infinity);
    },
    SMALL,
  );
});

describe('GPU time', () => {
  const copies: [string, Command][] = [
    ['a copy', { op: 'copy', srcSpace: SYSTEM, srcFrame: 0, dstSpace: VRAM, dstFrame: 0, pages: PAGES }],
    ...(['linear', 'copyBufferToBuffer'] as const).map((method): [string, Command] => {
      const place = { srcSpace: SYSTEM, srcFrame: 0, dstSpace: VRAM, dstFrame: 0, pages: PAGES };
      return [`a copy by ${method}`, { op: 'copyBaseline', method, ...place }];
    }),
  ];
  for (const [name, command] of copies)
    gpuTest(`of ${name} is positive and shorter than the wait`, CONFIG, async (bench) => {
      expect(bench.executor.info.timestamps).toBe(true);
      const start = performance.now();
      const { gpuNs } = await bench.runTimed(command);
      const waitedNs = (performance.now() - start) * 1e6;
      expect(gpuNs).toBeGreaterThan(0);
      expect(gpuNs).toBeLessThan(waitedNs + 1e6);
    });

  for (const [name, command] of copies)
    gpuTest(`of ${name} grows with the work`, CONFIG, async (bench) => {
      const times: number[][] = [[], []];
      for (let round = 0; round < 5; round++) {
        times[0]?.push((await bench.runTimed(command)).gpuNs ?? 0);
        times[1]?.push((await bench.runTimed(...Array.from({ length: 100 }, () => command))).gpuNs ?? 0);
      }
      const [one, hundred] = times.map((list) => Math.min(...list)) as [number, number];
      expect(hundred).toBeGreaterThan(5 * one);
    });

  gpuTest('is told for timed jobs alone, also between others', CONFIG, async (bench) => {
    for (const timed of [false, true, false, true, true]) bench.submit([fill(SYSTEM, 0, 1, 1)], timed);
    const done = await bench.drain(5);
    expect(done.map(({ gpuNs }) => gpuNs !== null)).toEqual([false, true, false, true, true]);
  });

  gpuTest('is null for uploads and for nothing at all', CONFIG, async (bench) => {
    const words = new Uint32Array(1024);
    expect((await bench.runTimed({ op: 'upload', space: SYSTEM, frame: 0, words })).gpuNs).toBeNull();
    expect((await bench.runTimed()).gpuNs).toBeNull();
  });

  gpuTest(
    'is null where timestamps are not wanted',
    CONFIG,
    async (bench) => {
      expect(bench.executor.info.timestamps).toBe(false);
      expect((await bench.runTimed(fill(SYSTEM, 0, 1, 1))).gpuNs).toBeNull();
    },
    { timestamps: false },
  );
});

describe('a lost device', () => {
  async function opened(body: (executor: GpuExecutor) => Promise<void>): Promise<void> {
    const executor = await openExecutor(CONFIG);
    try {
      await body(executor);
    } finally {
      executor.destroy();
    }
  }

  gpuIt('rejects whoever waits, and refuses new jobs', async () => {
    await opened(async (executor) => {
      executor.submit(job(1, [fill(SYSTEM, 0, PAGES, 1), { op: 'readback', space: SYSTEM, frame: 0, pages: PAGES }]));
      const waiting = executor.settled();
      executor.device.destroy();
      await expect(waiting).rejects.toThrow(DeviceLostError);
      await expect(executor.settled()).rejects.toThrow(DeviceLostError);
      expect(() => executor.submit(job(2, []))).toThrow(DeviceLostError);
      expect(() => executor.flush()).not.toThrow();
    });
  });

  gpuIt('is noticed with nothing in flight', async () => {
    await opened(async (executor) => {
      executor.device.destroy();
      await executor.device.lost;
      await expect(executor.settled()).rejects.toThrow(/destroyed/);
    });
  });

  gpuIt('is what destroy leaves behind, for waiters too; a new executor works', async () => {
    await opened(async (executor) => {
      executor.submit(job(1, [fill(SYSTEM, 0, 1, 1)]));
      const waiting = executor.settled();
      executor.destroy();
      await expect(waiting).rejects.toThrow(DeviceLostError);
    });
    await opened(async (executor) => {
      executor.submit(job(1, [fill(SYSTEM, 0, 1, 1)]));
      await executor.settled();
      expect(executor.take().length).toBe(1);
    });
  });
});

describe('an error that WebGPU reports', () => {
  gpuIt('is thrown at the next wait', async () => {
    const executor = await openExecutor(CONFIG);
    executor.submit(job(1, [fill(SYSTEM, 0, 1, 1)]));
    executor.device.createBuffer({ label: 'no usage at all', size: 16, usage: 0x8000 });
    await expect(executor.settled()).rejects.toThrow(GpuError);
    await expect(executor.settled()).rejects.toThrow(/no usage at all/);
    executor.destroy();
  });
});

describe('spaces', () => {
  gpuIt('may be system memory alone: device leaves fault, the tables are walked there', async () => {
    const executor = await openExecutor({ ...CONFIG, spaces: [{ name: 'system', pages: 16 }] });
    await scoped(executor.device, async () => {
      const entries = Uint32Array.of(0x5003, 0, 0x5803, 0);
      const pde = (table: number): Command => {
        return { op: 'pteWrite', space: 0, table, index: 0, entries: Uint32Array.of(((table + 1) << 12) | 3, 0) };
      };
      const records = Uint32Array.of(0, 0, 0, 0, 4096, 0, 0, 0);
      const root = { space: 0, frame: 0, level: 3 };
      executor.submit(
        job(1, [
          pde(0),
          pde(1),
          pde(2),
          { op: 'pteWrite', space: 0, table: 3, index: 0, entries },
          { op: 'fill', space: 0, frame: 5, pages: 1, pattern: 77 },
          { op: 'accessLoad', base: 0, records },
          { op: 'access', asid: 1, root, base: 0, count: 2, tlb: false, chained: false },
          { op: 'accessResult', base: 0, count: 2 },
        ]),
      );
      await executor.settled();
      const [done] = executor.take();
      expect([...(done?.io ?? [])]).toEqual([1, 77, 0, 0]);
      expect([...(done?.faults ?? [])]).toEqual([0x10000000, 0x1000, 0x1000, 0]);
    });
    executor.destroy();
  });
});
