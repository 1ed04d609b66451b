// Chooses cases of a catalogue by id, by the first parts of ids and by text in ids; what chooses nothing is refused.
import type { AnyCase } from './experiment.ts';

export interface Wanted {
  /** Ids or their first parts; none: the core, unless `all` or `filter` ask for more. */
  readonly ids: readonly string[];
  readonly all: boolean;
  /** Keeps those whose id contains it; null: all. */
  readonly filter: string | null;
  /** With each case those that it is to be compared with, so that both are measured in the same run. */
  readonly peers: boolean;
}

export interface Selection {
  readonly ok: true;
  /** In the order of the catalogue. */
  readonly cases: readonly AnyCase[];
  /** Ids of those that nobody chose: they are there for others to be compared with. */
  readonly added: ReadonlySet<string>;
}

/** What was refused: an id, or the filter. */
export interface SelectionRefused {
  readonly ok: false;
  readonly refused: 'case' | 'filter';
  readonly given: string;
  readonly allowed: string;
}

export function selectCases(
  catalogue: readonly AnyCase[],
  { ids, all, filter, peers }: Wanted,
): Selection | SelectionRefused {
  const known = new Set(catalogue.map(({ id }) => id));
  // A whole id is that case alone, although others may begin with it.
  const matches = (id: string, wanted: string): boolean =>
    id === wanted || (!known.has(wanted) && id.startsWith(`${wanted}.`));
  const unknown = ids.find((wanted) => !catalogue.some(({ id }) => matches(id, wanted)));
  if (unknown !== undefined) {
    const allowed = 'ids that `list` prints, or their first parts such as copy.up';
    return { ok: false, refused: 'case', given: unknown, allowed };
  }
  const everything = all || filter !== null;
  const offered = (one: AnyCase): boolean =>
    ids.length === 0 ? everything || one.tier !== 'more' : ids.some((wanted) => matches(one.id, wanted));
  const chosen = catalogue.filter((one) => offered(one) && (filter === null || one.id.includes(filter)));
  if (filter !== null && (filter === '' || chosen.length === 0)) {
    const allowed = 'text that is in the id of a chosen case, such as 2M.physical';
    return { ok: false, refused: 'filter', given: filter, allowed };
  }
  return { ok: true, ...(peers ? withPeers(catalogue, chosen) : { cases: chosen, added: new Set() }) };
}

/** Peers and limits of what was chosen, but not theirs in turn: nobody asked how those compare. */
function withPeers(catalogue: readonly AnyCase[], chosen: readonly AnyCase[]): Pick<Selection, 'cases' | 'added'> {
  const here = new Set(chosen.map(({ id }) => id));
  const wanted = new Set(chosen.flatMap(({ peer, limit }) => [peer, limit]));
  const added = catalogue.filter(({ id }) => wanted.has(id) && !here.has(id)).map(({ id }) => id);
  const both = new Set([...here, ...added]);
  return { cases: catalogue.filter(({ id }) => both.has(id)), added: new Set(added) };
}
