// Control of a running workload: pauses hold the clocks, changes act at once, and every promise is kept or broken aloud.
import { describe, expect, it } from 'vitest';
import type { Executor } from '../../../src/engine/plan/executor.ts';
import { createTwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import { browserHost } from '../../../src/lab/measure/environment.ts';
import { executorConfig } from '../../../src/lab/session/machine.ts';
import { Run } from '../../../src/lab/session/run.ts';
import { runReport } from '../../../src/lab/session/run-report.ts';
import type { Scenario } from '../../../src/lab/session/scenario.ts';
import { prepare, scenarioOf } from '../../support/run-scenario.ts';

const workload = { footprintBytes: 4 << 20, batch: 64 };
const pauseFor = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function runOf(scenario: Scenario, change: (executor: Executor) => void = () => {}) {
  const prepared = prepare(scenario);
  const executor = createTwinExecutor(executorConfig(prepared.scenario, prepared.sizes));
  change(executor);
  const run = new Run({ ...prepared, executor, wall: () => performance.now(), pictures: true });
  const steps = (): number => run.outcome('done').steps;
  const until = (test: () => boolean): Promise<void> => expect.poll(test, { timeout: 5000, interval: 2 }).toBe(true);
  return { run, steps, until, prepared, executor };
}

describe('a slow pace', () => {
  const slow = scenarioOf({ workload, run: { clock: 'live', pace: 0.001 } });

  it('does not hold up a cancel, a record or a change of the pace', async () => {
    const { run, steps, until } = runOf(slow);
    const ended = run.start();
    await until(() => steps() === 1);
    expect(await run.verify()).toMatchObject({ mismatchedPages: 0 });
    expect(run.tune('run.pace', 500)).toBeNull();
    await until(() => steps() > 3);
    expect(run.tune('run.pace', 0.001)).toBeNull();
    const asked = performance.now();
    run.cancel();
    expect(await ended).toMatchObject({ end: 'cancelled', verification: { mismatchedPages: 0 } });
    expect(performance.now() - asked).toBeLessThan(5000);
  });

  it('does not hold up a record while paused, or a step', async () => {
    const { run, steps, until } = runOf(slow);
    const ended = run.start();
    await until(() => steps() === 1);
    run.pause();
    expect(await run.verify()).toMatchObject({ mismatchedPages: 0 });
    run.stepOnce();
    await until(() => steps() === 2);
    run.cancel();
    await ended;
  });
});

describe('a pause', () => {
  it('stands still on every clock, also after a step', async () => {
    const { run, steps, until } = runOf(scenarioOf({ workload, run: { clock: 'live' } }));
    const ended = run.start();
    await until(() => steps() > 0);
    run.pause();
    run.stepOnce();
    await run.verify();
    await pauseFor(20);
    const before = { steps: steps(), now: run.snapshot().nowNs, seconds: run.outcome('done').seconds };
    await pauseFor(400);
    expect({ steps: steps(), now: run.snapshot().nowNs, seconds: run.outcome('done').seconds }).toEqual(before);
    run.cancel();
    expect((await ended).seconds - before.seconds).toBeLessThan(0.3);
  });

  it('is no deadlock on the model clock', async () => {
    const { run, steps, until } = runOf(scenarioOf({ workload, run: { maxSteps: 4 } }));
    run.pause();
    const ended = run.start();
    await pauseFor(60);
    expect(steps()).toBe(0);
    run.stepOnce();
    await until(() => steps() === 1);
    run.resume();
    expect(await ended).toMatchObject({ end: 'done', steps: 4 });
  });

  it('forgets steps that were asked for once it is over', async () => {
    const { run, steps, until } = runOf(scenarioOf({ workload, run: { clock: 'live' } }));
    const ended = run.start();
    await until(() => steps() > 0);
    for (let i = 0; i < 1000; i++) run.stepOnce();
    run.resume();
    run.pause();
    await run.verify();
    const at = steps();
    await pauseFor(100);
    expect(steps()).toBe(at);
    run.cancel();
    await ended;
  });
});

describe('the end', () => {
  it('a verification of before says nothing about it', async () => {
    const scenario = scenarioOf({ workload, run: { clock: 'live', maxSteps: 200, pace: 1000, verify: false } });
    const { run, prepared, executor } = runOf(scenario);
    const ended = run.start();
    expect(await run.verify()).toMatchObject({ mismatchedPages: 0 });
    const outcome = await ended;
    expect(outcome).toMatchObject({ end: 'done', verification: null });
    const host = browserHost({ userAgent: 'test', hardwareConcurrency: 2 });
    const base = {
      run,
      prepared,
      info: executor.info,
      host,
      kind: 'live' as const,
      fallback: null,
      createdAt: '',
      command: '',
    };
    const codes = (wrongLoads: number): string[] =>
      runReport({ ...base, outcome: { ...outcome, wrongLoads } }).warnings.map((w) => w.code);
    expect(codes(0)).toContain('unverified');
    expect(codes(0)).not.toContain('verification-failed');
    // Loads are checked whatever else is: wrong ones are told even where no page was compared.
    expect(codes(1)).toEqual(expect.arrayContaining(['unverified', 'verification-failed']));
  });

  it('breaks a promise to verify that it cannot keep', async () => {
    const { run } = runOf(scenarioOf({ workload, run: { clock: 'live' } }));
    const ended = run.start();
    const verified = run.verify();
    run.abandon();
    await expect(verified).rejects.toThrow('ended before');
    await ended;
    await expect(run.verify()).rejects.toThrow('over');
  });

  it('does not wait for a step that cannot end', async () => {
    const held = scenarioOf({
      workload: { ...workload, name: 'ping-pong' },
      migration: { timeslice: { overrideMs: 60_000 } },
      run: { clock: 'live' },
    });
    const { run, until } = runOf(held);
    const ended = run.start();
    await until(() => (run.counters()['x_event_timeslice_refusal'] ?? 0) > 0);
    const asked = performance.now();
    run.cancel();
    expect(await ended).toMatchObject({ end: 'cancelled', verification: null });
    expect(performance.now() - asked).toBeLessThan(5000);
  });
});

it('long work gives way: populating and verifying 64 MiB takes many steps, between which the thread may be given back', async () => {
  const { run } = runOf(scenarioOf({ workload: { batch: 1 }, run: { maxSteps: 1 } }));
  const { sched } = run.machine.world;
  const slice = sched.run.bind(sched);
  let steps = 0;
  sched.run = (now, keepGoing) =>
    slice(now, () => {
      steps++;
      return keepGoing?.() ?? true;
    });
  const outcome = await run.start();
  expect(outcome.verification).toMatchObject({ pagesChecked: 16_384, mismatchedPages: 0 });
  // 128 pages compared a step; all else of this run takes a few dozen steps.
  expect(steps).toBeGreaterThan(16_384 / 128);
});
