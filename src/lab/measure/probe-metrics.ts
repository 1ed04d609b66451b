// Turns the samples of a group of cases into metrics: statistics, ratios to peers measured in the same rounds, doubts.
import { NS_PER_MS } from '../../base/units.ts';
import type { ClockFacts } from './environment.ts';
import { metric, type Metric } from './report.ts';
import { regionTarget, type Probe, type SampleOptions } from './sampler.ts';
import { drift, median, outliers, pairedRatio, trend, type Ratio } from './stats.ts';
import { warning, type Warning } from './warnings.ts';

/** A change of more than this between the first and the last third is worth a word, if it is no chance. */
const DRIFT = 0.05;
/** The 99.5 % point of the normal distribution: one figure in a hundred has such a trend by chance. */
const TREND = 2.576;

export interface Marks {
  /** Only the end of the user's time can have cut rounds short. */
  readonly timed: boolean;
  /** Ids of cases that nobody chose. */
  readonly added: ReadonlySet<string>;
}

/** Metrics of the probes that have any sample. */
export function probeMetrics(
  probes: readonly Probe[],
  clock: ClockFacts,
  options: SampleOptions,
  { timed, added }: Marks = { timed: false, added: new Set() },
): Metric[] {
  const measured = probes.filter((probe) => kept(probe).length > 0);
  return measured.map((probe) => {
    const { bench, prepared, source, ops } = probe;
    const { id, unit, convention, peer, limit } = bench;
    return metric({
      id,
      unit,
      source,
      samples: kept(probe),
      convention,
      params: {
        ...prepared.params,
        opsPerRegion: ops,
        regionMs: median(probe.regionNs) / NS_PER_MS,
        ...(added.has(id) ? { added: true } : {}),
      },
      peer,
      limit,
      peerRatio: ratioTo(peer, probe, measured),
      limitRatio: ratioTo(limit, probe, measured),
      warnings: [...doubts(probe, clock, options), ...cutShort(probe, options, timed)],
    });
  });
}

function kept(probe: Probe): number[] {
  return probe.samples.filter((sample) => sample !== null);
}

/** Rounds in which either side lost its sample form no pair; figures of different clocks or units have no ratio. */
function ratioTo(id: string | null, probe: Probe, measured: readonly Probe[]): Ratio | null {
  const other = measured.find(({ bench }) => bench.id === id);
  if (other === undefined || other.source !== probe.source || other.bench.unit !== probe.bench.unit) return null;
  const theirs = other.samples;
  const rounds = probe.samples.map((ours, i) => [ours, theirs[i] ?? null] as const);
  const pairs = rounds.filter((pair): pair is [number, number] => pair[0] !== null && pair[1] !== null);
  if (pairs.length === 0) return null;
  return pairedRatio(
    pairs.map(([ours]) => ours),
    pairs.map(([, reference]) => reference),
  );
}

function cutShort({ samples }: Probe, options: SampleOptions, timed: boolean): Warning[] {
  const cut = timed && samples.length < options.samples;
  return cut ? [warning('out-of-time', `${samples.length} of ${options.samples} rounds`)] : [];
}

function doubts(probe: Probe, clock: ClockFacts, options: SampleOptions): Warning[] {
  const samples = kept(probe);
  const region = median(probe.regionNs);
  const change = drift(samples);
  const far = outliers(samples);
  const found: (Warning | false)[] = [
    samples.length < options.samples && warning('few-samples', `${samples.length} of ${options.samples} samples`),
    region < 0.5 * regionTarget(probe.source, clock, options.regionMs) &&
      warning('too-small-to-measure', `a region lasts ${(region / NS_PER_MS).toFixed(3)} ms`),
    change !== null &&
      Math.abs(change - 1) > DRIFT &&
      Math.abs(trend(samples)) > TREND &&
      warning('drift', `the last third is ${change.toFixed(2)} times the first`),
    far > 0 && warning('outliers', `${far} of ${samples.length} samples`),
    probe.dropped > 0 && warning('dropped-timestamps', `${probe.dropped} samples`),
    probe.fellBack > 0 && warning('uploads-fell-back', `${probe.fellBack} words went by writeBuffer`),
    probe.disturbed > 0 && warning('hidden-tab', `${probe.disturbed} samples were taken meanwhile, and left out`),
  ];
  return found.filter((one) => one !== false);
}
