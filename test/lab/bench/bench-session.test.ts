// The benchmark behind the page, on the twin: every request gets one answer, a cancelled one keeps what it has, and neither a run
// nor a second benchmark gets into the first one's way.
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../bench/cases/catalogue.ts';
import { QUICK_REQUEST, type BenchRequest, type FromBench } from '../../../src/lab/bench/bench-protocol.ts';
import { BenchSession } from '../../../src/lab/bench/bench-session.ts';
import { DeviceLostError } from '../../../src/engine/plan/executor.ts';
import type { AnyCase } from '../../../src/lab/bench/experiment.ts';
import { parseReport } from '../../../src/lab/measure/report.ts';
import type { FromSession, ToSession } from '../../../src/lab/session/protocol.ts';
import { WorkerSession } from '../../../src/lab/session/worker-session.ts';
import { scenarioOf } from '../../support/run-scenario.ts';

const MIB = 1 << 20;
const ID = 'copy.up.2M.physical';
const REQUEST: BenchRequest = { ...QUICK_REQUEST, ids: [ID], peers: false, adapter: 'twin', samples: 5 };
const ENDLESS: BenchRequest = { ...REQUEST, samples: 10_000 };
const LIVE = scenarioOf({ workload: { footprintBytes: 4 * MIB }, run: { clock: 'live' } });

const HOST = {
  gpu: undefined,
  navigator: { userAgent: 'test', hardwareConcurrency: 2 },
  wall: () => performance.now(),
};

type Result = Extract<FromBench, { type: 'bench-result' }>;
type Failure = Extract<FromBench, { type: 'bench-failed' }>;

function opened(catalogue: readonly AnyCase[] = CATALOGUE, locks?: LockManager) {
  const posted: FromBench[] = [];
  const navigator = { ...HOST.navigator, ...(locks === undefined ? {} : { locks }) };
  const session = new BenchSession({ ...HOST, navigator, catalogue, post: (message) => void posted.push(message) });
  const results = (): Result[] => posted.filter((one) => one.type === 'bench-result');
  const failures = (): Failure[] => posted.filter((one) => one.type === 'bench-failed');
  const until = (test: () => boolean): Promise<void> => expect.poll(test, { timeout: 15_000, interval: 5 }).toBe(true);
  /** Rounds are under way. */
  const measuring = (): Promise<void> =>
    until(() => posted.some((one) => one.type === 'bench-progress' && one.done > 0));
  return { session, posted, results, failures, until, measuring };
}

/** An experiment that does what a test says. */
function experiment(measure: () => Promise<never>): AnyCase {
  const rest = { unit: 'ns', convention: '', peer: null, limit: null, tier: 'core' as const };
  return { id: 'test.it', about: 'test', ...rest, experiment: { name: 'test', measure } };
}

