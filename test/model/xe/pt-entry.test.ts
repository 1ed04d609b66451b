// Bits of page-table entries (xe.md §5.2): positions, PAT, and that decoding undoes encoding.
import { describe, expect, test } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import {
  decodeEntry,
  directoryFlags,
  entryHi,
  entryLo,
  leafFlags,
  leafPat,
  type LeafKind,
} from '../../../src/model/xe/pt-entry.ts';
import { entryIndex, entryPages, spacePages, tablePages } from '../../../src/model/xe/pt-geometry.ts';

const PLAIN: LeafKind = { write: true, atomic: false, vram: false, null: false, pat: 0 };

describe('flags', () => {
  test.each<[string, Partial<LeafKind>, number, number]>([
    ['present and writable', {}, 0, 0x3],
    ['read-only', { write: false }, 0, 0x1],
    ['VRAM', { vram: true }, 0, 0x803],
    ['VRAM with atomics', { vram: true, atomic: true }, 0, 0xc03],
    ['system with atomics', { atomic: true }, 0, 0x403],
    ['2M', { vram: true }, 1, 0x883],
    ['1G', { vram: true }, 2, 0x883],
    ['NULL carries neither DM nor AE', { null: true, vram: true, atomic: true }, 0, 0x203],
    ['write-back (2)', { pat: 2 }, 0, 0x13],
    ['PAT 7 at level 0', { pat: 7 }, 0, 0x9b],
    ['PAT 7 in a 2M leaf', { pat: 7 }, 1, 0x109b],
  ])('%s', (_, kind, level, lo) => {
    expect(leafFlags({ ...PLAIN, ...kind }, level)).toEqual({ lo, hi: 0 });
  });

  test('PAT3 is bit 62, PAT4 is bit 61', () => {
    expect(leafPat(8, 0)).toEqual({ lo: 0, hi: 0x40000000 });
    expect(leafPat(16, 0)).toEqual({ lo: 0, hi: 0x20000000 });
  });

  test('a directory entry has two PAT bits and no memory kind', () => {
    expect(directoryFlags(3, false)).toEqual({ lo: 0x1b, hi: 0 });
    expect(directoryFlags(3, true)).toEqual({ lo: 0x5b, hi: 0 });
  });
});

test('address bits 51:12 survive above 32 bits', () => {
  const frame = 0x123456789;
  expect(entryLo(frame, 0xfff)).toBe(0x56789fff);
  expect(entryHi(frame, 0x60000000)).toBe(0x60001234);
});

test('decode(encode) is the identity for leaves', () => {
  const rng = createRng(5);
  for (let i = 0; i < 2000; i++) {
    const level = rng.below(3);
    const bit = (): boolean => rng.below(2) === 1;
    const kind = { write: bit(), atomic: bit(), vram: bit(), null: false, pat: rng.below(32) };
    const frame = Math.floor(rng.u32() / entryPages(level)) * entryPages(level);
    const { lo, hi } = leafFlags(kind, level);
    const decoded = decodeEntry(level, entryLo(frame, lo), entryHi(frame, hi));
    expect(decoded).toMatchObject({ ...kind, present: true, leaf: true, frame, ps64: false });
  }
});

test('decoding tells directories from leaves', () => {
  const compact = directoryFlags(3, true);
  expect(decodeEntry(1, entryLo(77, compact.lo), 0)).toMatchObject({
    leaf: false,
    compactChild: true,
    frame: 77,
    pat: 3,
  });
  expect(decodeEntry(3, entryLo(77, directoryFlags(0, false).lo), 0)).toMatchObject({
    leaf: false,
    compactChild: false,
  });
  expect(decodeEntry(0, 0, 0).present).toBe(false);
});

test('geometry (xe.md §5.1)', () => {
  expect([0, 1, 2, 3, 4].map((level) => entryPages(level) * 4096)).toEqual([12, 21, 30, 39, 48].map((s) => 2 ** s));
  expect(entryPages(0, true) * 4096).toBe(65536);
  expect(tablePages(0)).toBe(512);
  expect([spacePages(3), spacePages(4)]).toEqual([2 ** 36, 2 ** 45]);
  const vpn = 0x7f0000000000 / 4096 + 0x12345;
  expect([4, 3, 2, 1, 0].map((level) => entryIndex(level, vpn))).toEqual([0, 254, 0, 0x91, 0x145]);
  expect(entryIndex(0, vpn, true)).toBe(0x14);
});
