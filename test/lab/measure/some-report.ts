// A report with every shape of figure, for tests of what reads reports.
import { environmentOf } from '../../../src/lab/measure/environment.ts';
import { metric, report, type Metric, type Report } from '../../../src/lab/measure/report.ts';
import { warning } from '../../../src/lab/measure/warnings.ts';
import type { ExecutorInfo } from '../../../src/engine/plan/executor.ts';

export interface Choice {
  readonly info?: Partial<ExecutorInfo>;
  readonly run?: Partial<Report['run']>;
  readonly metrics?: readonly Metric[];
  readonly change?: Partial<Report>;
}

const INFO: ExecutorInfo = {
  kind: 'gpu',
  name: 'Test "GPU" 1',
  software: false,
  vendor: 'v',
  architecture: 'a',
  driver: '1.0',
  backend: 'vulkan',
  features: [],
  limits: {},
  timestamps: true,
};
const HOST = { runtime: 'node', version: 'v20', os: 'linux', architecture: 'x64', cpu: 'c', cpuCount: 2 } as const;

/** A metric of `samples`. */
export function figure(id: string, unit: string, samples: readonly number[], parts: Partial<Metric> = {}): Metric {
  return { ...metric({ id, unit, source: 'gpu', samples, convention: 'test' }), ...parts };
}

function usual(): Metric[] {
  const peer = figure('peer.copy', 'B/s', [2 ** 30, 2 ** 30]);
  const ratio = { median: 2, low: 1.5, high: 2.5, pairs: 2 };
  const copy = figure('copy.up.2M', 'B/s', [2 ** 31, 2 ** 31], {
    params: { chunkBytes: 2 ** 21, opsPerRegion: 8, scattered: false },
    peer: 'peer.copy',
    peerRatio: ratio,
    limit: 'limit.copy',
    limitRatio: { median: 0.95, low: 0.9, high: 1, pairs: 2 },
    warnings: [warning('drift', 'the last third is 1.30 times the first')],
  });
  return [
    copy,
    peer,
    figure('walk.random', 'walks/s', [4e6, 5e6]),
    figure('=fault,1', 'us', [412], { source: 'wall' }),
  ];
}

export function someReport({ info, run, metrics = usual(), change }: Choice = {}): Report {
  return report({
    createdAt: '2026-11-20T12:00:00.000Z',
    tool: { name: 'pageferry', version: '0.1.0', command: 'run' },
    environment: environmentOf({ host: { ...HOST, memoryBytes: 1, versions: {} }, info: { ...INFO, ...info } }),
    scenario: { quick: true },
    run: {
      kind: 'bench',
      executor: 'gpu',
      clock: 'live',
      copyMode: 'both',
      wait: 'wait',
      systemPages: 'device',
      seconds: 1,
      ...run,
    },
    metrics: [...metrics],
    counters: { svm_device_copy_kb: 6, x_bench_jobs: 3 },
    verification: { pagesChecked: 10, mismatchedPages: 0 },
    eventHash: null,
    notes: [],
    partial: false,
    warnings: [],
    ...change,
  });
}
