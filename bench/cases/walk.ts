// Rates of address translation: accesses of GPU programs that walk mapped tables, in order or at random, with and without a TLB.
import type { Rng } from '../../src/base/rng.ts';
import { pageKey, seededWord } from '../../src/base/mix.ts';
import { vaHi, vaLo, type Vpn } from '../../src/base/units.ts';
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
import { LEAF, TableImages } from '../../src/lab/measure/table-images.ts';

/** Most accesses of one command: the cookie of a fault record has 16 bits. */
const SLICE = 65_536;
/** Where Linux maps large anonymous memory; 2 MiB aligned. */
const BASE_VPN: Vpn = 0x7f0000000;
const ASID = 0xffffc;

const ORDERS = ['sequential', 'random'] as const;
const LEAVES = [
  { name: '4K', level: 0, pages: 1, tables: 5 },
  { name: '2M', level: 1, pages: 512, tables: 4 },
] as const;
type Order = (typeof ORDERS)[number];
type Leaf = (typeof LEAVES)[number];

export const WALK_CASES: readonly BenchCase[] = LEAVES.flatMap((leaf) =>
  ORDERS.flatMap((order) => [walkOf(order, leaf, false), walkOf(order, leaf, true)]),
);

function walkOf(order: Order, leaf: Leaf, tlb: boolean): BenchCase {
  const id = `walk.${order}.${leaf.name}`;
  const how = tlb ? 'a look-up in the TLB model, and a walk where that misses' : `a walk of ${leaf.tables} tables`;
  return {
    id: tlb ? `${id}.tlb` : id,
    about: `${order} loads from mapped pages, ${leaf.name} leaves, ${tlb ? 'with the TLB model' : 'every one walks'}`,
    unit: 'walks/s',
    measure: 'rate',
    convention: `loads of one word completed a second; each is ${how}, then the load`,
    peer: tlb ? id : null,
    limit: null,
    group: `walk.${order}.${leaf.name}`,
    prepare: (arena, rng) => prepareWalk(arena, order, leaf, tlb, rng),
  };
}

function prepareWalk(arena: Arena, order: Order, leaf: Leaf, tlb: boolean, rng: Rng): PreparedCase {
  const images = mapData(arena, leaf);
  const { accesses, dataPages } = arena.size;
  const records = loads(accesses, (i) => (order === 'sequential' ? i % dataPages : rng.below(dataPages)), rng);
  const load = (count: number): Command => ({
    op: 'accessLoad',
    base: 0,
    records: records.subarray(0, count * ACCESS_RECORD_WORDS),
  });
  const commands = [load(accesses), ...accessAll(images.root, accesses, tlb), resultsOf(accesses)];
  return {
    setup: [...images.uploads(), arena.fill(SPACES.vram)],
    maxOps: accesses,
    amountPerOp: 1,
    // Loading marks every access pending again; it is no part of a walk.
    region: (ops) => ({ before: [load(ops)], timed: accessAll(images.root, ops, tlb) }),
    check: { commands, judge: (completion) => judgeLoads(arena, records, completion) },
    params: { leafBytes: leaf.pages * 4096, mappedPages: dataPages, tlb },
  };
}

function mapData(arena: Arena, leaf: Leaf): TableImages {
  const images = new TableImages(() => arena.takeTables(1));
  for (let frame = 0; frame < arena.size.dataPages; frame += leaf.pages)
    images.map(BASE_VPN + frame, leaf.level, frame, LEAF.vram);
  return images;
}

/** Records that load a random word of the page that `pageOf` chooses. */
function loads(count: number, pageOf: (index: number) => number, rng: Rng): Uint32Array {
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

function accessAll(root: WalkRoot, count: number, tlb: boolean): Command[] {
  const commands: Command[] = [];
  for (let base = 0; base < count; base += SLICE)
    commands.push({ op: 'access', asid: ASID, root, base, count: Math.min(SLICE, count - base), tlb, chained: false });
  return commands;
}

function resultsOf(count: number): Command {
  return { op: 'accessResult', base: 0, count };
}

/** Every load must have come back with the seeded word; pages are counted once. */
function judgeLoads(arena: Arena, records: Uint32Array, completion: Completion): Verification {
  const wrong = new Set<number>();
  const seen = new Set<number>();
  for (let i = 0; i * ACCESS_RECORD_WORDS < records.length; i++) {
    const lo = records[i * ACCESS_RECORD_WORDS] as number;
    const page = (lo - vaLo(BASE_VPN)) >>> 12;
    const status = completion.io[i * ACCESS_RESULT_WORDS];
    const value = completion.io[i * ACCESS_RESULT_WORDS + 1];
    const right = status === ACCESS_STATUS.done && value === seededWord(pageKey(arena.seed, page), (lo >>> 2) % 1024);
    seen.add(page);
    if (!right) wrong.add(page);
  }
  return { pagesChecked: seen.size, mismatchedPages: wrong.size };
}
