// Rates of page-table edits as the driver stages them: ranges bound, zapped and unbound in random places.
import type { Rng } from '../../src/base/rng.ts';
import { WORDS_PER_PAGE } from '../../src/base/units.ts';
import { TLB_INVAL_ALL, VRAM_SPACE, type Command } from '../../src/engine/plan/commands.ts';
import type { Arena } from '../../src/lab/measure/arena.ts';
import type { BenchCase, PreparedCase } from '../../src/lab/measure/bench-case.ts';
import { cyclicRegion, judgeFrames } from '../../src/lab/measure/chunk-plan.ts';
import { shuffled } from '../../src/lab/measure/sampler.ts';
import { StagedTables, storedTables, type Piece } from '../../src/lab/measure/staged-tables.ts';
import { entryHi, entryLo } from '../../src/lab/measure/table-images.ts';
import { LEAVES, type LeafKind } from './leaves.ts';

/** Tables with leaves: 64 of level 0 map 128 MiB. 1G entries fill fewer, so that what they map stays within 52 bits. */
const TABLES = 64;
const TABLES_1G = 8;
const MAX_OPS = 1 << 17;
const ASID = 0xffffd;
/** Recycled frames hold old bytes; so do ours. */
const OLD = 0xdeadbeef;

const EDITS = ['bind', 'zap', 'unbind'] as const;
type Edit = (typeof EDITS)[number];

const ABOUT: Readonly<Record<Edit, string>> = {
  bind: 'bound in random places of one table after another, tables made on the way',
  zap: 'zeroed in random places of one table after another, then one TLB invalidation',
  unbind:
    'taken out in random places of one table after another, with tables that become empty, then one TLB invalidation',
};
const TIMED: Readonly<Record<Edit, string>> = {
  bind: 'staged by the driver model: where a table is missing, it is made',
  zap: 'one TLB invalidation of the address space at the end is part of the time',
  unbind:
    'where a range was the last in its table, the entry above goes instead, and so on up; one TLB invalidation at the end is part of the time',
};

export const PAGE_TABLE_CASES: readonly BenchCase[] = LEAVES.flatMap((kind) => [
  ...EDITS.map((edit) => editOf(kind, edit)),
  storeOf(kind),
]);

function editOf(kind: LeafKind, edit: Edit): BenchCase {
  return {
    id: `pt.${edit}.${kind.name}`,
    about: `ranges of ${kind.leaf} ${ABOUT[edit]}`,
    unit: 'ranges/s',
    measure: 'rate',
    convention: `ranges a second, ${kind.leaf} each; ${TIMED[edit]}`,
    peer: `peer.store.${kind.name}`,
    limit: null,
    tier: kind.name === '64Kcompact' || kind.name === '1G' || edit === 'unbind' ? 'more' : 'core',
    group: `pt.${kind.name}`,
    prepare: (arena, rng) => prepareEdit(arena, kind, edit, rng),
  };
}

/** What an edit comes to at best: the entries alone, one store a range. */
function storeOf(kind: LeafKind): BenchCase {
  return {
    id: `peer.store.${kind.name}`,
    about: `the same ranges (${kind.leaf}) stored into tables that exist, one command each`,
    unit: 'ranges/s',
    measure: 'rate',
    convention: `ranges a second, ${kind.leaf} each; no tables are made, nothing is invalidated`,
    peer: null,
    limit: null,
    tier: 'more',
    group: `pt.${kind.name}`,
    prepare: (arena, rng) => prepareStore(arena, kind, rng),
  };
}

function leafTables({ name }: LeafKind): number {
  return name === '1G' ? TABLES_1G : TABLES;
}

function rangesPerTable({ name, entries }: LeafKind): number {
  return name === '64Kcompact' ? 1 : 512 / entries;
}

/**
 * Ranges by number, each once: table after table in random order, in random places of each. So tables are made, and become
 * empty, evenly over the sequence, and any part of it stands for the whole.
 */
function orderOf(kind: LeafKind, rng: Rng): number[] {
  const perTable = rangesPerTable(kind);
  const places = Array.from({ length: perTable }, (_, i) => i);
  const tables = shuffled([...Array(leafTables(kind)).keys()], rng);
  return tables.flatMap((table) => shuffled(places, rng).map((place) => table * perTable + place));
}

