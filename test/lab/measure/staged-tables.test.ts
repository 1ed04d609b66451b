// Tables staged for benchmark cases, as plain stores leave them: every bound page translates, nothing else does.
import { describe, expect, it } from 'vitest';
import { LEAVES, type LeafKind } from '../../../bench/cases/leaves.ts';
import type { Command } from '../../../src/engine/plan/commands.ts';
import { StagedTables, storedTables, type Piece } from '../../../src/lab/measure/staged-tables.ts';
import { walk } from '../../model/xe/pt-world.ts';

const OLD = 0xdeadbeef;
const MAX_TABLES = 64;
/** More than a table of any kind holds ranges of, so that neighbours share tables. */
const RANGES = 3;

function world(): { tables: StagedTables; words: (commands: readonly Command[]) => Uint32Array } {
  let next = 0;
  const tables = new StagedTables(5, () => next++);
  const words = (commands: readonly Command[]): Uint32Array => {
    const all = storedTables([...tables.setup, ...commands], 0, MAX_TABLES, OLD);
    return Uint32Array.from(all.flatMap((table) => [...table]));
  };
  return { tables, words };
}

function pieces({ name, rangePages }: LeafKind, range: number): Piece[] {
  if (name !== '64Kcompact') return [{ frame: range * rangePages, pages: rangePages }];
  return Array.from({ length: 32 }, (_, i) => ({ frame: 32 * (32 * range + i), pages: 16 }));
}

const ROOT = { frame: 0, level: 4 };

/** First and last page of every piece of a range: offset and frame. */
function corners(kind: LeafKind, range: number): (readonly [number, number])[] {
  let offset = range * kind.rangePages;
  return pieces(kind, range).flatMap(({ frame, pages }) => {
    const first = offset;
    offset += pages;
    return [[first, frame] as const, [first + pages - 1, frame + pages - 1] as const];
  });
}

describe.each(LEAVES.map((kind) => [kind.name, kind] as const))('ranges of %s leaves', (_name, kind) => {
  it('translate to their own frames once bound, by entries of that kind; the page behind them does not', () => {
    const { tables, words } = world();
    const bytes = words([0, 1, 2].flatMap((range) => tables.bind(range * kind.rangePages, pieces(kind, range))));
    for (let range = 0; range < RANGES; range++)
      for (const [vpn, frame] of corners(kind, range)) {
        const hit = walk(bytes, ROOT, vpn);
        expect([hit.kind, hit.frame, hit.level], `page ${vpn}`).toEqual(['vram', frame, kind.level]);
      }
    expect(walk(bytes, ROOT, RANGES * kind.rangePages).kind).toBe('absent');
  });

  it.each(['zap', 'unbind'] as const)('are absent after %s, and their neighbours are not', (edit) => {
    const { tables, words } = world();
    const bound = [0, 1].flatMap((range) => tables.bind(range * kind.rangePages, pieces(kind, range)));
    const bytes = words([...bound, ...tables[edit](0, kind.rangePages)]);
    for (const [vpn] of corners(kind, 0)) expect(walk(bytes, ROOT, vpn).kind, `page ${vpn}`).toBe('absent');
    for (const [vpn] of corners(kind, 1)) expect(walk(bytes, ROOT, vpn).kind, `page ${vpn}`).toBe('vram');
  });

  it('give up the entry in the root with the last range of all', () => {
    const { tables, words } = world();
    const bound = [0, 1].flatMap((range) => tables.bind(range * kind.rangePages, pieces(kind, range)));
    const first = tables.unbind(0, kind.rangePages);
    const second = tables.unbind(kind.rangePages, kind.rangePages);
    expect(words([...bound, ...first]).subarray(0, 2)).not.toEqual(new Uint32Array(2));
    expect(words([...bound, ...first, ...second]).subarray(0, 2)).toEqual(new Uint32Array(2));
  });
});
