// What is measured when ids, their first parts, text in ids or nothing at all is given, and what comes along to compare with.
import { describe, expect, it } from 'vitest';
import type { AnyCase } from '../../../src/lab/bench/experiment.ts';
import { selectCases, type Wanted } from '../../../src/lab/bench/select-cases.ts';

type Tier = AnyCase['tier'];

function bare(id: string, tier: Tier, peer: string | null = null, limit: string | null = null): AnyCase {
  const experiment = { name: id, measure: () => Promise.reject(new Error('not measured here')) };
  return { id, about: id, unit: 'B/s', convention: '', peer, limit, tier, experiment };
}

const CATALOGUE = [
  bare('copy.up.4K', 'core', 'peer.up.4K', 'limit.up'),
  bare('copy.up.64K', 'more', 'peer.up.64K', 'limit.up'),
  bare('copy.up.64K.large', 'more'),
  bare('copy.upper', 'more'),
  bare('peer.up.4K', 'more', null, 'limit.more'),
  bare('peer.up.64K', 'core'),
  bare('limit.up', 'more'),
  bare('limit.more', 'more'),
];

const NOTHING: Wanted = { ids: [], all: false, filter: null, peers: false };

function chosen(wanted: Partial<Wanted>): { ids: string[]; added: string[] } {
  const selected = selectCases(CATALOGUE, { ...NOTHING, ...wanted });
  if (!selected.ok) throw new Error(`${selected.refused}: ${selected.given}`);
  return { ids: selected.cases.map(({ id }) => id), added: [...selected.added] };
}

describe('selecting cases', () => {
  it('takes the core when nothing is chosen, and everything when all is asked for', () => {
    expect(chosen({}).ids).toEqual(['copy.up.4K', 'peer.up.64K']);
    expect(chosen({ all: true }).ids).toEqual(CATALOGUE.map(({ id }) => id));
  });

  it('finds ids and their first parts in all tiers, in the order of the catalogue', () => {
    expect(chosen({ ids: ['limit.up', 'copy.up'] }).ids).toEqual([
      'copy.up.4K',
      'copy.up.64K',
      'copy.up.64K.large',
      'limit.up',
    ]);
  });

  it('takes a whole id for that case alone, although others begin with it', () => {
    expect(chosen({ ids: ['copy.up.64K'] }).ids).toEqual(['copy.up.64K']);
  });

  it('finds text in ids in all tiers', () => {
    expect(chosen({ filter: '64K' }).ids).toEqual(['copy.up.64K', 'copy.up.64K.large', 'peer.up.64K']);
    expect(chosen({ ids: ['copy'], filter: '64K' }).ids).toEqual(['copy.up.64K', 'copy.up.64K.large']);
  });

  it('adds what the chosen are compared with, and not what those are', () => {
    const { ids, added } = chosen({ ids: ['copy.up.4K'], peers: true });
    expect(ids).toEqual(['copy.up.4K', 'peer.up.4K', 'limit.up']);
    expect(added).toEqual(['peer.up.4K', 'limit.up']);
  });

  it('adds nothing that was chosen', () => {
    expect(chosen({ ids: ['copy.up.4K', 'limit.up'], peers: true }).added).toEqual(['peer.up.4K']);
  });

  it.each([
    [{ ids: ['copy.u'] }, 'case: copy.u'],
    [{ ids: ['copy'], filter: 'limit' }, 'filter: limit'],
    [{ filter: '' }, 'filter: '],
  ])('refuses %j', (wanted, message) => {
    expect(() => chosen(wanted)).toThrow(message);
    expect(() => chosen({ ids: ['copy'], filter: 'up' })).not.toThrow();
  });
});
