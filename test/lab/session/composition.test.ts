// The parts of a session: page numbering, sizes, step groups, log lines, live changes, and the worker's messages.
import { describe, expect, it } from 'vitest';
import { DeviceLostError } from '../../../src/engine/plan/executor.ts';
import { createTwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import { logLine } from '../../../src/lab/session/log-line.ts';
import { executorConfig } from '../../../src/lab/session/machine.ts';
import { PageIndex } from '../../../src/lab/session/page-index.ts';
import { TWIN } from '../../../src/lab/session/open-executor.ts';
import { prepareRun } from '../../../src/lab/session/prepare.ts';
import { PAGE_STATE, type FromSession } from '../../../src/lab/session/protocol.ts';
import { Run } from '../../../src/lab/session/run.ts';
import { StepSource } from '../../../src/lab/session/step-group.ts';
import { WorkerSession } from '../../../src/lab/session/worker-session.ts';
import { parseReport } from '../../../src/lab/measure/report.ts';
import type { Step } from '../../../src/lab/workload/workload.ts';
import { prepare, scenarioOf } from '../../support/run-scenario.ts';

const MIB = 1 << 20;

describe('PageIndex', () => {
  const index = new PageIndex([
    { name: 'a', startVpn: 0x100, pages: 16, write: true },
    { name: 'b', startVpn: 0x400, pages: 8, write: true },
  ]);

  it('numbers pages over all areas and back', () => {
    expect([index.of(0xff), index.of(0x100), index.of(0x10f), index.of(0x110), index.of(0x400)]).toEqual([
      -1, 0, 15, -1, 16,
    ]);
    expect([0, 15, 16, 23].map((page) => index.vpn(page))).toEqual([0x100, 0x10f, 0x400, 0x407]);
  });

  it('clips spans to areas', () => {
    expect(index.clip(0xf0, 0x108)).toEqual([0, 8]);
    expect(index.clip(0x108, 0x404)).toEqual([8, 12]);
    expect(index.clip(0x200, 0x300)).toBeNull();
  });
});

describe('sizes', () => {
  it('percent of the mapped bytes, rounded up to 2 MiB, tables on top', () => {
    const { sizes } = prepare(scenarioOf({ machine: { vram: '30%' }, workload: { footprintBytes: 16 * MIB } }));
    expect(sizes.vmaPages).toBe(4096);
    expect(sizes.dataPages).toBe(1536);
    expect(sizes.reservePages).toBeGreaterThan(0);
    expect(sizes.systemPages).toBeGreaterThan(sizes.vmaPages);
  });

  it('steps a default down with a warning, never what the user gave', () => {
    const scenario = scenarioOf({});
    const stepped = prepareRun(scenario, null, { maxSpacePages: 8192, segmentPages: 8192 }, new Set());
    expect(stepped).toMatchObject({ ok: true, warnings: [{ code: 'vram-stepped-down' }] });
    const refused = prepareRun(
      scenario,
      null,
      { maxSpacePages: 8192, segmentPages: 8192 },
      new Set(['workload.footprintBytes']),
    );
    expect(refused).toMatchObject({
      ok: false,
      field: expect.stringMatching(/machine\.vram|workload\.footprintBytes/) as string,
    });
  });

  it('a trace workload without a trace is refused', () => {
    const refused = prepareRun(scenarioOf({ workload: { name: 'trace' } }), null, TWIN, new Set());
    expect(refused).toMatchObject({ ok: false, message: expect.stringContaining('trace file') as string });
  });
});

describe('StepSource', () => {
  const step = (gpu: number, cpu: number): Step => ({
    label: '',
    gpu: gpu > 0 ? { count: gpu, records: new Uint32Array(gpu * 4) } : null,
    cpu: cpu > 0 ? { count: cpu, records: new Uint32Array(cpu * 4) } : null,
  });
  const sizes = (steps: Step[]): number[] => steps.map((s) => (s.gpu?.count ?? 0) + (s.cpu?.count ?? 0));

  it('groups GPU steps up to the limit and leaves steps with CPU work alone', () => {
    const source = new StepSource([step(4, 0), step(4, 0), step(4, 0), step(1, 1), step(2, 0)].values(), 10);
    expect(sizes(source.next(99))).toEqual([4, 4]);
    expect(sizes(source.next(99))).toEqual([4]);
    expect(sizes(source.next(99))).toEqual([2]);
    expect(sizes(source.next(99))).toEqual([2]);
    expect(source.next(99)).toEqual([]);
  });

  it('gives a step above the limit by itself, and no more than asked for', () => {
    const source = new StepSource([step(20, 0), step(1, 0), step(1, 0)].values(), 10);
    expect(sizes(source.next(99))).toEqual([20]);
    expect(sizes(source.next(1))).toEqual([1]);
    expect(source.next(0)).toEqual([]);
    expect(sizes(source.next(5))).toEqual([1]);
  });
});

describe('log lines follow the driver (xe.md §8.4)', () => {
  it('a range that was never collected', () => {
    const event = {
      kind: 'range',
      op: 'PAGE FAULT',
      asid: 17,
      startVpn: 0x5562fec30,
      pages: 16,
      inVram: false,
      vramBinding: false,
      seq: -1,
    } as const;
    expect(logLine(249_539_658_000, event)).toBe(
      '[  249.539658] PAGE FAULT: asid=17, vram=0,0, seqno=9223372036854775807, start=0x005562fec30000, end=0x005562fec40000, size=65536',
    );
  });

  it('an invalidation', () => {
    const event = { kind: 'invalidate', asid: 3, seq: 7, startVpn: 0x345, endVpn: 0x346, event: 6 } as const;
    expect(logLine(0, event)).toContain(
      'INVALIDATE: asid=3, seqno=7, start=0x0000000000345000, end=0x0000000000346000, event=6',
    );
  });
});

describe('a live run', () => {
  function liveRun(): Run {
    const { scenario, sizes, workload } = prepare(
      scenarioOf({ workload: { name: 'ping-pong', footprintBytes: 4 * MIB, batch: 64 }, run: { clock: 'live' } }),
    );
    const executor = createTwinExecutor(executorConfig(scenario, sizes));
    return new Run({ scenario, sizes, workload, executor, wall: () => performance.now(), pictures: true });
  }

  it('runs until cancelled, shows itself, and verifies', async () => {
    const run = liveRun();
    const ended = run.start();
    expect(run.tune('migration.timeslice.overrideMs', 3)).toBeNull();
    expect(await run.verify()).toMatchObject({ mismatchedPages: 0 });
    const snapshot = run.snapshot();
    expect(snapshot.vmas).toHaveLength(1);
    expect(snapshot.pageState).toHaveLength(1024);
    expect(snapshot.marks[0]).toContain('3');
    expect(run.explain(0)[0]).toContain('page 0');
    const home = snapshot.pageState.indexOf(PAGE_STATE.system);
    run.machine.faulting.add(run.pages.vpn(home));
    expect(run.snapshot().pageState[home]).toBe(PAGE_STATE.faulting);
    run.cancel();
    expect(await ended).toMatchObject({ end: 'cancelled', wrongLoads: 0, verification: { mismatchedPages: 0 } });
    expect(run.machine.options.timeslice.overrideMs).toBe(3);
  });

  it('refuses what is not live and what is wrong, changing nothing', async () => {
    const run = liveRun();
    expect(run.tune('workload.batch', 5)).toContain('reset');
    expect(run.tune('migration.timeslice.overrideMs', -1)).toContain('migration.timeslice.overrideMs is -1');
    expect(run.tune('no.such', 1)).toContain('no field');
    expect(run.machine.options.timeslice.overrideMs).toBeNull();
    run.cancel();
    await run.start();
  });

  it('pause holds the workload, step lets one pass, resume goes on', async () => {
    const run = liveRun();
    run.pause();
    const ended = run.start();
    await run.verify();
    expect(run.outcome('done').steps).toBe(0);
    run.stepOnce();
    while (run.outcome('done').steps === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await run.verify();
    expect(run.outcome('done').steps).toBe(1);
    run.resume();
    while (run.outcome('done').steps < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    run.cancel();
    expect((await ended).end).toBe('cancelled');
  });

  it('a lost device ends the run with its own error', async () => {
    const { scenario, sizes, workload } = prepare(scenarioOf({ workload: { footprintBytes: 4 * MIB } }));
    const executor = createTwinExecutor(executorConfig(scenario, sizes));
    executor.settled = () => Promise.reject(new DeviceLostError('gone'));
    const run = new Run({ scenario, sizes, workload, executor, wall: () => performance.now() });
    await expect(run.start()).rejects.toThrow(DeviceLostError);
  });
});

describe('WorkerSession', () => {
  function session(): {
    posted: FromSession[];
    session: WorkerSession;
    until: (test: (m: FromSession) => boolean) => Promise<FromSession>;
  } {
    const posted: FromSession[] = [];
    const navigator = { userAgent: 'test', hardwareConcurrency: 2 };
    const made = new WorkerSession({
      gpu: undefined,
      navigator,
      wall: () => performance.now(),
      catalogue: [],
      post: (message) => void posted.push(message),
    });
    const until = async (test: (m: FromSession) => boolean): Promise<FromSession> => {
      for (;;) {
        const found = posted.find(test);
        if (found !== undefined) return found;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    return { posted, session: made, until };
  }
  const scenario = scenarioOf({ workload: { footprintBytes: 4 * MIB }, run: { clock: 'live' } });

  it('falls back to the twin, says so, sends snapshots, records a valid report', async () => {
    const { session: worker, until } = session();
    worker.handle({ type: 'start', scenario });
    expect(await until((m) => m.type === 'executor')).toMatchObject({
      info: { kind: 'twin' },
      fallback: expect.any(String) as string,
    });
    await until((m) => m.type === 'snapshot' && m.snapshot.spans.length > 0);
    worker.handle({ type: 'record' });
    const message = await until((m) => m.type === 'report');
    expect(parseReport(JSON.parse(JSON.stringify((message as { report: unknown }).report)))).toMatchObject({
      ok: true,
    });
    worker.handle({ type: 'stop' });
    await until((m) => m.type === 'state' && m.state === 'cancelled');
  });

  it('refuses a bad scenario by field and a bad trace by line', async () => {
    const { session: worker, until } = session();
    worker.handle({ type: 'start', scenario: { ...scenario, machine: { ...scenario.machine, vram: '3 apples' } } });
    expect(await until((m) => m.type === 'refused')).toMatchObject({ field: 'machine.vram' });
    const bytes = new TextEncoder().encode(' L 00401000,8\n S 00').buffer;
    worker.handle({
      type: 'start',
      scenario: { ...scenario, workload: { ...scenario.workload, name: 'trace' } },
      trace: { name: 't.lackey', bytes },
    });
    expect(await until((m) => m.type === 'refused' && m.field === 'trace')).toMatchObject({
      message: expect.stringContaining('line 2') as string,
    });
  });

  it('a second start replaces the first run', async () => {
    const { posted, session: worker, until } = session();
    worker.handle({ type: 'start', scenario });
    await until((m) => m.type === 'snapshot');
    posted.length = 0;
    worker.handle({ type: 'start', scenario: { ...scenario, run: { ...scenario.run, seed: 9 } } });
    await until((m) => m.type === 'snapshot' && m.snapshot.index === 0);
    expect(posted.filter((m) => m.type === 'state' && m.state === 'failed')).toEqual([]);
    worker.handle({ type: 'stop' });
    await until((m) => m.type === 'state' && m.state === 'cancelled');
  });
});
