// Workloads: steps are free of conflicts, streams repeat for a seed, and the oracle agrees with a plain replay.
import { describe, expect, it } from 'vitest';
import { ACCESS_KIND, ACCESS_RECORD_WORDS } from '../../../src/engine/plan/commands.ts';
import { openTrace } from '../../../src/lab/trace/open.ts';
import {
  createPingPong,
  createRandom,
  createSweep,
  type GeneratedOptions,
} from '../../../src/lab/workload/generated.ts';
import { Oracle } from '../../../src/lab/workload/oracle.ts';
import { StepBuilder } from '../../../src/lab/workload/step-builder.ts';
import { createTraceWorkload } from '../../../src/lab/workload/trace.ts';
import type { AccessList, Step, Workload } from '../../../src/lab/workload/workload.ts';

const OPTIONS: GeneratedOptions = {
  pages: 64,
  batch: 128,
  writePercent: 40,
  atomicPercent: 10,
  stridePages: 1,
  cpuPercent: 50,
  seed: 5,
};

function firstSteps(workload: Workload, count: number): Step[] {
  const iterator = workload.steps();
  return Array.from({ length: count }, () => iterator.next().value as Step);
}

function* words(list: AccessList | null): Generator<[string, number]> {
  for (let i = 0; i < (list?.count ?? 0); i++) {
    const at = i * ACCESS_RECORD_WORDS;
    const records = list?.records as Uint32Array;
    yield [`${records[at + 1]}:${records[at]}`, records[at + 2] as number];
  }
}

function conflictsIn(step: Step): number {
  const stored = new Map<string, boolean>();
  let conflicts = 0;
  for (const [word, kind] of [...words(step.gpu), ...words(step.cpu)]) {
    const stores = kind !== ACCESS_KIND.read;
    if (stored.has(word) && stored.get(word) !== stores) conflicts++;
    stored.set(word, stores);
  }
  return conflicts;
}

describe.each([
  ['sweep', createSweep],
  ['random', createRandom],
  ['ping-pong', createPingPong],
])('%s', (_name, create) => {
  it('has no word both loaded and stored in one step, also across sides', () => {
    for (const step of firstSteps(create(OPTIONS), 50)) expect(conflictsIn(step)).toBe(0);
  });

  it('repeats for a seed and stays inside its VMA', () => {
    expect(firstSteps(create(OPTIONS), 3)).toEqual(firstSteps(create(OPTIONS), 3));
    expect(firstSteps(create(OPTIONS), 3)).not.toEqual(firstSteps(create({ ...OPTIONS, seed: 6 }), 3));
    const workload = create(OPTIONS);
    const start = workload.vmas[0]?.startVpn as number;
    for (const step of firstSteps(workload, 20)) {
      for (const [word] of [...words(step.gpu), ...words(step.cpu)]) {
        const [hi, lo] = word.split(':').map(Number) as [number, number];
        const vpn = hi * 0x100000 + (lo >>> 12);
        expect(vpn >= start && vpn < start + OPTIONS.pages && lo % 4 === 0).toBe(true);
      }
    }
  });
});

it('a sweep visits every page of a pass once', () => {
  const [step] = firstSteps(createSweep({ ...OPTIONS, batch: 64 }), 1) as [Step];
  const pages = new Set([...words(step.gpu)].map(([word]) => Number(word.split(':')[1]) >>> 12));
  expect(pages.size).toBe(64);
});

it('ping-pong has both sides on common pages', () => {
  const [step] = firstSteps(createPingPong({ ...OPTIONS, pages: 8, batch: 128 }), 1) as [Step];
  const pagesOf = (list: AccessList | null): Set<number> =>
    new Set([...words(list)].map(([word]) => Number(word.split(':')[1]) >>> 12));
  expect([...pagesOf(step.gpu)].filter((page) => pagesOf(step.cpu).has(page)).length).toBeGreaterThan(0);
});

describe('StepBuilder', () => {
  it('refuses a store to a loaded word and the reverse, not two of a kind', () => {
    const builder = new StepBuilder(10);
    builder.push('gpu', 16, 0, ACCESS_KIND.read, 0);
    expect(builder.conflicts('cpu', 16, 0, ACCESS_KIND.write)).toBe(true);
    expect(builder.conflicts('cpu', 16, 0, ACCESS_KIND.read)).toBe(false);
    expect(builder.conflicts('cpu', 20, 0, ACCESS_KIND.write)).toBe(false);
    builder.take('a');
    expect(builder.conflicts('cpu', 16, 0, ACCESS_KIND.write)).toBe(false);
  });

  it('is full at its limit', () => {
    const builder = new StepBuilder(1);
    builder.push('gpu', 0, 0, ACCESS_KIND.read, 0);
    expect(builder.conflicts('gpu', 4, 0, ACCESS_KIND.read)).toBe(true);
    expect(builder.conflicts('cpu', 4, 0, ACCESS_KIND.read)).toBe(false);
  });
});

describe('trace workload', () => {
  it('keeps order through conflicts and splits accesses that cross a page', async () => {
    const text = ' L 00401ffc,8\n S 00401ffc,4\n L 00401ffe,1\n M 00402004,4\n';
    const trace = await openTrace('t', new TextEncoder().encode(text));
    const workload = createTraceWorkload(trace, 100, 'gpu');
    const steps = [...(workload.steps() as Generator<Step>)];
    expect(steps.map((step) => step.gpu?.count)).toEqual([2, 1, 2]);
    expect(workload.totalAccesses).toBe(5);
    expect([...words((steps[0] as Step).gpu)].map(([word]) => word)).toEqual(['0:4202492', '0:4202496']);
  });
});

describe('Oracle', () => {
  const vmas = [{ name: 'v', startVpn: 0x100, pages: 4, write: true }];

  it('adds stores to seeded contents and checks loads', () => {
    const oracle = new Oracle(vmas, 9);
    const before = oracle.word(0x100010, 0);
    const store = { count: 1, records: Uint32Array.of(0x100010, 0, ACCESS_KIND.write, 7) };
    const load = { count: 1, records: Uint32Array.of(0x100010, 0, ACCESS_KIND.read, 0) };
    expect(oracle.wrongLoads(load, Uint32Array.of(1, before), 2, 1)).toBe(0);
    oracle.apply({ label: '', gpu: store, cpu: store });
    expect(oracle.word(0x100010, 0)).toBe((before + 14) >>> 0);
    expect(oracle.wrongLoads(load, Uint32Array.of(1, before), 2, 1)).toBe(1);
  });

  it('gives untouched pages their seeded contents, different for each page and seed', () => {
    const oracle = new Oracle(vmas, 9);
    const first = oracle.page(0x100).slice();
    expect(oracle.page(0x101)).not.toEqual(first);
    expect(new Oracle(vmas, 10).page(0x100)).not.toEqual(first);
    expect(oracle.page(0x100)).toEqual(first);
  });
});
