// The copy engine on the twin: both modes, both directions, holes and folios, byte for byte against an oracle (I-C4, I-C8).
import { describe, expect, test } from 'vitest';
import { createRng, type Rng } from '../../../src/base/rng.ts';
import type { Command } from '../../../src/engine/plan/commands.ts';
import type { Job } from '../../../src/engine/plan/job.ts';
import { createTwinExecutor, type TwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import { SILENT } from '../../../src/model/event/event.ts';
import { NO_PFN } from '../../../src/model/mm/pages.ts';
import type { CopyVector } from '../../../src/model/pagemap/devmem.ts';
import { JobQueue } from '../../../src/model/sched/job-queue.ts';
import { Sched } from '../../../src/model/sched/sched.ts';
import { VramManager } from '../../../src/model/vram/vram.ts';
import { MigrateEngine, type CopyDirection, type CopyMode } from '../../../src/model/xe/migrate-engine.ts';
import { drive } from '../../support/drive.ts';

const SYSTEM = 4096;
/** Data lies below, the engine's 33 tables above: the buddy hands out high frames first. */
const DATA = 4096;
const VRAM_PAGES = DATA + 256;

interface World {
  readonly engine: MigrateEngine;
  readonly twin: TwinExecutor;
  /** Jobs of the copies, in order; the engine's set-up is not among them. */
  readonly jobs: Job[];
  settle(): Promise<void>;
  system(frame: number): number;
  vram(frame: number): number;
}

/** Every page of both memories holds its own number in each word: system 0x10000000 + frame, VRAM 0x20000000 + frame. */
async function makeWorld(mode: CopyMode): Promise<World> {
  const sched = new Sched();
  const queue = new JobQueue(sched, () => 1);
  const vram = new VramManager({ sched, events: SILENT }, { device: 0, pages: VRAM_PAGES, dataPages: DATA });
  const spaces = [
    { name: 'system', pages: SYSTEM },
    { name: 'vram0', pages: VRAM_PAGES },
    { name: 'vram1', pages: 64 },
  ];
  const twin = createTwinExecutor({ spaces, accessCapacity: 1, faultCapacity: 1, tlbLines: 0 });
  spaces.forEach((space, id) => {
    for (let frame = 0; frame < space.pages; frame++) {
      twin.peek(id).fill(0x10000000 * (id + 1) + frame, frame * 1024, (frame + 1) * 1024);
    }
  });
  const pages = {
    frameOf: (pfn: number) => (pfn < SYSTEM ? pfn : (pfn - SYSTEM) % VRAM_PAGES),
    spaceOf: (pfn: number) => (pfn < SYSTEM ? 0 : pfn < SYSTEM + VRAM_PAGES ? 1 : 2),
  };
  const engine = new MigrateEngine({ vram, jobs: queue, pages, space: 1, mode });
  await drive(sched, queue, twin);
  const jobs: Job[] = [];
  const drain = queue.drain.bind(queue);
  queue.drain = () => {
    const list = drain();
    jobs.push(...list);
    return list;
  };
  const word = (space: number, frame: number): number => {
    const words = twin.peek(space);
    const first = words[frame * 1024] as number;
    for (let i = 31; i < 1024; i += 31) {
      if (words[frame * 1024 + i] !== first) throw new Error(`page ${frame} of space ${space} is mixed`);
    }
    return first;
  };
  const settle = (): Promise<void> => drive(sched, queue, twin);
  return { engine, twin, jobs, settle, system: (frame) => word(0, frame), vram: (frame) => word(1, frame) };
}

const device = (frame: number): number => SYSTEM + frame;

/** n slots: device frames from `first` on, and partners; entries of −1 are "none". */
function vector(devices: readonly number[], partners: readonly number[], order: Uint8Array | null = null): CopyVector {
  const pfns = (list: readonly number[]): Uint32Array => Uint32Array.from(list, (pfn) => (pfn < 0 ? NO_PFN : pfn));
  return { n: devices.length, devicePfn: pfns(devices), ramPfn: pfns(partners), order };
}

/** A permutation of 0…n−1. */
function shuffled(rng: Rng, n: number): number[] {
  const list = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    [list[i], list[j]] = [list[j] as number, list[i] as number];
  }
  return list;
}

/** Partners all over memory, in short ascending pieces now and then; some holes, some slots that take no part. */
function randomVector(rng: Rng, n: number, allowHoles: boolean): CopyVector {
  const first = rng.below(DATA - n);
  const system = shuffled(rng, SYSTEM).slice(0, n);
  if (rng.below(2) === 0) system.sort((a, b) => a - b);
  const devices = Array.from({ length: n }, (_, i) => (rng.below(20) === 0 ? -1 : device(first + i)));
  const partners = system.map((frame, i) => (rng.below(10) === 0 && (allowHoles || devices[i] === -1) ? -1 : frame));
  return vector(devices, partners);
}

