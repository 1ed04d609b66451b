// The walker: golden cases for each kind of leaf at each level, both ends of each leaf, and each way to stop (xe.md §5.8).
import { describe, expect, test } from 'vitest';
import { vaHi, vaLo } from '../../../src/base/units.ts';
import {
  newLeaf,
  walk,
  WALK_ABSENT,
  WALK_CORRUPT,
  WALK_HIT,
  WALK_NULL,
  type Leaf,
} from '../../../src/engine/twin/walk.ts';
import { BIT, entry, PageTables } from '../../support/page-tables.ts';

/** Page number of 0x7f00_0000_0000, the base of the golden vectors (xe.md §5.10). */
const B = 0x7f00_0000_0000 / 4096;
const FRAMES = 64;

/** Tables in a small space; `next` counts the frames taken. */
function newTables(level: number): { words: Uint32Array; tables: PageTables; store: () => void } {
  const words = new Uint32Array(FRAMES * 1024);
  let next = 1;
  const tables = new PageTables(1, level, () => next++);
  const store = (): void => {
    for (const write of tables.take()) words.set(write.entries, write.table * 1024 + 2 * write.index);
  };
  return { words, tables, store };
}

function walkTo(words: Uint32Array, tables: PageTables, vpn: number): Leaf {
  const leaf = newLeaf();
  walk(words, tables.root.frame, tables.level, vaLo(vpn), vaHi(vpn), leaf);
  return leaf;
}

describe.each([3, 4])('a walk from level %i', (rootLevel) => {
  test.each([
    { kind: '4K', pages: 1, level: 0, line: 0 },
    { kind: 'ps64', pages: 16, level: 0, line: 4 },
    { kind: 'compact64K', pages: 16, level: 0, line: 4 },
    { kind: '2M', pages: 512, level: 1, line: 9 },
    { kind: '1G', pages: 2 ** 18, level: 2, line: 18 },
  ] as const)('finds first and last page of a $kind leaf, and stops beside it', ({ kind, pages, level, line }) => {
    const { words, tables, store } = newTables(rootLevel);
    const frame = 3 * 2 ** 18;
    expect(tables.map(B + pages, kind, frame, BIT.rw | BIT.deviceMemory)).toBe(true);
    store();
    const first = walkTo(words, tables, B + pages);
    expect(first).toMatchObject({ outcome: WALK_HIT, level, frame, log2Pages: line, entryHi: 0 });
    expect(first.entryLo & (BIT.rw | BIT.deviceMemory | BIT.atomic)).toBe(BIT.rw | BIT.deviceMemory);
    expect(walkTo(words, tables, B + 2 * pages - 1)).toMatchObject({ outcome: WALK_HIT, frame: frame + pages - 1 });
    expect(walkTo(words, tables, B + pages - 1)).toMatchObject({ outcome: WALK_ABSENT, level, frame: 0 });
    expect(walkTo(words, tables, B + 2 * pages)).toMatchObject({ outcome: WALK_ABSENT, level });
  });

  test('through an empty root stops at the root', () => {
    const { words, tables } = newTables(rootLevel);
    expect(walkTo(words, tables, B)).toMatchObject({ outcome: WALK_ABSENT, level: rootLevel, entryLo: 0 });
  });

  test.each([1, 2, 3])('through an absent directory stops at its level %i', (stop) => {
    const { words, tables, store } = newTables(rootLevel);
    tables.map(B, '4K', 7, 0);
    store();
    const far = B + 512 ** stop;
    expect(walkTo(words, tables, far)).toMatchObject({ outcome: WALK_ABSENT, level: stop });
    expect(walkTo(words, tables, B)).toMatchObject({ outcome: WALK_HIT, frame: 7 });
  });
});

describe('details of a leaf', () => {
  test('page numbers use every bit: the highest page of 57 bits', () => {
    const { words, tables, store } = newTables(4);
    tables.map(2 ** 45 - 1, '4K', 9, 0);
    store();
    expect(walkTo(words, tables, 2 ** 45 - 1)).toMatchObject({ outcome: WALK_HIT, frame: 9 });
    expect(walkTo(words, tables, 2 ** 36 - 1).outcome).toBe(WALK_ABSENT);
  });

  test('frames use every bit: above 4 GiB of frames the number stays whole', () => {
    const { words, tables, store } = newTables(4);
    tables.map(B, '4K', 2 ** 40 - 1, 0);
    store();
    expect(walkTo(words, tables, B).frame).toBe(2 ** 40 - 1);
  });

  test('PAT2 of a big leaf (bit 12) is no part of its frame', () => {
    const { words, tables, store } = newTables(4);
    tables.map(B, '2M', 512, 1 << 12);
    store();
    expect(walkTo(words, tables, B + 5).frame).toBe(517);
  });

  test('bit 7 of a level-0 entry is PAT2, not a page size', () => {
    const { words, tables, store } = newTables(4);
    tables.map(B + 3, '4K', 33, BIT.pageSize);
    store();
    expect(walkTo(words, tables, B + 3)).toMatchObject({ outcome: WALK_HIT, level: 0, frame: 33 });
  });

  test.each(['4K', 'compact64K', '2M', '1G'] as const)('a NULL %s leaf is present without memory', (kind) => {
    const { words, tables, store } = newTables(4);
    tables.map(B, kind, 0, BIT.null);
    store();
    expect(walkTo(words, tables, B).outcome).toBe(WALK_NULL);
  });
});

describe('a corrupt table', () => {
  test.each([FRAMES, 2 ** 20, 2 ** 39])('at frame %i, outside its space, is said and not clamped', (frame) => {
    const { words, tables, store } = newTables(4);
    tables.map(B, '4K', 7, 0);
    store();
    expect(walkTo(words, tables, B).outcome).toBe(WALK_HIT);
    const at = tables.find(B, 3);
    words.set(entry(frame, BIT.present), (at?.table ?? 0) * 1024 + 2 * (at?.index ?? 0));
    expect(walkTo(words, tables, B)).toMatchObject({ outcome: WALK_CORRUPT, level: 2 });
  });

  test('at the last frame of its space is fine (control)', () => {
    const { words, tables, store } = newTables(4);
    tables.map(B, '4K', 7, 0);
    store();
    const at = tables.find(B, 3);
    words.set(entry(FRAMES - 1, BIT.present), (at?.table ?? 0) * 1024 + 2 * (at?.index ?? 0));
    expect(walkTo(words, tables, B)).toMatchObject({ outcome: WALK_ABSENT, level: 2 });
  });

  test('a root outside its space stops at once', () => {
    const leaf = newLeaf();
    walk(new Uint32Array(1024), 1, 4, 0, 0, leaf);
    expect(leaf).toMatchObject({ outcome: WALK_CORRUPT, level: 4 });
  });

  test('a page-size bit above level 2 makes no leaf', () => {
    const { words, tables, store } = newTables(4);
    tables.map(B, '4K', 7, 0);
    store();
    const at = tables.find(B, 3);
    words[(at?.table ?? 0) * 1024 + 2 * (at?.index ?? 0)]! |= BIT.pageSize;
    expect(walkTo(words, tables, B)).toMatchObject({ outcome: WALK_HIT, frame: 7, level: 0 });
  });
});
