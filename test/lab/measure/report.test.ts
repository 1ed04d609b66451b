import { describe, expect, it } from 'vitest';
import { environmentOf, TOOL } from '../../../src/lab/measure/environment.ts';
import { metric, parseReport, report, type Report } from '../../../src/lab/measure/report.ts';
import { reportTable } from '../../../src/lab/measure/table.ts';
import { warning, warningCodes } from '../../../src/lab/measure/warnings.ts';
import type { ExecutorInfo } from '../../../src/engine/plan/executor.ts';

const INFO: ExecutorInfo = {
  kind: 'gpu',
  name: 'SwiftShader Device',
  software: true,
  vendor: 'google',
  architecture: 'swiftshader',
  driver: '1.0',
  backend: 'vulkan',
  features: ['timestamp-query'],
  limits: { maxBufferSize: 1073741824 },
  timestamps: true,
};

function sample(parts: { info?: Partial<ExecutorInfo>; verification?: Report['verification'] } = {}): Report {
  const convention = 'payload bytes';
  const peer = metric({
    id: 'peer.linear.2M',
    unit: 'B/s',
    source: 'gpu',
    samples: [2 ** 30, 2 ** 30, 2 ** 30],
    convention,
  });
  const ours = metric({
    id: 'copy.up.2M',
    unit: 'B/s',
    source: 'gpu',
    samples: [2 ** 31, 2 ** 31, 2 ** 30],
    convention,
    params: { chunkBytes: 2097152 },
    peer: peer.id,
    peerRatio: { median: 2, low: 1.5, high: 2.5, pairs: 3 },
    warnings: [warning('coarse-clock', 'timestamps step by 65536 ns')],
  });
  const walks = metric({
    id: 'walk.random.4K',
    unit: 'walks/s',
    source: 'wall',
    samples: [12_345_678],
    convention: 'hits',
  });
  const fault = metric({ id: 'fault.roundtrip.1', unit: 'ns', source: 'wall', samples: [412_000], convention: 'wall' });
  return report({
    createdAt: '2026-11-20T12:00:00.000Z',
    tool: { ...TOOL, command: 'run' },
    environment: environmentOf({
      host: {
        runtime: 'node',
        version: 'v20',
        os: 'linux',
        architecture: 'x64',
        cpu: 'c',
        cpuCount: 2,
        memoryBytes: 1,
        versions: {},
      },
      info: { ...INFO, ...parts.info },
    }),
    scenario: { seed: 1 },
    run: {
      kind: 'bench',
      executor: 'gpu',
      clock: 'live',
      copyMode: 'both',
      wait: 'none',
      systemPages: 'device',
      seconds: 1.5,
    },
    metrics: [ours, peer, walks, fault],
    counters: { jobs: 3 },
    verification: parts.verification === undefined ? { pagesChecked: 10, mismatchedPages: 0 } : parts.verification,
    eventHash: null,
    notes: ['a note'],
    partial: false,
    warnings: [warning('software-adapter', 'SwiftShader Device')],
  });
}

describe('a report', () => {
  it('survives JSON', () => {
    const before = sample();
    expect(parseReport(JSON.parse(JSON.stringify(before)))).toEqual({ ok: true, report: before });
  });

  it('carries the names of the issue', () => {
    const json = JSON.parse(JSON.stringify(sample())) as Record<string, unknown>;
    expect(json).toMatchObject({ schema: 'pageferry-report', schemaVersion: 1 });
    expect(Object.keys(json)).toEqual(
      expect.arrayContaining([
        'createdAt',
        'tool',
        'environment',
        'scenario',
        'metrics',
        'counters',
        'verification',
        'warnings',
      ]),
    );
    const [first] = json['metrics'] as Record<string, unknown>[];
    expect(first).toMatchObject({
      id: 'copy.up.2M',
      unit: 'B/s',
      n: 3,
      median: 2 ** 31,
      mad: 0,
      min: 2 ** 30,
      source: 'gpu',
    });
  });

  it('of an older minor lacks what was added later, and is read', () => {
    const old = JSON.parse(JSON.stringify(sample({ verification: null }))) as Record<string, unknown>;
    delete old['notes'];
    delete old['partial'];
    delete old['eventHash'];
    expect(parseReport(old)).toMatchObject({
      ok: true,
      report: { notes: [], partial: false, eventHash: null, verification: null },
    });
  });

  it.each([
    [{ schemaVersion: 2 }, 'schemaVersion is 2, allowed: 1'],
    [{ schema: 'other' }, 'schema is "other", allowed: "pageferry-report"'],
    [{ counters: { a: 'x' } }, 'counters.a is "x", allowed: number'],
    [{ verification: { pagesChecked: 1 } }, 'verification.mismatchedPages is undefined, allowed: "mismatchedPages"'],
  ])('with %j is refused by name', (change, message) => {
    expect(parseReport({ ...sample(), ...change })).toEqual({ ok: false, message });
  });

  it('must have numbers that are numbers', () => {
    expect(parseReport({ ...sample(), counters: { a: Number.NaN } })).toMatchObject({ ok: false });
    expect(parseReport('{}')).toMatchObject({ ok: false });
  });
});

describe('the table', () => {
  it('of a software adapter says so in its first line', () => {
    expect(reportTable(sample()).split('\n')).toEqual([
      "adapter: SwiftShader Device, vulkan — SOFTWARE: a CPU emulated the GPU, no figure is a GPU's",
      '',
      'case                       median  ± MAD    p05…p95  n  clock  × peer          × limit',
      'copy.up.2M *           2.00 GiB/s      0  1.10…2.00  3  gpu    2.00 1.50…2.50',
      'peer.linear.2M         1.00 GiB/s      0  1.00…1.00  3  gpu',
      'walk.random.4K     12.3 M walks/s      0  12.3…12.3  1  wall',
      'fault.roundtrip.1          412 µs      0    412…412  1  wall',
      '',
      'bytes: 10 pages compared, all equal',
      '× peer, × limit: median of the ratios of pairs from one round, 95 % interval; ≈: no difference shown. The report names both',
      'note: a note',
      'warning: SwiftShader Device. A CPU ran the shaders: compare ratios within this report, never absolute rates with a GPU.',
      '* coarse-clock: Timestamps step coarsely; regions were made long enough. In Chrome, enable WebGPU developer features for finer ones. [copy.up.2M]',
    ]);
  });

  it('of the twin says that nothing ran on a GPU', () => {
    const table = reportTable(sample({ info: { kind: 'twin', name: 'CPU twin', software: false } }));
    expect(table.split('\n')[0]).toBe('adapter: CPU twin — nothing ran on a GPU');
  });

  it('says what was not and what was wrongly verified', () => {
    expect(reportTable(sample({ verification: null }))).toContain('bytes: not verified');
    const wrong = { pagesChecked: 10, mismatchedPages: 3 };
    expect(reportTable(sample({ verification: wrong }))).toContain('bytes: 10 pages compared, 3 WRONG');
  });
});

describe('warnings', () => {
  it('all carry advice that ends a sentence', () => {
    for (const code of warningCodes()) expect(warning(code, 'x').advice, code).toMatch(/\.$/);
  });
});
