// Spaces of several buffers behave as one: the GPU and its twin agree on every word wherever segments end.
//
// A failure prints the seed of its episode; `PAGEFERRY_SEED=<seed> npx vitest run --project gpu segments` runs it alone.
import { describe, expect } from 'vitest';
import { createRng, type Rng } from '../../src/base/rng.ts';
import { vaHi, vaLo } from '../../src/base/units.ts';
import type { GpuOptions } from '../../src/engine/gpu/gpu-executor.ts';
import type { AccessKind, Command } from '../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../src/engine/plan/executor.ts';
import { createTwinExecutor } from '../../src/engine/twin/twin-executor.ts';
import { gpuIt, openExecutor } from '../support/dawn.ts';
import { compareExecutors, complete } from '../support/differential.ts';
import { BIT, PageTables } from '../support/page-tables.ts';
import { chance, pick } from '../support/random-space.ts';

const SEGMENT = 64;
/** System memory ends inside its third segment, VRAM inside its fourth. */
const CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: 150 },
    { name: 'vram0', pages: 250 },
  ],
  segmentPages: SEGMENT,
  accessCapacity: 256,
  faultCapacity: 256,
  tlbLines: 16,
};
/** Tables fill the first frames of VRAM; data lies behind, in all four segments. */
const TABLES = 24;
/** Virtual pages whose leaves lie anywhere. */
const WINDOW = 2 ** 20;
const MAPPED = 200;
const EPISODES = process.env.PAGEFERRY_SEED === undefined ? 10 : 1;

interface World {
  readonly rng: Rng;
  readonly tables: PageTables;
}

function dataStart(space: number): number {
  return space === 0 ? 0 : TABLES;
}

function pagesOf(space: number): number {
  return CONFIG.spaces[space]?.pages ?? 0;
}

/** Frames of one space; many of the ranges cross the end of a segment. */
function range(rng: Rng, space: number, most: number): { frame: number; pages: number } {
  const room = pagesOf(space) - dataStart(space);
  const pages = 1 + rng.below(Math.min(most, room));
  return { frame: dataStart(space) + rng.below(room - pages + 1), pages };
}

/** Two ranges that do not overlap. */
function ends(rng: Rng) {
  const [srcSpace, dstSpace] = [rng.below(2), rng.below(2)];
  const pages = 1 + rng.below(70);
  const room = pagesOf(0) - pages;
  if (srcSpace !== dstSpace) {
    const place = (space: number): number =>
      dataStart(space) + rng.below(pagesOf(space) - dataStart(space) - pages + 1);
    return { srcSpace, srcFrame: place(srcSpace), dstSpace, dstFrame: place(dstSpace), pages };
  }
  const half = Math.floor(room / 2);
  const low = dataStart(srcSpace) + rng.below(Math.max(1, half - pages));
  const high = low + pages + rng.below(Math.max(1, pagesOf(srcSpace) - low - 2 * pages + 1));
  const [srcFrame, dstFrame] = chance(rng, 50) ? [low, high] : [high, low];
  return { srcSpace, srcFrame, dstSpace, dstFrame, pages };
}

/** Single pages of every segment in random order: one batch about many pairs of segments. */
function scattered(rng: Rng): Command[] {
  const target = rng.below(2);
  return Array.from({ length: 40 }, (): Command => {
    const src = range(rng, 1 - target, 1);
    const dst = range(rng, target, 1);
    return { op: 'copy', srcSpace: 1 - target, srcFrame: src.frame, dstSpace: target, dstFrame: dst.frame, pages: 1 };
  });
}

const PHYSICAL: readonly ((rng: Rng) => Command[])[] = [
  (rng) => [{ op: 'copy', ...ends(rng) }],
  (rng) => scattered(rng),
  (rng) => {
    const place = ends(rng);
    const methods = ['linear', 'linearEntries', 'copyBufferToBuffer'] as const;
    return [
      { op: 'copyBaseline', method: pick(rng, methods.slice(0, place.srcSpace === place.dstSpace ? 2 : 3)), ...place },
    ];
  },
  (rng) => fills(rng),
  (rng) => {
    const space = rng.below(2);
    return [{ op: 'hash', space, ...range(rng, space, 100) }];
  },
  (rng) => {
    const space = rng.below(2);
    const { frame, pages } = range(rng, space, 90);
    const seed = rng.u32();
    const words = Uint32Array.from({ length: pages * 1024 }, (_, i) => Math.imul(seed, i + 1));
    return [{ op: 'upload', space, frame, words }];
  },
  (rng) => Array.from({ length: 8 }, () => touch(rng)),
];

function fills(rng: Rng): Command[] {
  const space = rng.below(2);
  if (chance(rng, 50)) return [{ op: 'fill', space, ...range(rng, space, 100), pattern: rng.u32() }];
  return [{ op: 'fillSeeded', space, ...range(rng, space, 100), seed: rng.u32(), pageLo: rng.u32() }];
}

function touch(rng: Rng): Command {
  const kind = rng.below(3) as AccessKind;
  return { op: 'cpuAccess', frame: rng.below(pagesOf(0)), word: rng.below(1024), kind, operand: rng.u32() };
}

