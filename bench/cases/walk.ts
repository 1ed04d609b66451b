// Rates of address translation: accesses of GPU programs that walk mapped tables, in order or at random, with and without a TLB.
import type { Rng } from '../../src/base/rng.ts';
import { mix32, pageKey, seededWord } from '../../src/base/mix.ts';
import { PAGE_SIZE, vaHi, vaLo, WORDS_PER_PAGE, type Vpn } from '../../src/base/units.ts';
import {
  ACCESS_KIND,
  ACCESS_RECORD_WORDS,
  ACCESS_RESULT_WORDS,
  ACCESS_STATUS,
  type Command,
  type WalkRoot,
} from '../../src/engine/plan/commands.ts';
import { SPACES, type Arena } from '../../src/lab/measure/arena.ts';
import type { BenchCase, PreparedCase } from '../../src/lab/measure/bench-case.ts';
import type { Completion } from '../../src/engine/plan/job.ts';
import type { Verification } from '../../src/lab/measure/report.ts';
import { TableImages } from '../../src/lab/measure/table-images.ts';
import { LEAVES, type LeafKind } from './leaves.ts';

/** Most accesses of one command: the cookie of a fault record has 16 bits. */
const SLICE = 65_536;
/** Where Linux maps large anonymous memory; 1 GiB aligned. */
const BASE_VPN: Vpn = 0x7f0000000;
const ASID = 0xffffc;

const ORDERS = ['sequential', 'random'] as const;
type Order = (typeof ORDERS)[number];

/** What an access does: walk and load, look up in the TLB model first, or walk and say which frame that led to. */
const MODES = ['load', 'tlb', 'translate'] as const;
type Mode = (typeof MODES)[number];

export const WALK_CASES: readonly BenchCase[] = LEAVES.flatMap((kind) => [
  ...ORDERS.flatMap((order) => MODES.map((mode) => walkOf(order, kind, mode))),
  chaseOf(kind, 'load'),
  chaseOf(kind, 'translate'),
]);

function walkOf(order: Order, kind: LeafKind, mode: Mode): BenchCase {
  const id = `walk.${order}.${kind.name}`;
  const about = {
    load: 'loads from mapped pages, every one walks',
    tlb: 'loads from mapped pages, with the TLB model',
    translate: 'walks of mapped pages, nothing is loaded behind them',
  };
  const counted = {
    load: `loads of one word completed a second; each is a walk of ${kind.walked} tables, then the load`,
    tlb: 'loads of one word completed a second; each is a look-up in the TLB model, and a walk where that misses, then the load',
    translate: `walks of ${kind.walked} tables completed a second`,
  };
  const chase = chaseId(kind, mode === 'translate' ? 'translate' : 'load');
  return {
    id: mode === 'load' ? id : `${id}.${mode}`,
    about: `${order} ${about[mode]}; ${kind.name} leaves`,
    unit: 'walks/s',
    measure: 'rate',
    convention: counted[mode],
    peer: mode === 'tlb' ? id : chase,
    limit: chase,
    tier: kind.name === '4K' || kind.name === '2M' ? 'core' : 'more',
    group: `walk.${kind.name}`,
    prepare: (arena, rng) => prepareWalk(arena, order, kind, mode, rng),
  };
}

function chaseId({ name }: LeafKind, what: 'load' | 'translate'): string {
  return what === 'load' ? `peer.chase.${name}` : `peer.chase.${name}.translate`;
}

/** What a walk can reach at best: as many loads, each of which needs the one before, and nothing else. */
function chaseOf(kind: LeafKind, what: 'load' | 'translate'): BenchCase {
  const loads = kind.walked + (what === 'load' ? 1 : 0);
  return {
    id: chaseId(kind, what),
    about: `chains of ${loads} dependent loads in random places, as many as a walk with ${kind.name} leaves${what === 'load' ? ' and its load' : ''}`,
    unit: 'walks/s',
    measure: 'rate',
    convention: `chains of ${loads} loads completed a second, over as many bytes as the tables of the walk have`,
    peer: null,
    limit: null,
    tier: 'more',
    group: `walk.${kind.name}`,
    prepare: (arena) => prepareChase(arena, kind, loads),
  };
}

function prepareWalk(arena: Arena, order: Order, kind: LeafKind, mode: Mode, rng: Rng): PreparedCase {
  const images = new TableImages(() => arena.takeTables(1));
  mapData(images, arena.size.dataPages, kind);
  const { accesses, dataPages } = arena.size;
  const records = recordsOf(accesses, (i) => (order === 'sequential' ? i % dataPages : rng.below(dataPages)), rng);
  const load = (count: number): Command => ({
    op: 'accessLoad',
    base: 0,
    records: records.subarray(0, count * ACCESS_RECORD_WORDS),
  });
  const commands = [load(accesses), ...accessAll(images.root, accesses, mode), resultsOf(accesses)];
  return {
    setup: [...images.uploads(), arena.fill(SPACES.vram)],
    maxOps: accesses,
    amountPerOp: 1,
    // Loading marks every access pending again; it is no part of a walk.
    region: (ops) => ({ before: [load(ops)], timed: accessAll(images.root, ops, mode) }),
    check: { commands, judge: (completion) => judgeAccesses(arena, records, mode, completion) },
    params: {
      leafBytes: kind.entryPages * PAGE_SIZE,
      mappedPages: dataPages,
      tables: images.tables,
      tlb: mode === 'tlb',
    },
  };
}

