// Seeded random jobs for differential tests: valid, with a defined result on every executor, and reproducible from the
// seed alone, since the first job of an episode sets all memory.
//
// What keeps the result defined: accesses of one list touch different words (access i touches word i of its page), the
// pages that a copy reads and those that it writes differ, and a job asks for no more faults than the ring holds.
import type { Rng } from '../../src/base/rng.ts';
import type { AccessKind, Command, SpaceId } from '../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../src/engine/plan/executor.ts';
import type { Job } from '../../src/engine/plan/job.ts';
import { Episode } from './random-episode.ts';
import { chance, DATA_PAGES, pick } from './random-space.ts';

/** Small on purpose: a few pages make collisions likely. */
export const RANDOM_CONFIGS: readonly ExecutorConfig[] = [
  { spaces: spaces(96, 160), accessCapacity: 512, faultCapacity: 256, tlbLines: 16 },
  { spaces: spaces(96, 160, 96), accessCapacity: 1024, faultCapacity: 320, tlbLines: 64 },
  { spaces: spaces(96, 255), accessCapacity: 100, faultCapacity: 100, tlbLines: 0 },
  { spaces: spaces(128, 160, 64), accessCapacity: 300, faultCapacity: 300, tlbLines: 1 },
];

function spaces(...pages: number[]): ExecutorConfig['spaces'] {
  return pages.map((count, i) => ({ name: i === 0 ? 'system' : `vram${i - 1}`, pages: count }));
}

const QUEUES = ['bind', 'copy', 'cpu', 'gpu'] as const;

type Step = (episode: Episode) => Command[];

/** The commands of a whole episode: the first job sets memory, the others are random. */
export function randomJobs(seed: number, config: ExecutorConfig, count: number, firstSeq: number): Job[] {
  const episode = new Episode(seed, config);
  return Array.from({ length: count }, (_, i) => {
    const commands = i === 0 ? reset(episode) : randomCommands(episode);
    const timed = chance(episode.rng, 20);
    return { seq: firstSeq + i, queue: pick(episode.rng, QUEUES), label: `seed ${seed} job ${i}`, commands, timed };
  });
}

/** Everything that an earlier episode left: contents, tables, pending accesses, TLB lines; then tables and leaves. */
function reset(episode: Episode): Command[] {
  const { config, rng, clients, engine } = episode;
  const commands: Command[] = [];
  config.spaces.forEach(({ pages }, space) => {
    commands.push({ op: 'fill', space, frame: 0, pages, pattern: 0 });
    commands.push({ op: 'fillSeeded', space, frame: 0, pages: DATA_PAGES, seed: rng.u32(), pageLo: rng.u32() });
  });
  commands.push({ op: 'accessLoad', base: 0, records: records(episode, 0, config.accessCapacity) });
  commands.push(...engine.build());
  for (const client of clients) {
    for (let i = 0; i < 12; i++) commands.push(...client.change());
    commands.push({ op: 'tlbInval', asid: client.asid, vpn: 0, log2Pages: 63 });
  }
  return commands;
}

function randomCommands(episode: Episode): Command[] {
  episode.faultRoom = episode.config.faultCapacity;
  const steps = 1 + episode.rng.below(10);
  return Array.from({ length: steps }, () => pick(episode.rng, STEPS)(episode)).flat();
}

/** Records for the list entries from `base` on, at the pages that `page` gives. Entry i touches word i modulo 1024. */
function recordsAt(rng: Rng, base: number, count: number, pageOf: (i: number) => number): Uint32Array {
  const words = new Uint32Array(count * 4);
  for (let i = 0; i < count; i++) {
    const page = pageOf(i);
    const offset = ((base + i) % 1024) * 4 + rng.below(4);
    words[4 * i] = (page % 2 ** 20) * 4096 + offset;
    words[4 * i + 1] = Math.floor(page / 2 ** 20);
    words[4 * i + 2] = rng.below(3);
    words[4 * i + 3] = rng.u32();
  }
  return words;
}

function records(episode: Episode, base: number, count: number): Uint32Array {
  return recordsAt(episode.rng, base, count, () => pick(episode.rng, episode.clients).page());
}

const chase: Step = (episode) => {
  const { rng } = episode;
  const pages = pick(rng, [1, 2, 4]);
  const range = episode.list(128);
  return [{ op: 'chase', space: episode.space(), frame: rng.below(32), pages, ...range, loads: 1 + rng.below(9) }];
};

const access: Step = (episode) => {
  const { rng, faultRoom, clients } = episode;
  if (faultRoom === 0) return [];
  const client = pick(rng, clients);
  const range = episode.list(faultRoom);
  episode.faultRoom -= range.count;
  return [
    {
      op: 'access',
      asid: client.asid,
      root: client.tables.root,
      ...range,
      tlb: chance(rng, 70),
      chained: chance(rng, 40),
      ...(chance(rng, 10) ? { translateOnly: true } : {}),
    },
  ];
};

const accessLoad: Step = (episode) => {
  const { base, count } = episode.list(128);
  return [{ op: 'accessLoad', base, records: records(episode, base, count) }];
};

const accessResult: Step = (episode) => [{ op: 'accessResult', ...episode.list(1024) }];

/** Load, run, repair, run again, read: the life of an access list. */
const replay: Step = (episode) => [
  ...accessLoad(episode),
  ...access(episode),
  ...pick(episode.rng, episode.clients).change(),
  ...access(episode),
  ...accessResult(episode),
];

