// Joins the figures of several passes over the same cases: samples appended in the order of the passes, statistics anew.
import { metric, type Metric } from './report.ts';
import { pairedRatio, type Ratio } from './stats.ts';
import { warning, type Warning } from './warnings.ts';

type Pass = readonly Metric[];

/** Figures in the order in which they first appear; those of a single pass as they are. */
export function mergePasses(passes: readonly Pass[]): Metric[] {
  const [only, ...rest] = passes;
  if (only === undefined || rest.length === 0) return [...(only ?? [])];
  const ids = new Set(passes.flatMap((pass) => pass.map(({ id }) => id)));
  return [...ids].map((id) => mergeOne(id, passes));
}

function mergeOne(id: string, passes: readonly Pass[]): Metric {
  const found = passes.flatMap((pass) => pass.filter((one) => one.id === id));
  const first = found[0] as Metric;
  const joined = found.filter(({ source }) => source === first.source);
  const merged = metric({
    ...first,
    samples: joined.flatMap(({ samples }) => samples),
    params: { ...first.params, passes: joined.length },
    peerRatio: ratioOver(first, first.peer, passes),
    limitRatio: ratioOver(first, first.limit, passes),
    warnings: [...warningsOf(joined), ...missing(joined.length, passes.length)],
  });
  return { ...merged, passSizes: joined.map(({ n }) => n) };
}

/** Pairs of the same round of the same pass; a pass that lost timestamps cannot tell which rounds they were. */
function ratioOver({ id, source }: Metric, to: string | null, passes: readonly Pass[]): Ratio | null {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (const pass of passes) {
    const [mine, other] = [id, to].map((wanted) => pass.find((one) => one.id === wanted));
    if (mine === undefined || other === undefined || mine.source !== source) continue;
    if (other.source !== source || other.unit !== mine.unit || mine.n !== other.n || dropped(mine) || dropped(other))
      continue;
    ours.push(...mine.samples);
    theirs.push(...other.samples);
  }
  return ours.length === 0 ? null : pairedRatio(ours, theirs);
}

function dropped({ warnings }: Metric): boolean {
  return warnings.some(({ code }) => code === 'dropped-timestamps' || code === 'hidden-tab');
}

/** One of each kind: the first, with the number of passes that have it. */
function warningsOf(metrics: readonly Metric[]): Warning[] {
  const all = metrics.flatMap(({ warnings }) => warnings);
  const kinds = new Map(all.toReversed().map((one) => [one.code, one]));
  return [...kinds.values()].toReversed().map((one) => {
    const count = all.filter(({ code }) => code === one.code).length;
    return { ...one, message: `${one.message} (in ${count} of ${metrics.length} passes)` };
  });
}

function missing(joined: number, all: number): Warning[] {
  return joined === all ? [] : [warning('passes-differ', `${joined} of ${all} passes`)];
}
