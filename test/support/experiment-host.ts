// A host for experiments under test: executors of one kind, a real clock, and a wish to stop that a test may have.
import type { GpuUnavailable } from '../../src/engine/gpu/unavailable.ts';
import type { Executor, ExecutorConfig } from '../../src/engine/plan/executor.ts';
import { createTwinExecutor } from '../../src/engine/twin/twin-executor.ts';
import type { Experiment, ExperimentCase, ExperimentHost, ExperimentResult } from '../../src/lab/bench/experiment.ts';

type Open = (config: ExecutorConfig) => Promise<Executor | GpuUnavailable>;

/** `cancelled` is asked as often as the experiment looks. */
export function experimentHost(
  open: Open = (config) => Promise.resolve(createTwinExecutor(config)),
  cancelled: () => boolean = () => false,
): ExperimentHost {
  return { open, now: () => performance.now(), cancelled, running: () => {} };
}

/** Measures those of the catalogue's cases that belong to one experiment and whose id begins with `prefix`. */
export function measureFew(
  cases: readonly ExperimentCase[],
  prefix: string,
  host: ExperimentHost,
  samples = 3,
): Promise<ExperimentResult> {
  const mine = cases.filter(({ id }) => id === prefix || id.startsWith(`${prefix}.`));
  const { experiment } = mine[0] as { experiment: Experiment };
  const options = { samples, minSamples: 1, seed: 5, endMs: null };
  return experiment.measure(host, mine, options);
}