/** The same pages before and after a change that the TLB may have missed. */
const stale: Step = (episode) => {
  const { rng, clients, faultRoom, config } = episode;
  const client = pick(rng, clients);
  const { pages, changes } = client.stale();
  const count = pages.length;
  if (faultRoom < 2 * count) return [];
  episode.faultRoom -= 2 * count;
  const base = rng.below(config.accessCapacity - count + 1);
  const load: Command = { op: 'accessLoad', base, records: recordsAt(rng, base, count, (i) => pages[i] ?? 0) };
  const run: Command = {
    op: 'access',
    asid: client.asid,
    root: client.tables.root,
    base,
    count,
    tlb: true,
    chained: chance(rng, 20),
  };
  const result: Command = { op: 'accessResult', base, count };
  return [load, run, ...changes, load, run, result];
};

const change: Step = (episode) => pick(episode.rng, episode.clients).change();
const invalidate: Step = (episode) => [pick(episode.rng, episode.clients).invalidate()];

/** Two ranges of data frames of the same length; in one space they do not overlap. */
function places(episode: Episode): {
  srcSpace: SpaceId;
  srcFrame: number;
  dstSpace: SpaceId;
  dstFrame: number;
  pages: number;
} {
  const { rng } = episode;
  const half = DATA_PAGES / 2;
  const pages = 1 + rng.below(half);
  const low = rng.below(half - pages + 1);
  const high = half + rng.below(half - pages + 1);
  const up = chance(rng, 50);
  const [srcFrame, dstFrame] = up ? [low, high] : [high, low];
  return { srcSpace: episode.space(), srcFrame, dstSpace: episode.space(), dstFrame, pages };
}

const copy: Step = (episode) => [{ op: 'copy', ...places(episode) }];

/** A table is read like any page: its words must arrive as they are. */
const copyTable: Step = (episode) => {
  const { space, frame } = episode.root();
  return [
    {
      op: 'copy',
      srcSpace: space,
      srcFrame: frame,
      dstSpace: episode.space(),
      dstFrame: episode.data(1).frame,
      pages: 1,
    },
  ];
};

const copyBaseline: Step = (episode) => {
  const ends = places(episode);
  const shader = pick(episode.rng, ['linear', 'linearEntries'] as const);
  const method = ends.srcSpace !== ends.dstSpace && chance(episode.rng, 50) ? 'copyBufferToBuffer' : shader;
  return [{ op: 'copyBaseline', method, ...ends }];
};

const copyTranslated: Step = (episode) => episode.engine.copies(episode.config.spaces.length);

const fill: Step = (episode) => [{ op: 'fill', space: episode.space(), ...episode.data(), pattern: episode.rng.u32() }];

const fillSeeded: Step = (episode) => {
  const { rng } = episode;
  const pageLo = pick(rng, [rng.u32(), 0xfffffffe]);
  return [{ op: 'fillSeeded', space: episode.space(), ...episode.data(), seed: rng.u32(), pageLo }];
};

const hash: Step = (episode) => [
  { op: 'hash', space: episode.space(), frame: episode.rng.below(48), pages: 1 + episode.rng.below(16) },
];
const readback: Step = (episode) => [{ op: 'readback', space: episode.space(), ...episode.data(3) }];

const upload: Step = (episode) => {
  const { frame, pages } = episode.data(3);
  const seed = episode.rng.u32();
  const words = Uint32Array.from({ length: pages * 1024 }, (_, i) => Math.imul(seed, i + 1));
  const way = pick(episode.rng, [{}, { via: 'writeBuffer' }, { via: 'mapped' }] as const);
  return [{ op: 'upload', space: episode.space(), frame, words, ...way }];
};

/** Several touches, often of the same few words: each must see the one before. */
const cpuAccess: Step = (episode) => {
  const { rng } = episode;
  return Array.from({ length: 1 + rng.below(6) }, () => {
    const kind = rng.below(3) as AccessKind;
    return {
      op: 'cpuAccess',
      frame: rng.below(2),
      word: pick(rng, [0, 1023, rng.below(1024)]),
      kind,
      operand: rng.u32(),
    };
  });
};

/** Entries into data frames, so that runs overlap each other and other commands without harm to a table. */
const rawEntries: Step = (episode) => {
  const { rng } = episode;
  const space = episode.space();
  return Array.from({ length: 1 + rng.below(4) }, (): Command => {
    const count = pick(rng, [1, 1 + rng.below(16), 510]);
    const where = { space, table: rng.below(2), index: rng.below(512 - count + 1) };
    if (chance(rng, 30)) return { op: 'zap', ...where, count };
    if (chance(rng, 40)) return { op: 'pteFill', ...where, count, lo: rng.u32(), hi: rng.u32() };
    return { op: 'pteWrite', ...where, entries: Uint32Array.from({ length: 2 * count }, () => rng.u32()) };
  });
};

/** Each step as often as its weight says. */
const WEIGHTS: readonly (readonly [Step, number])[] = [
  [access, 3],
  [accessLoad, 2],
  [accessResult, 2],
  [replay, 2],
  [stale, 5],
  [change, 3],
  [invalidate, 1],
  [copy, 2],
  [copyTable, 1],
  [copyBaseline, 1],
  [copyTranslated, 3],
  [chase, 1],
  [fill, 1],
  [fillSeeded, 1],
  [hash, 2],
  [readback, 1],
  [upload, 1],
  [cpuAccess, 2],
  [rawEntries, 2],
];
const STEPS: readonly Step[] = WEIGHTS.flatMap(([step, weight]) => Array.from({ length: weight }, () => step));