/** Every virtual page of the window has a frame of its own, in any segment of either space. */
function mapWindow({ rng, tables }: World): Command[] {
  const frames = [0, 1].flatMap((space) =>
    Array.from({ length: pagesOf(space) - dataStart(space) }, (_, i) => ({ space, frame: dataStart(space) + i })),
  );
  for (let i = 0; i < MAPPED; i++) {
    const [home] = frames.splice(rng.below(frames.length), 1);
    if (home === undefined) break;
    tables.map(WINDOW + i, '4K', home.frame, BIT.rw | BIT.atomic | (home.space === 1 ? BIT.deviceMemory : 0));
  }
  return tables.take();
}

/** Accesses to distinct words of the window, some of them of a page that is not there; then again. */
function accesses({ rng, tables }: World): Command[] {
  const count = 1 + rng.below(256);
  const records = new Uint32Array(4 * count);
  for (let i = 0; i < count; i++) {
    const vpn = WINDOW + rng.below(MAPPED + 4);
    records.set([vaLo(vpn) + 4 * i, vaHi(vpn), rng.below(3), rng.u32()], 4 * i);
  }
  const run: Command = {
    op: 'access',
    asid: 5,
    root: tables.root,
    base: 0,
    count,
    tlb: chance(rng, 60),
    chained: false,
  };
  const again: Command = { ...run, tlb: !run.tlb, chained: false };
  return [{ op: 'accessLoad', base: 0, records }, run, { op: 'accessResult', base: 0, count }, again];
}

/** Pages of one space to pages of the other by their addresses, as they come: each page is read or written once. */
function translated({ rng, tables }: World): Command[] {
  const order = Array.from({ length: MAPPED }, (_, i) => WINDOW + i);
  const declared = { srcSpace: rng.below(2), dstSpace: rng.below(2) };
  return Array.from({ length: 60 }, (): Command => {
    const [srcVpn] = order.splice(rng.below(order.length), 1) as [number];
    const [dstVpn] = order.splice(rng.below(order.length), 1) as [number];
    return { op: 'copyTranslated', root: tables.root, ...declared, srcVpn, dstVpn, pages: 1 };
  });
}

function someCommands(world: World): Command[] {
  const { rng } = world;
  const steps = 1 + rng.below(6);
  return Array.from({ length: steps }, () => {
    const kind = rng.below(10);
    if (kind < 2) return accesses(world);
    return kind < 4 ? translated(world) : pick(rng, PHYSICAL)(rng);
  }).flat();
}

function episodeJobs(seed: number, firstSeq: number) {
  const rng = createRng(seed);
  let next = 0;
  const world = { rng, tables: new PageTables(1, 4, () => next++) };
  const setup: Command[] = [
    { op: 'fill', space: 1, frame: 0, pages: TABLES, pattern: 0 },
    { op: 'fillSeeded', space: 0, frame: 0, pages: pagesOf(0), seed, pageLo: 0 },
    { op: 'fillSeeded', space: 1, frame: TABLES, pages: pagesOf(1) - TABLES, seed, pageLo: 1000 },
    { op: 'tlbInval', asid: 5, vpn: 0, log2Pages: 63 },
    { op: 'accessLoad', base: 0, records: new Uint32Array(4 * CONFIG.accessCapacity) },
    ...mapWindow(world),
  ];
  return Array.from({ length: 5 }, (_, i) => {
    const commands = i === 0 ? setup : someCommands(world);
    return { seq: firstSeq + i, queue: 'gpu', label: `seed ${seed} job ${i}`, commands, timed: false };
  });
}

const SMALL: GpuOptions = {
  flushLimits: {
    listWords: 96,
    payloadWords: 1020,
    dispatches: 16,
    marks: 2,
    ioWords: 64,
    gridWidth: 5,
    smallUploadWords: 1000,
  },
};

describe.each([
  { name: 'whole submissions', options: {} },
  { name: 'small submissions', options: SMALL },
])('random jobs over segments, $name', ({ options }) => {
  gpuIt('leave the words that they leave on the twin', async () => {
    const gpu = await openExecutor(CONFIG, options);
    const twin = createTwinExecutor(CONFIG);
    let seq = 1;
    const first = Number(process.env.PAGEFERRY_SEED ?? 9000);
    for (let seed = first; seed < first + EPISODES; seed++) {
      const report = await compareExecutors(gpu, twin, episodeJobs(seed, seq));
      expect(report, `GPU ≠ twin: PAGEFERRY_SEED=${seed}\n${report}`).toBeNull();
      seq += 6;
    }
    gpu.destroy();
  });
});

describe('segments of 16 MiB', () => {
  const pages = 3 * 4096 - 7;
  const large: ExecutorConfig = {
    ...CONFIG,
    spaces: ['system', 'vram0'].map((name) => ({ name, pages })),
    segmentPages: 4096,
  };

  gpuIt('copy 47 MiB across them both ways, and every page has its contents', async () => {
    const gpu = await openExecutor(large);
    const commands: Command[] = [
      { op: 'fillSeeded', space: 0, frame: 0, pages, seed: 3, pageLo: 0 },
      { op: 'hash', space: 0, frame: 0, pages },
      { op: 'copy', srcSpace: 0, srcFrame: 0, dstSpace: 1, dstFrame: 9, pages: pages - 9 },
      { op: 'hash', space: 1, frame: 9, pages: pages - 9 },
    ];
    const [done] = await complete(gpu, [{ seq: 1, queue: 'q', label: 'up', commands, timed: false }]);
    const io = done?.io ?? new Uint32Array(0);
    expect(io.subarray(2 * pages)).toEqual(io.subarray(0, 2 * (pages - 9)));
    expect(new Set(io).size).toBeGreaterThan(pages);
    gpu.destroy();
  });
});
