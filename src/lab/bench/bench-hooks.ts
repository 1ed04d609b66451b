// What the runners of jobs ask of a host, with answers for hosts that nothing ever disturbs.
import type { BenchHooks } from '../measure/bench-runner.ts';
import type { BenchHost } from './bench-host.ts';

export function benchHooks(host: BenchHost, progress: BenchHooks['progress']): BenchHooks {
  return {
    now: () => host.now(),
    cancelled: () => host.cancelled(),
    progress,
    disturbances: () => disturbancesOf(host),
    quiet: () => untilQuiet(host),
  };
}

export function disturbancesOf(host: BenchHost): number {
  return host.disturbances?.() ?? 0;
}

/** True after a wait. */
export async function untilQuiet(host: BenchHost): Promise<boolean> {
  return (await host.quiet?.()) ?? false;
}