/** What the memories must hold after the copy, page by page; pages not listed are unchanged. */
function expected(v: CopyVector, direction: CopyDirection): { system: Map<number, number>; vram: Map<number, number> } {
  const system = new Map<number, number>();
  const vram = new Map<number, number>();
  for (let i = 0; i < v.n; i++) {
    if (v.devicePfn[i] === NO_PFN) continue;
    const frame = (v.devicePfn[i] as number) - SYSTEM;
    const partner = v.ramPfn[i] as number;
    if (direction === 'to-vram') vram.set(frame, partner === NO_PFN ? 0 : 0x10000000 + partner);
    else if (partner !== NO_PFN) system.set(partner, 0x20000000 + frame);
  }
  return { system, vram };
}

function expectBytes(world: World, v: CopyVector, direction: CopyDirection, where: string): void {
  const want = expected(v, direction);
  for (let frame = 0; frame < SYSTEM; frame++) {
    const value = want.system.get(frame) ?? 0x10000000 + frame;
    if (world.system(frame) !== value) throw new Error(`${where}: system ${frame} is ${world.system(frame)}`);
  }
  for (let frame = 0; frame < DATA; frame++) {
    const value = want.vram.get(frame) ?? 0x20000000 + frame;
    if (world.vram(frame) !== value) throw new Error(`${where}: vram ${frame} is ${world.vram(frame)}`);
  }
}

function bytes(twin: TwinExecutor, space: number, pages: number): Uint8Array {
  const words = twin.peek(space);
  return new Uint8Array(words.buffer, words.byteOffset, pages * 4096);
}

const MODES: CopyMode[] = ['translated', 'physical'];
const DIRECTIONS: CopyDirection[] = ['to-vram', 'to-ram'];
const EVERY = MODES.flatMap((mode) => DIRECTIONS.map((direction) => ({ mode, direction })));

describe('bytes', () => {
  test.each(EVERY)(
    '$mode $direction: random vectors against the oracle',
    { timeout: 60_000 },
    async ({ mode, direction }) => {
      for (let seed = 1; seed <= 5; seed++) {
        const rng = createRng(seed);
        const world = await makeWorld(mode);
        const n = [1, 16, 512, 700, 3000][seed - 1] as number;
        const v = randomVector(rng, n, direction === 'to-vram');
        const copy = vector([...v.devicePfn], [...v.ramPfn]);
        const fence = world.engine.copy(v, direction);
        v.devicePfn.fill(NO_PFN); // the caller reuses the vector at once
        v.ramPfn.fill(0);
        await world.settle();
        expect(fence?.completion.status).toBe('ok');
        expectBytes(world, copy, direction, `seed ${seed}`);
        expect(world.jobs).toHaveLength(Math.ceil(world.engine.copied / 2048));
      }
    },
  );

  test.each(EVERY)('$mode $direction: whole 2M folios and small ones', async ({ mode, direction }) => {
    for (const [order, aligned] of [
      [9, true],
      [9, false],
      [4, true],
    ] as const) {
      const world = await makeWorld(mode);
      const step = 2 ** order;
      const count = 2048 / step;
      const starts = Array.from({ length: count }, (_, i) =>
        aligned ? (2 * (count - 1 - i) * step) % SYSTEM : i * step + 3,
      );
      const devices = Array.from({ length: 2048 }, (_, i) => (i % step === 0 ? device(512 + i) : -1));
      const partners = Array.from({ length: 2048 }, (_, i) => (i % step === 0 ? (starts[i / step] as number) : -1));
      const orders = Uint8Array.from({ length: 2048 }, (_, i) => (i % step === 0 ? order : 0));
      world.engine.copy(vector(devices, partners, orders), direction);
      await world.settle();
      const flat = vector(
        devices.map((_, i) => device(512 + i)),
        partners.map((_, i) => (starts[Math.floor(i / step)] as number) + (i % step)),
      );
      expectBytes(world, flat, direction, `order ${order}`);
      expect(world.engine.copied).toBe(2048);
      const window = world.jobs.flatMap((job) => job.commands).filter((c) => c.op === 'pteWrite');
      if (mode === 'translated') expect(window).toHaveLength(order === 9 && aligned ? 1 : 8);
    }
  });

  test('translated equals physical, word for word of all data', async () => {
    for (const direction of DIRECTIONS) {
      const worlds = await Promise.all(MODES.map(makeWorld));
      for (let seed = 1; seed <= 4; seed++) {
        for (const { engine } of worlds)
          engine.copy(randomVector(createRng(seed), 300, direction === 'to-vram'), direction);
      }
      for (const world of worlds) await world.settle();
      const [a, b] = worlds.map((world) => world.twin) as [TwinExecutor, TwinExecutor];
      expect(Buffer.compare(bytes(a, 0, SYSTEM), bytes(b, 0, SYSTEM))).toBe(0);
      expect(Buffer.compare(bytes(a, 1, DATA), bytes(b, 1, DATA))).toBe(0);
    }
  });

  test('partners in the VRAM of a peer are copied by frames in either mode', async () => {
    for (const mode of MODES) {
      const world = await makeWorld(mode);
      const peer = SYSTEM + VRAM_PAGES;
      world.engine.copy(vector([device(5), device(6)], [peer + 1, peer + 9]), 'to-ram');
      await world.settle();
      expect(world.twin.peek(2)[1024]).toBe(0x20000005);
      expect(world.twin.peek(2)[9 * 1024]).toBe(0x20000006);
    }
  });
});

