// Messages in any order: none is lost, none acts on the wrong run, and every request has an answer.
import { afterEach, describe, expect, it } from 'vitest';
import type { FromSession, ToSession } from '../../../src/lab/session/protocol.ts';
import { WorkerSession } from '../../../src/lab/session/worker-session.ts';
import { scenarioOf } from '../../support/run-scenario.ts';

const MIB = 1 << 20;
const live = scenarioOf({ workload: { footprintBytes: 4 * MIB }, run: { clock: 'live' } });
const short = scenarioOf({ workload: { footprintBytes: 4 * MIB }, run: { clock: 'live', maxSteps: 2 } });

const open: WorkerSession[] = [];
afterEach(() => {
  for (const session of open.splice(0)) session.handle({ type: 'stop' });
});

function session(gpu?: GPU) {
  const posted: FromSession[] = [];
  const made = new WorkerSession({
    gpu,
    navigator: { userAgent: 'test', hardwareConcurrency: 2 },
    wall: () => performance.now(),
    catalogue: [],
    post: (message) => void posted.push(message),
  });
  open.push(made);
  const send = (...messages: ToSession[]): void => messages.forEach((message) => made.handle(message));
  const states = (): string[] => posted.flatMap((m) => (m.type === 'state' ? [m.state] : []));
  const reports = () => posted.flatMap((m) => (m.type === 'report' ? [m.report] : []));
  const accesses = (): number =>
    posted.reduce((sum, m) => sum + (m.type === 'snapshot' ? m.snapshot.rates.accesses : 0), 0);
  const until = (test: () => boolean): Promise<void> => expect.poll(test, { timeout: 5000 }).toBe(true);
  return { posted, send, states, reports, accesses, until };
}

const pauseFor = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('while a run is opening', () => {
  it('stop means that it never begins', async () => {
    const { send, states } = session();
    send({ type: 'start', scenario: live }, { type: 'stop' });
    await pauseFor(150);
    expect(states()).toEqual(['starting', 'cancelled']);
  });

  it('pause, tune and record wait for it', async () => {
    const { send, states, reports, accesses, until } = session();
    send(
      { type: 'start', scenario: live },
      { type: 'pause' },
      { type: 'tune', path: 'migration.timeslice.overrideMs', value: 7 },
      { type: 'record' },
    );
    await until(() => reports().length === 1);
    expect(states()).toEqual(['starting', 'running', 'paused']);
    expect(accesses()).toBe(0);
    expect(reports()[0]).toMatchObject({
      scenario: { migration: { timeslice: { overrideMs: 7 } } },
      verification: { mismatchedPages: 0 },
      notes: expect.arrayContaining([expect.stringContaining('changed while running: Timeslice')]) as string[],
    });
  });

  it('a hidden page holds it, and its report says so', async () => {
    const { send, reports, accesses, until } = session();
    send({ type: 'hidden', hidden: true }, { type: 'start', scenario: live });
    await pauseFor(250);
    expect(accesses()).toBe(0);
    send({ type: 'hidden', hidden: false });
    await until(() => accesses() > 0);
    send({ type: 'record' });
    await until(() => reports().length === 1);
    expect(reports()[0]?.warnings.map((w) => w.code)).toContain('hidden-tab');
  });

  it('of many starts only the last one begins', async () => {
    const { posted, send, states, until } = session();
    for (let i = 0; i < 5; i++) send({ type: 'start', scenario: live });
    send({ type: 'start', scenario: short });
    await until(() => states().includes('finished'));
    expect(states().filter((state) => state !== 'starting')).toEqual(['running', 'finished']);
    expect(posted.filter((m) => m.type === 'executor')).toHaveLength(1);
  });

  it('a refusal of a start that was replaced is not heard', async () => {
    const { posted, send, states, until } = session();
    const bad = { ...live, machine: { ...live.machine, vram: 'much' } };
    send({ type: 'start', scenario: bad }, { type: 'start', scenario: short });
    await until(() => states().includes('finished'));
    expect(posted.filter((m) => m.type === 'refused')).toEqual([]);
    expect(states()).not.toContain('failed');
  });
});

it('an adapter that gives no device leads to the twin, with the reason', async () => {
  const adapter = {
    info: { vendor: 'test', architecture: '', device: '', description: '', isFallbackAdapter: false },
    features: new Set<string>(),
    limits: { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 30 },
    requestDevice: () => Promise.reject(new Error('no device today')),
  };
  const gpu = { requestAdapter: () => Promise.resolve(adapter) } as unknown as GPU;
  const { posted, send, states, until } = session(gpu);
  send({ type: 'start', scenario: short });
  await until(() => states().includes('finished') || states().includes('failed'));
  expect(posted.find((m) => m.type === 'executor')).toMatchObject({
    info: { kind: 'twin' },
    fallback: expect.stringContaining('no device today') as string,
  });
});

describe('after a run', () => {
  it('record gives its report again, other messages change nothing', async () => {
    const { send, states, reports, until } = session();
    send({ type: 'start', scenario: short });
    await until(() => states().includes('finished'));
    const before = states();
    send({ type: 'pause' }, { type: 'resume' }, { type: 'step' }, { type: 'stop' });
    send({ type: 'tune', path: 'run.pace', value: 3 }, { type: 'record' });
    await until(() => reports().length === 2);
    expect(states()).toEqual(before);
    expect(reports()[1]).toMatchObject({
      scenario: { run: { pace: 0 } },
      partial: false,
      counters: reports()[0]?.counters,
    });
  });

  it('without a run, record is refused and the state stays', () => {
    const { posted, send } = session();
    send({ type: 'record' });
    expect(posted).toMatchObject([{ type: 'refused', field: 'record' }]);
  });
});

describe('during a run', () => {
  it('two records at once give two reports', async () => {
    const { send, states, reports, until } = session();
    send({ type: 'start', scenario: live });
    await until(() => states().includes('running'));
    send({ type: 'record' }, { type: 'record' });
    await until(() => reports().length === 2);
    for (const report of reports()) expect(report.verification).toMatchObject({ mismatchedPages: 0 });
  });

  it('a person who pauses a hidden page finds it paused', async () => {
    const { send, states, accesses, until } = session();
    send({ type: 'start', scenario: live });
    await until(() => states().includes('running'));
    send({ type: 'hidden', hidden: true }, { type: 'pause' }, { type: 'hidden', hidden: false });
    await pauseFor(200);
    const seen = accesses();
    await pauseFor(200);
    expect(accesses()).toBe(seen);
  });

  it('pages that do not exist are answered, not thrown at', async () => {
    const { posted, send, states, until } = session();
    send({ type: 'start', scenario: live });
    await until(() => states().includes('running'));
    send({ type: 'inspect', page: Number.NaN }, { type: 'inspect', page: 0.5 }, { type: 'inspect', page: -1 });
    expect(posted.filter((m) => m.type === 'inspected').map((m) => m.lines[0])).toEqual(
      Array.from({ length: 3 }, () => expect.stringContaining('outside') as string),
    );
  });
});