function prepareEdit(arena: Arena, kind: LeafKind, edit: Edit, rng: Rng): PreparedCase {
  const order = orderOf(kind, rng);
  const frames: number[] = [];
  const take = (): number => {
    const frame = arena.takeTables(1);
    frames.push(frame);
    return frame;
  };
  const tables = new StagedTables(ASID, take);
  const bound = order.map((range) => tables.bind(range * kind.rangePages, piecesOf(kind, range)));
  const edits = edit === 'bind' ? bound : order.map((range) => takeOut(tables, edit, range * kind.rangePages, kind));
  const before = [...tables.setup, ...(edit === 'bind' ? [] : bound.flat())];
  return editCase({ before, edits, end: edit === 'bind' ? [] : [INVALIDATE], frames, kind });
}

function takeOut(tables: StagedTables, edit: 'zap' | 'unbind', vpn: number, { rangePages }: LeafKind): Command[] {
  return edit === 'zap' ? tables.zap(vpn, rangePages) : tables.unbind(vpn, rangePages);
}

const INVALIDATE: Command = { op: 'tlbInval', asid: ASID, vpn: 0, log2Pages: TLB_INVAL_ALL };

/** Compact tables need pieces that do not follow each other: memory in one piece would get a 2M leaf. */
function piecesOf({ name, rangePages }: LeafKind, range: number): Piece[] {
  if (name !== '64Kcompact') return [{ frame: range * rangePages, pages: rangePages }];
  return Array.from({ length: 32 }, (_, i) => ({ frame: 32 * (32 * range + i), pages: 16 }));
}

interface EditParts {
  /** Commands that make the tables what the edits begin with. */
  readonly before: readonly Command[];
  /** Commands of each range's edit. */
  readonly edits: readonly (readonly Command[])[];
  /** Commands at the end of a region. */
  readonly end: readonly Command[];
  /** The tables, in a row. */
  readonly frames: readonly number[];
  readonly kind: LeafKind;
}

/** Regions repeat the edits: on tables that have them already, they store the same words again. */
function editCase({ before, edits, end, frames, kind }: EditParts): PreparedCase {
  const first = frames[0] as number;
  const count = frames.length;
  const old: Command = { op: 'fill', space: VRAM_SPACE, frame: first, pages: count, pattern: OLD };
  const image = (): Command => {
    return { op: 'upload', space: VRAM_SPACE, frame: first, words: imageOf(before, first, count) };
  };
  const start = before.length === 0 ? [old] : [old, image()];
  const all = edits.flat();
  const some = (from: number, ranges: number): Command[] => edits.slice(from, from + ranges).flat();
  const expected = storedTables([...before, ...all], first, count, OLD);
  return {
    setup: start,
    maxOps: MAX_OPS,
    amountPerOp: 1,
    region: (ops, from) => {
      const region = cyclicRegion(edits.length, ops, from, some);
      return { before: region.before, timed: [...region.timed, ...end] };
    },
    check: {
      commands: [...start, ...all, readBack(first, count)],
      judge: (completion) => judgeFrames(completion, expected),
    },
    params: { entriesPerRange: kind.entries, tables: count, commandsPerRange: all.length / edits.length },
  };
}

/** The tables as commands leave them, in one piece. */
function imageOf(commands: readonly Command[], first: number, count: number): Uint32Array {
  const words = new Uint32Array(count * WORDS_PER_PAGE);
  storedTables(commands, first, count, OLD).forEach((table, i) => words.set(table, i * WORDS_PER_PAGE));
  return words;
}

function readBack(frame: number, pages: number): Command {
  return { op: 'readback', space: VRAM_SPACE, frame, pages };
}

function prepareStore(arena: Arena, kind: LeafKind, rng: Rng): PreparedCase {
  const order = orderOf(kind, rng);
  const count = leafTables(kind);
  const first = arena.takeTables(count);
  const perTable = rangesPerTable(kind);
  const edits = order.map((range): Command[] => {
    const index = (range % perTable) * kind.entries;
    const table = first + Math.floor(range / perTable);
    return [{ op: 'pteWrite', space: VRAM_SPACE, table, index, entries: entriesOf(kind, range) }];
  });
  const frames = Array.from({ length: count }, (_, i) => first + i);
  return editCase({ before: [], edits, end: [], frames, kind });
}

/** The range maps its own pages: every entry is distinct. */
function entriesOf({ entries, entryPages, flags }: LeafKind, range: number): Uint32Array {
  const words = new Uint32Array(2 * entries);
  for (let i = 0; i < entries; i++) {
    const frame = (range * entries + i) * entryPages;
    words[2 * i] = entryLo(frame, flags);
    words[2 * i + 1] = entryHi(frame);
  }
  return words;
}