describe('commands', () => {
  const ops = (commands: readonly Command[]): string[] => commands.map((command) => command.op);

  test('translated: window, flush, then one copy a run, all in one job', async () => {
    const world = await makeWorld('translated');
    const devices = Array.from({ length: 8 }, (_, i) => device(i));
    world.engine.copy(vector(devices, [1, 2, 3, -1, 9, 8, 7, 6]), 'to-vram');
    await world.settle();
    expect(world.jobs.map((job) => [job.queue, ...ops(job.commands)])).toEqual([
      ['copy0', 'fill', 'pteWrite', 'tlbInval', 'copyTranslated', 'copyTranslated'],
    ]);
    expect([world.engine.copied, world.engine.zeroFilled]).toEqual([7, 1]);
  });

  test('physical: joined where both sides continue, ordered by destination', async () => {
    const world = await makeWorld('physical');
    const devices = Array.from({ length: 6 }, (_, i) => device(10 + i));
    world.engine.copy(vector(devices, [100, 101, 102, 7, 8, 300]), 'to-ram');
    await world.settle();
    const copies = (world.jobs[0] as Job).commands.map((c) =>
      c.op === 'copy' ? [c.srcFrame, c.dstFrame, c.pages] : [],
    );
    expect(copies).toEqual([
      [13, 7, 2],
      [10, 100, 3],
      [15, 300, 1],
    ]);
  });

  test('jobs hold at most 2048 pages, also for a fused run (Q3)', async () => {
    for (const mode of MODES) {
      const world = await makeWorld(mode);
      const list = Array.from({ length: 2049 }, (_, i) => i);
      const fence = world.engine.copy(vector(list.map(device), list), 'to-vram');
      await world.settle();
      const sizes = world.jobs.map((job) =>
        job.commands.reduce((sum, c) => sum + (c.op === 'copy' || c.op === 'copyTranslated' ? c.pages : 0), 0),
      );
      expect(sizes).toEqual([2048, 1]);
      expect(fence?.seq).toBe((world.jobs.at(-1) as Job).seq);
    }
  });

  test('nothing to do is null; holes alone are one fill; holes on the way home are nothing', async () => {
    const world = await makeWorld('translated');
    expect(world.engine.copy(vector([-1, -1], [5, -1]), 'to-vram')).toBeNull();
    expect(world.engine.copy(vector([device(3)], [-1]), 'to-ram')).toBeNull();
    expect(world.engine.zeroFill(vector([device(3)], [4]))).toBeNull();
    world.engine.copy(vector([device(3), device(4)], [-1, -1]), 'to-vram');
    world.engine.zeroFill(vector([device(8), device(9), device(11)], [-1, -1, -1]));
    await world.settle();
    expect(world.jobs.map((job) => ops(job.commands))).toEqual([['fill'], ['fill', 'fill']]);
    expect([3, 4, 8, 9, 11].map((frame) => world.vram(frame))).toEqual([0, 0, 0, 0, 0]);
  });

  test('the mode can change while it runs; the tables are made once', async () => {
    const world = await makeWorld('physical');
    expect(world.engine.addressSpace).toBeNull();
    for (const mode of ['translated', 'physical', 'translated'] as const) expect(world.engine.setMode(mode)).toBe(0);
    world.engine.copy(vector([device(1)], [2]), 'to-vram');
    await world.settle();
    expect(world.jobs.map((job) => job.label)).toEqual(['migrate tables', 'copy to-vram']);
    expect(world.vram(1)).toBe(0x10000002);
  });
});
