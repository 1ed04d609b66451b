// Rates of page-table edits: ranges of one size entered into tables, and zeroed again, as binds and invalidations do it.
import { TLB_INVAL_ALL, VRAM_SPACE, type Command } from '../../src/engine/plan/commands.ts';
import type { Arena } from '../../src/lab/measure/arena.ts';
import type { BenchCase, PreparedCase } from '../../src/lab/measure/bench-case.ts';
import { cyclicRegion, judgeFrames } from '../../src/lab/measure/chunk-plan.ts';
import { shuffled } from '../../src/lab/measure/sampler.ts';
import { entryHi, entryLo, LEAF } from '../../src/lab/measure/table-images.ts';
import type { Rng } from '../../src/base/rng.ts';

/** Tables that are edited: 64 of level 0 map 128 MiB. */
const TABLES = 64;
const TABLE_WORDS = 1024;
const MAX_OPS = 1 << 17;
const ASID = 0xffffd;

/** Entries that a range of each size takes (xe.md §5.10), and their flags. */
const RANGES = [
  { name: '4K', entries: 1, flags: LEAF.vram, leaf: 'one 4 KiB entry' },
  { name: '64K', entries: 16, flags: LEAF.vram | LEAF.part64K, leaf: '16 entries that form 64 KiB' },
  { name: '2M', entries: 1, flags: LEAF.vram | LEAF.large, leaf: 'one 2 MiB entry' },
] as const;
type Range = (typeof RANGES)[number];

export const PAGE_TABLE_CASES: readonly BenchCase[] = RANGES.flatMap((range) => [bindOf(range), zapOf(range)]);

function bindOf(range: Range): BenchCase {
  return {
    id: `pt.bind.${range.name}`,
    about: `${range.name} ranges entered into page tables in random places (${range.leaf})`,
    unit: 'binds/s',
    measure: 'rate',
    convention: `ranges entered a second, ${range.leaf} each; tables exist already`,
    peer: null,
    limit: null,
    group: `pt.${range.name}`,
    prepare: (arena, rng) => prepareBind(arena, range, rng),
  };
}

function zapOf(range: Range): BenchCase {
  return {
    id: `pt.zap.${range.name}`,
    about: `${range.name} ranges zeroed in page tables in random places, then one TLB invalidation`,
    unit: 'zaps/s',
    measure: 'rate',
    convention: `ranges zeroed a second, ${range.leaf} each; one TLB invalidation of the address space at the end is part of the time`,
    peer: `pt.bind.${range.name}`,
    limit: null,
    group: `pt.${range.name}`,
    prepare: (arena, rng) => prepareZap(arena, range, rng),
  };
}

/** Where range k goes: table and first entry, each place once in a cycle. */
interface Places {
  readonly first: number;
  readonly order: readonly number[];
  readonly perTable: number;
}

function placesOf(arena: Arena, range: Range, rng: Rng): Places {
  const perTable = 512 / range.entries;
  const order = shuffled([...Array(TABLES * perTable).keys()], rng);
  return { first: arena.takeTables(TABLES), order, perTable };
}

function prepareBind(arena: Arena, range: Range, rng: Rng): PreparedCase {
  const places = placesOf(arena, range, rng);
  const bind = (at: number): Command => {
    const { table, index, place } = placeOf(places, range, at);
    return { op: 'pteWrite', space: VRAM_SPACE, table, index, entries: entriesOf(range, place) };
  };
  const some = (first: number, count: number): Command[] => Array.from({ length: count }, (_, i) => bind(first + i));
  const clean = emptied(places, 0);
  const commands = [clean, ...some(0, places.order.length), readAll(places)];
  const expected = expectedTables(places, range);
  return {
    setup: [clean],
    maxOps: MAX_OPS,
    amountPerOp: 1,
    region: (ops, start) => cyclicRegion(places.order.length, ops, start, some),
    check: { commands, judge: (completion) => judgeFrames(completion, expected) },
    params: { entriesPerRange: range.entries, tables: TABLES },
  };
}

function prepareZap(arena: Arena, range: Range, rng: Rng): PreparedCase {
  const places = placesOf(arena, range, rng);
  const zap = (at: number): Command => {
    const { table, index } = placeOf(places, range, at);
    return { op: 'zap', space: VRAM_SPACE, table, index, count: range.entries };
  };
  const some = (first: number, count: number): Command[] => Array.from({ length: count }, (_, i) => zap(first + i));
  const invalidate: Command = { op: 'tlbInval', asid: ASID, vpn: 0, log2Pages: TLB_INVAL_ALL };
  const full = emptied(places, 0xffffffff);
  const commands = [full, ...some(0, places.order.length), readAll(places)];
  const zero = Array.from({ length: TABLES }, () => new Uint32Array(TABLE_WORDS));
  return {
    setup: [full],
    maxOps: MAX_OPS,
    amountPerOp: 1,
    region: (ops, start) => {
      const { before, timed } = cyclicRegion(places.order.length, ops, start, some);
      return { before, timed: [...timed, invalidate] };
    },
    check: { commands, judge: (completion) => judgeFrames(completion, zero) },
    params: { entriesPerRange: range.entries, tables: TABLES },
  };
}

function placeOf(
  { first, order, perTable }: Places,
  range: Range,
  at: number,
): { table: number; index: number; place: number } {
  const place = order[at] as number;
  return { table: first + Math.floor(place / perTable), index: (place % perTable) * range.entries, place };
}

/** The range at a place maps its own pages: every entry is distinct. */
function entriesOf(range: Range, place: number): Uint32Array {
  const step = range.name === '2M' ? 512 : 1;
  const entries = new Uint32Array(2 * range.entries);
  for (let i = 0; i < range.entries; i++) {
    const frame = (place * range.entries + i) * step;
    entries[2 * i] = entryLo(frame, range.flags);
    entries[2 * i + 1] = entryHi(frame);
  }
  return entries;
}

function expectedTables(places: Places, range: Range): Uint32Array[] {
  const tables = Array.from({ length: TABLES }, () => new Uint32Array(TABLE_WORDS));
  for (const at of places.order.keys()) {
    const { table, index, place } = placeOf(places, range, at);
    tables[table - places.first]?.set(entriesOf(range, place), 2 * index);
  }
  return tables;
}

function emptied({ first }: Places, pattern: number): Command {
  return { op: 'fill', space: VRAM_SPACE, frame: first, pages: TABLES, pattern };
}

function readAll({ first }: Places): Command {
  return { op: 'readback', space: VRAM_SPACE, frame: first, pages: TABLES };
}
