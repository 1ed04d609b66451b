// How fast entries get into page tables at best: full stores, against a linear copy of the same bytes.
import { hashPage, fillSeededPage, pageKey } from '../../src/base/mix.ts';
import { PAGE_SIZE, WORDS_PER_PAGE } from '../../src/base/units.ts';
import { MAX_PTE_WRITE_ENTRIES, type Command } from '../../src/engine/plan/commands.ts';
import type { Completion } from '../../src/engine/plan/job.ts';
import { SPACES, type Arena } from '../../src/lab/measure/arena.ts';
import type { BenchCase, PreparedCase } from '../../src/lab/measure/bench-case.ts';
import { cyclicRegion } from '../../src/lab/measure/chunk-plan.ts';
import type { Verification } from '../../src/lab/measure/report.ts';
import { entryHi, entryLo } from '../../src/lab/measure/table-images.ts';
import { LEAVES, type LeafKind } from './leaves.ts';

const ENTRY_BYTES = 8;
/** Tables whose entries, or pages whose words, are stored again and again: 2 MiB, what a submission can hold resident. */
const SOURCE_PAGES = 512;
/** Words of entries that one submission holds (flush-limits.ts); a longer region would time the host between two of them. */
const RESIDENT_WORDS = 1 << 20;
/** What a table held before. */
const OLD = 0xdeadbeef;
const PAYLOAD = 'payload bytes stored a second, 8 an entry; each is read once and written once';

export const PAGE_TABLE_WRITE_CASES: readonly BenchCase[] = LEAVES.flatMap((kind) => [writeOf(kind), linearOf(kind)]);

function writeOf(kind: LeafKind): BenchCase {
  const count = runEntries(kind);
  return {
    id: `pt.write.${kind.name}`,
    about: `page-table entries (${kind.name} leaves) stored in runs of ${count}, one run a table`,
    unit: 'B/s',
    measure: 'rate',
    convention: `${PAYLOAD}; entries are on the device before the clock of the GPU starts`,
    peer: `peer.linearEntries.${kind.name}`,
    limit: `peer.linearEntries.${kind.name}`,
    tier: kind.name === '4K' || kind.name === '64K' ? 'core' : 'more',
    group: `pt.${kind.name}`,
    prepare: (arena) => prepareWrite(arena, kind),
  };
}

function linearOf(kind: LeafKind): BenchCase {
  return {
    id: `peer.linearEntries.${kind.name}`,
    about: `a linear copy of as many bytes as pt.write.${kind.name} has tables, element by element of 8 bytes`,
    unit: 'B/s',
    measure: 'rate',
    convention: PAYLOAD,
    peer: null,
    limit: null,
    tier: 'more',
    group: `pt.${kind.name}`,
    prepare: prepareLinear,
  };
}

/** Entries of one store: as many as a packet holds in whole ranges, or all of a compact table. */
function runEntries({ entries, name }: LeafKind): number {
  if (name === '64Kcompact') return entries;
  return MAX_PTE_WRITE_ENTRIES - (MAX_PTE_WRITE_ENTRIES % entries);
}

/** Every page of the VRAM's data serves as a table; table t gets the entries of run t mod SOURCE_PAGES. */
function prepareWrite(arena: Arena, kind: LeafKind): PreparedCase {
  const { dataPages } = arena.size;
  const entries = runEntries(kind);
  const runs = Array.from({ length: SOURCE_PAGES }, (_, run) => entriesOf(kind, run * entries, entries));
  const store = (table: number): Command => {
    return { op: 'pteWrite', space: SPACES.vram, table, index: 0, entries: runs[table % SOURCE_PAGES] as Uint32Array };
  };
  const some = (first: number, count: number): Command[] => Array.from({ length: count }, (_, i) => store(first + i));
  const old: Command = { op: 'fill', space: SPACES.vram, frame: 0, pages: dataPages, pattern: OLD };
  const expected = hashesOf(SOURCE_PAGES, (page, words) => words.fill(OLD).set(runs[page] as Uint32Array));
  return {
    setup: [old],
    maxOps: Math.floor(RESIDENT_WORDS / (2 * entries)),
    amountPerOp: entries * ENTRY_BYTES,
    region: (ops, start) => cyclicRegion(dataPages, ops, start, some),
    check: {
      commands: [old, ...some(0, dataPages), arena.hashAll(SPACES.vram)],
      judge: (completion) => judgeHashes(completion, expected, dataPages),
    },
    params: {
      entriesPerRun: entries,
      sourceBytes: SOURCE_PAGES * entries * ENTRY_BYTES,
      ...arena.workingSet(dataPages * PAGE_SIZE),
    },
  };
}

function prepareLinear(arena: Arena): PreparedCase {
  const { dataPages } = arena.size;
  const times = dataPages / SOURCE_PAGES;
  const copy = (part: number): Command => ({
    op: 'copyBaseline',
    method: 'linearEntries',
    srcSpace: SPACES.system,
    srcFrame: 0,
    dstSpace: SPACES.vram,
    dstFrame: part * SOURCE_PAGES,
    pages: SOURCE_PAGES,
  });
  const some = (first: number, count: number): Command[] => Array.from({ length: count }, (_, i) => copy(first + i));
  const expected = hashesOf(SOURCE_PAGES, (page, words) => fillSeededPage(words, pageKey(arena.seed, page)));
  return {
    setup: [arena.fill(SPACES.system)],
    maxOps: 1 << 12,
    amountPerOp: SOURCE_PAGES * PAGE_SIZE,
    region: (ops, start) => cyclicRegion(times, ops, start, some),
    check: {
      commands: [arena.poison(SPACES.vram), ...some(0, times), arena.hashAll(SPACES.vram)],
      judge: (completion) => judgeHashes(completion, expected, dataPages),
    },
    params: { sourceBytes: SOURCE_PAGES * PAGE_SIZE, ...arena.workingSet(dataPages * PAGE_SIZE) },
  };
}

/** Entries `first` … of an address space whose pages follow each other in VRAM. */
function entriesOf({ entryPages, flags }: LeafKind, first: number, count: number): Uint32Array {
  const words = new Uint32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const frame = (first + i) * entryPages;
    words[2 * i] = entryLo(frame, flags);
    words[2 * i + 1] = entryHi(frame);
  }
  return words;
}

function hashesOf(pages: number, fill: (page: number, words: Uint32Array) => void): Uint32Array {
  const words = new Uint32Array(WORDS_PER_PAGE);
  const hashes = new Uint32Array(2 * pages);
  for (let page = 0; page < pages; page++) {
    fill(page, words);
    hashPage(words, 0, hashes, 2 * page);
  }
  return hashes;
}

/** Page p holds what page p mod the number of expected hashes does. */
function judgeHashes({ io }: Completion, expected: Uint32Array, pages: number): Verification {
  let mismatchedPages = 0;
  for (let page = 0; page < pages; page++) {
    const at = (2 * page) % expected.length;
    if (io[2 * page] !== expected[at] || io[2 * page + 1] !== expected[at + 1]) mismatchedPages++;
  }
  return { pagesChecked: pages, mismatchedPages };
}
