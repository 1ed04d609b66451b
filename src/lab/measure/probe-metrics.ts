// Turns the samples of a group of cases into metrics: statistics, ratios to peers measured in the same rounds, doubts.
import type { Rng } from '../../base/rng.ts';
import { NS_PER_MS } from '../../base/units.ts';
import type { ClockFacts } from './environment.ts';
import { metric, type Metric } from './report.ts';
import { regionTarget, type Probe, type SampleOptions } from './sampler.ts';
import { drift, median, outliers, pairedRatio, type Ratio } from './stats.ts';
import { warning, type Warning } from './warnings.ts';

/** A change of more than this between the first and the last third is worth a word. */
const DRIFT = 0.15;

/** Metrics of the probes that have any sample. `timed`: only the end of the user's time can have cut their rounds short. */
export function probeMetrics(
  probes: readonly Probe[],
  clock: ClockFacts,
  options: SampleOptions,
  rng: Rng,
  timed = false,
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
      params: { ...prepared.params, opsPerRegion: ops, regionMs: median(probe.regionNs) / NS_PER_MS },
      peer,
      limit,
      peerRatio: ratioTo(
        measured.find((other) => other.bench.id === peer),
        probe,
        rng,
      ),
      warnings: [...doubts(probe, clock, options), ...cutShort(probe, options, timed)],
    });
  });
}

function kept(probe: Probe): number[] {
  return probe.samples.filter((sample) => sample !== null);
}

/** Rounds in which either side lost its sample form no pair. */
function ratioTo(peer: Probe | undefined, probe: Probe, rng: Rng): Ratio | null {
  const theirs = peer?.samples ?? [];
  const rounds = probe.samples.map((ours, i) => [ours, theirs[i] ?? null] as const);
  const pairs = rounds.filter((pair): pair is [number, number] => pair[0] !== null && pair[1] !== null);
  if (pairs.length === 0) return null;
  return pairedRatio(
    pairs.map(([ours]) => ours),
    pairs.map(([, other]) => other),
    rng,
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
      warning('drift', `the last third is ${change.toFixed(2)} times the first`),
    far > 0 && warning('outliers', `${far} of ${samples.length} samples`),
    probe.dropped > 0 && warning('dropped-timestamps', `${probe.dropped} samples`),
  ];
  return found.filter((one) => one !== false);
}
