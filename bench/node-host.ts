// What a benchmark needs from Node: the adapter that was found, the clock, Ctrl-C, and one line of progress.
import type { BenchHost } from '../src/lab/bench/bench-host.ts';
import { openFound, type Found } from './adapter.ts';
import { nodeHost } from './host-facts.ts';
import type { Interrupt } from './interrupt.ts';
import { createProgress } from './progress.ts';

export interface NodeBenchHost extends BenchHost {
  /** Takes the line of progress away. */
  end(): void;
}

export function nodeBenchHost(found: Found, interrupt: Interrupt): NodeBenchHost {
  const now = (): number => performance.now();
  const { show, end } = createProgress(process.stderr, now);
  return {
    adapter: found.chosen.kind === 'any' ? 'hardware' : found.chosen.kind,
    fallback: found.chosen.fallback,
    facts: nodeHost(),
    tuning: found.tuning,
    open: (config) => openFound(found, config),
    now,
    cancelled: interrupt.requested,
    running: (stop, label) => {
      interrupt.onRequest = stop ?? ((): void => {});
      if (label !== '') show(0, null, label);
    },
    progress: show,
    note: (text) => process.stderr.write(`${text}\n`),
    end,
  };
}