describe('a benchmark behind the page', () => {
  it('ends with one report of the schema, from a browser, its bytes compared', async () => {
    const { session, posted, results, failures } = opened();
    await session.start({ ...REQUEST, peers: true });
    expect(failures()).toEqual([]);
    expect(results()).toHaveLength(1);
    const parsed = parseReport(JSON.parse(JSON.stringify(results()[0]?.report)));
    expect(parsed).toMatchObject({
      ok: true,
      report: {
        partial: false,
        run: { kind: 'bench', executor: 'twin' },
        environment: { host: { runtime: 'browser', version: 'test' } },
        scenario: { adapter: 'twin', quick: true, cases: [ID] },
        verification: { mismatchedPages: 0 },
      },
    });
    const { metrics, verification } = results()[0]?.report ?? expect.fail('no report');
    expect(metrics.map(({ n }) => n)).toEqual(metrics.map(() => 5));
    expect(metrics.find(({ id }) => id === ID)?.limitRatio?.pairs).toBe(5);
    expect(verification?.pagesChecked).toBeGreaterThan(0);
    expect(posted.at(-1)?.type).toBe('bench-result');
    expect(posted.some(({ type }) => type === 'bench-progress')).toBe(true);
    expect(session.busy).toBe(false);
  });

  it.each<[Partial<BenchRequest>, string]>([
    [{ ids: ['copy.upp'] }, 'case is "copy.upp", allowed: ids that'],
    [{ filter: 'nothing' }, 'filter is "nothing", allowed: text that'],
    [{ samples: 4 }, 'samples is "4", allowed: a whole number from 5 to 10000'],
    [{ repeat: 1.5 }, 'repeat is "1.5", allowed: a whole number from 1 to 1000'],
    [{ budgetSeconds: 0 }, 'budgetSeconds is "0", allowed: a number above 0 up to 86400'],
    [{ aa: 199 }, 'aa is "199", allowed: a whole number from 200 to 100000'],
    [{ aa: 200, repeat: 2 }, 'repeat is "2", allowed: 1 beside A/A'],
  ])('refuses %j by name, and measures nothing', async (change, message) => {
    const { session, posted } = opened();
    await session.start({ ...REQUEST, ...change });
    expect(posted).toEqual([
      expect.objectContaining({ type: 'bench-failed', reason: 'refused', message: expect.stringContaining(message) }),
    ]);
  });

  it('says that there is no adapter of the kind asked for', async () => {
    const { session, posted } = opened();
    await session.start({ ...REQUEST, adapter: 'hardware' });
    expect(posted).toEqual([expect.objectContaining({ type: 'bench-failed', reason: 'no-adapter' })]);
    await session.start({ ...REQUEST, adapter: 'auto' });
    const last = posted.at(-1);
    expect(last?.type === 'bench-result' && last.report.environment.fallback).toMatch(/^no adapter was found: /);
  });

  it('keeps what a cancelled one has, and takes the next', async () => {
    const { session, results, measuring } = opened();
    const ended = session.start(ENDLESS);
    await measuring();
    session.cancel();
    await ended;
    const [report] = results().map((one) => one.report);
    expect(report).toMatchObject({ partial: true });
    expect(report?.metrics[0]?.n).toBeGreaterThan(0);
    expect(report?.metrics[0]?.n).toBeLessThan(10_000);
    expect(report?.warnings.map(({ code }) => code)).toContain('partial');
    await session.start(REQUEST);
    expect(results()[1]?.report.partial).toBe(false);
  });

  it('ends a whole run that is measured at once', async () => {
    const { session, posted, results, until } = opened();
    const ended = session.start({ ...ENDLESS, ids: ['migrate.up.4K.physical'] });
    await until(() => posted.some((one) => one.type === 'bench-progress' && one.label.startsWith('migrate')));
    session.cancel();
    await ended;
    expect(results()[0]?.report.partial).toBe(true);
  });

  it('refuses a second one while the first goes on', async () => {
    const { session, failures, results, measuring } = opened();
    const ended = session.start(ENDLESS);
    await measuring();
    await session.start(REQUEST);
    expect(failures()).toEqual([expect.objectContaining({ reason: 'busy' })]);
    expect(results()).toEqual([]);
    session.cancel();
    await ended;
    expect(results()).toHaveLength(1);
  });

  it('measures while no other tab does', async () => {
    let held = true;
    const request = (_name: string, _options: LockOptions, work: (lock: Lock | null) => unknown): unknown =>
      work(held ? null : { name: 'x', mode: 'exclusive' });
    const { session, posted } = opened(CATALOGUE, { request } as unknown as LockManager);
    await session.start(REQUEST);
    expect(posted).toEqual([expect.objectContaining({ type: 'bench-failed', reason: 'busy' })]);
    held = false;
    await session.start(REQUEST);
    expect(posted.at(-1)?.type).toBe('bench-result');
  });

  it.each([
    ['device-lost', new DeviceLostError('gone')],
    ['bug', new TypeError('gone')],
  ])('answers %s, and is free again', async (reason, error) => {
    const { session, failures } = opened([experiment(() => Promise.reject(error))]);
    await session.start({ ...REQUEST, ids: [] });
    expect(failures()).toEqual([expect.objectContaining({ reason, message: expect.stringContaining('gone') })]);
    expect(session.busy).toBe(false);
  });
});

describe('a hidden page', () => {
  it('is not measured: its samples are left out, and measuring goes on when it is shown', async () => {
    const { session, posted, results, measuring } = opened();
    const ended = session.start({ ...REQUEST, samples: 400 });
    await measuring();
    session.hide(true);
    // One round may be under way; after it everything waits.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = posted.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(posted).toHaveLength(before);
    expect(results()).toEqual([]);
    session.hide(false);
    await ended;
    const [metric] = results()[0]?.report.metrics ?? [];
    expect(metric?.n).toBeLessThanOrEqual(400);
    expect(metric?.n).toBeGreaterThan(0);
  });

  it('can be given up', async () => {
    const { session, results, measuring } = opened();
    const ended = session.start(ENDLESS);
    await measuring();
    session.hide(true);
    session.cancel();
    await ended;
    expect(results()[0]?.report.partial).toBe(true);
  });
});

describe('a run and a benchmark', () => {
  function worker() {
    const posted: FromSession[] = [];
    const session = new WorkerSession({ ...HOST, catalogue: CATALOGUE, post: (message) => void posted.push(message) });
    const send = (...messages: ToSession[]): void => messages.forEach((message) => session.handle(message));
    const has = (part: object): Promise<void> =>
      expect.poll(() => posted, { timeout: 15_000 }).toContainEqual(expect.objectContaining(part));
    return { posted, send, has };
  }

  it('are never under way together: the run first', async () => {
    const { posted, send, has } = worker();
    send({ type: 'start', scenario: LIVE }, { type: 'bench', ...REQUEST });
    expect(posted).toContainEqual(expect.objectContaining({ type: 'bench-failed', reason: 'busy' }));
    await has({ type: 'state', state: 'running' });
    send({ type: 'bench', ...REQUEST });
    expect(posted.filter(({ type }) => type === 'bench-failed')).toHaveLength(2);
    send({ type: 'stop' });
    await has({ type: 'state', state: 'cancelled' });
    send({ type: 'bench', ...REQUEST });
    await has({ type: 'bench-result' });
  });

  it('are never under way together: the benchmark first', async () => {
    const { posted, send, has } = worker();
    send({ type: 'bench', ...ENDLESS }, { type: 'start', scenario: LIVE });
    expect(posted).toContainEqual(expect.objectContaining({ type: 'refused', field: 'start' }));
    expect(posted).toContainEqual(expect.objectContaining({ type: 'state', state: 'cancelled' }));
    send({ type: 'bench-cancel' });
    await has({ type: 'bench-result' });
    send({ type: 'start', scenario: LIVE });
    await has({ type: 'state', state: 'running' });
    send({ type: 'stop' });
    await has({ type: 'report' });
  });
});
