// Whole runs on the CPU twin: every page equals the oracle, whatever the memory, the ladder, the mode or the schedule.
import { describe, expect, it } from 'vitest';
import { runOnTwin, scenarioOf } from '../../support/run-scenario.ts';

const SMALL = { footprintBytes: 8 << 20, batch: 512 };

function good(finished: Awaited<ReturnType<typeof runOnTwin>>): void {
  const { outcome, prepared } = finished;
  expect(outcome).toMatchObject({ end: 'done', failure: null, wrongLoads: 0 });
  expect(outcome.verification).toEqual({
    pagesChecked: prepared.sizes.vmaPages,
    mismatchedPages: 0,
    firstMismatch: null,
  });
}

describe('a sweep that does not fit', () => {
  it.each(['25%', '50%', '100%', '200%'])('VRAM %s of the footprint', async (vram) => {
    const finished = await runOnTwin(scenarioOf({ machine: { vram }, workload: SMALL, run: { maxSteps: 12 } }));
    good(finished);
    const counters = finished.run.counters();
    expect(counters['svm_device_copy_kb']).toBeGreaterThan(0);
    if (vram === '25%' || vram === '50%') expect(counters['x_evict_count']).toBeGreaterThan(0);
    else expect(counters['x_evict_count']).toBe(0);
  });
});

describe('modes and ladders', () => {
  const cases = ['translated', 'physical'].flatMap((copyMode) =>
    ['wait', 'pipelined'].map((wait) => ({ copyMode, wait })),
  );
  it.each(cases)('$copyMode, $wait', async (engine) => {
    good(await runOnTwin(scenarioOf({ workload: { ...SMALL, name: 'random' }, engine, run: { maxSteps: 8 } })));
  });

  it.each([[[2 << 20, 64 << 10, 4096]], [[64 << 10, 4096]], [[4096]]])('chunks %j', async (chunks) => {
    const finished = await runOnTwin(
      scenarioOf({ workload: { ...SMALL, footprintBytes: 4 << 20 }, migration: { chunks }, run: { maxSteps: 6 } }),
    );
    good(finished);
  });

  it('without the TLB model', async () => {
    good(await runOnTwin(scenarioOf({ workload: SMALL, engine: { tlbLines: 0 }, run: { maxSteps: 8 } })));
  });
});

describe('ping-pong', () => {
  it('plain: pages go home when the CPU touches them', async () => {
    const finished = await runOnTwin(scenarioOf({ workload: { ...SMALL, name: 'ping-pong' }, run: { maxSteps: 10 } }));
    good(finished);
    expect(finished.run.counters()['svm_cpu_copy_kb']).toBeGreaterThan(0);
  });

  it('atomic: the timeslice holds pages in VRAM and refusals are counted', async () => {
    const workload = { ...SMALL, name: 'ping-pong', writePercent: 0, atomicPercent: 100 };
    const finished = await runOnTwin(scenarioOf({ workload, run: { maxSteps: 10 } }));
    good(finished);
    expect(finished.run.counters()['x_event_timeslice_refusal']).toBeGreaterThan(0);
  });

  it('an override holds every migration, also of plain accesses', async () => {
    const workload = { ...SMALL, name: 'ping-pong' };
    const held = await runOnTwin(
      scenarioOf({ workload, migration: { timeslice: { overrideMs: 10 } }, run: { maxSteps: 6 } }),
    );
    const free = await runOnTwin(
      scenarioOf({ workload, migration: { timeslice: { overrideMs: 0 } }, run: { maxSteps: 6 } }),
    );
    good(held);
    good(free);
    expect(held.run.counters()['x_event_timeslice_refusal'] ?? 0).toBeGreaterThan(0);
    expect(free.run.counters()['x_event_timeslice_refusal'] ?? 0).toBe(0);
  });
});

describe('reproducible', () => {
  const scenario = scenarioOf({
    workload: { ...SMALL, name: 'ping-pong', atomicPercent: 20 },
    run: { maxSteps: 6, seed: 77 },
  });

  it('the same seed gives the same events and counters', async () => {
    const [a, b] = [await runOnTwin(scenario), await runOnTwin(scenario)];
    expect(a.run.eventHash).toBe(b.run.eventHash);
    expect(a.run.counters()).toEqual(b.run.counters());
    const other = await runOnTwin({ ...scenario, run: { ...scenario.run, seed: 78 } });
    expect(other.run.eventHash).not.toBe(a.run.eventHash);
  });

  it('jobs of different queues may run in another order: only fences are relied on', async () => {
    good(await runOnTwin(scenario, { order: { seed: 5 } }));
  });
});