/** All data pages in order from BASE_VPN on. A 1G leaf maps beyond the data, where nothing is accessed. */
function mapData(images: TableImages, dataPages: number, kind: LeafKind): void {
  const { entryPages, level, flags } = kind;
  for (let frame = 0; frame < dataPages; frame += entryPages) {
    if (kind.name === '64Kcompact') images.mapCompact(BASE_VPN + frame, frame, flags);
    else images.map(BASE_VPN + frame, level, frame, flags);
  }
}

/** Records that load a random word of the page that `pageOf` chooses. */
function recordsOf(count: number, pageOf: (index: number) => number, rng: Rng): Uint32Array {
  const records = new Uint32Array(count * ACCESS_RECORD_WORDS);
  for (let i = 0; i < count; i++) {
    const vpn = BASE_VPN + pageOf(i);
    const at = i * ACCESS_RECORD_WORDS;
    records[at] = vaLo(vpn) + 4 * rng.below(1024);
    records[at + 1] = vaHi(vpn);
    records[at + 2] = ACCESS_KIND.read;
  }
  return records;
}

function accessAll(root: WalkRoot, total: number, mode: Mode): Command[] {
  const commands: Command[] = [];
  const how = { tlb: mode === 'tlb', chained: false, translateOnly: mode === 'translate' };
  for (let base = 0; base < total; base += SLICE)
    commands.push({ op: 'access', asid: ASID, root, base, count: Math.min(SLICE, total - base), ...how });
  return commands;
}

function resultsOf(count: number): Command {
  return { op: 'accessResult', base: 0, count };
}

/** Every load must have come back with the seeded word, every walk with the page's frame; pages are counted once. */
function judgeAccesses(arena: Arena, records: Uint32Array, mode: Mode, { io }: Completion): Verification {
  const wrong = new Set<number>();
  const seen = new Set<number>();
  const wanted = mode === 'translate' ? ACCESS_STATUS.translated : ACCESS_STATUS.done;
  for (let i = 0; i * ACCESS_RECORD_WORDS < records.length; i++) {
    const lo = records[i * ACCESS_RECORD_WORDS] as number;
    const page = (lo - vaLo(BASE_VPN)) >>> 12;
    const value = mode === 'translate' ? page : seededWord(pageKey(arena.seed, page), (lo >>> 2) % 1024);
    const right = io[i * ACCESS_RESULT_WORDS] === wanted && io[i * ACCESS_RESULT_WORDS + 1] === value;
    seen.add(page);
    if (!right) wrong.add(page);
  }
  return { pagesChecked: seen.size, mismatchedPages: wrong.size };
}

/** The power of two of pages that is nearest above the tables that the walks with this kind of leaf read. */
function chasedPages(arena: Arena, kind: LeafKind): number {
  let tables = 0;
  const images = new TableImages(() => tables++);
  mapData(images, arena.size.dataPages, kind);
  return Math.min(arena.size.dataPages, 2 ** Math.ceil(Math.log2(tables)));
}

function prepareChase(arena: Arena, kind: LeafKind, loads: number): PreparedCase {
  const { accesses } = arena.size;
  const pages = chasedPages(arena, kind);
  // Loading marks all results pending: those of the timing must not pass for the check's.
  const pending: Command = { op: 'accessLoad', base: 0, records: new Uint32Array(accesses * ACCESS_RECORD_WORDS) };
  const commands = [pending, ...chaseAll(pages, accesses, loads), resultsOf(accesses)];
  return {
    setup: [arena.fill(SPACES.vram)],
    maxOps: accesses,
    amountPerOp: 1,
    region: (ops) => ({ before: [], timed: chaseAll(pages, ops, loads) }),
    check: { commands, judge: (completion) => judgeChains(arena, pages, loads, completion) },
    params: { loads, chasedBytes: pages * PAGE_SIZE },
  };
}

/** In commands of as many lanes as those of walks have. */
function chaseAll(pages: number, count: number, loads: number): Command[] {
  const commands: Command[] = [];
  for (let base = 0; base < count; base += SLICE) {
    const lanes = Math.min(SLICE, count - base);
    commands.push({ op: 'chase', space: SPACES.vram, frame: 0, pages, base, count: lanes, loads });
  }
  return commands;
}

/** Follows every chain on the host, through the seeded contents; counts chains. */
function judgeChains(arena: Arena, pages: number, loads: number, { io }: Completion): Verification {
  const words = seededLows(arena.seed, pages);
  const lanes = io.length / ACCESS_RESULT_WORDS;
  let mismatchedPages = 0;
  for (let lane = 0; lane < lanes; lane++) {
    let low = mix32(lane);
    for (let load = 0; load < loads; load++) low = words[low % words.length] as number;
    const done = io[lane * ACCESS_RESULT_WORDS] === ACCESS_STATUS.done;
    if (!done || io[lane * ACCESS_RESULT_WORDS + 1] !== low) mismatchedPages++;
  }
  return { pagesChecked: lanes, mismatchedPages };
}

/** Low word of every 8-byte entry of seeded pages 0 …. */
function seededLows(seed: number, pages: number): Uint32Array {
  const perPage = WORDS_PER_PAGE / 2;
  return Uint32Array.from({ length: pages * perPage }, (_, entry) => {
    return seededWord(pageKey(seed, Math.floor(entry / perPage)), 2 * (entry % perPage));
  });
}
