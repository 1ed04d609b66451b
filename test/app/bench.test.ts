// The page's end of a benchmark: the run in its way is stopped first, and every end leaves the page ready for the next.
import { describe, expect, it } from 'vitest';
import { PAGE_SCENARIO } from '../../src/app/state/page-scenario.ts';
import { Session } from '../../src/app/state/session.ts';
import { someReport } from '../lab/measure/some-report.ts';
import { FakeSession } from '../support/fake-session.ts';

const SHAPE = { lanes: 64, unroll: 4, groups: 1 };
const TUNED = { table: { key: { up: SHAPE, down: SHAPE, within: SHAPE } }, trials: {} };

function opened() {
  const ports: FakeSession[] = [];
  const open = (): FakeSession => {
    const port = new FakeSession();
    ports.push(port);
    return port;
  };
  const session = new Session(open, PAGE_SCENARIO);
  session.start();
  const port = ports[0] ?? expect.fail('no port');
  const heard = (): string[] => port.heard.map(({ type }) => type);
  return { session, port, heard, bench: session.bench };
}

describe('a benchmark on the page', () => {
  it('waits for the run under way to end', () => {
    const { session, port, heard, bench } = opened();
    port.say({ type: 'state', state: 'running', message: null });
    session.startBench({ ids: ['copy'] });
    expect(heard()).toEqual(['start', 'stop']);
    expect(bench.state.value).toBe('waiting');
    port.say({ type: 'state', state: 'paused', message: null });
    expect(bench.state.value).toBe('waiting');
    port.say({ type: 'state', state: 'cancelled', message: null });
    expect(port.heard.at(-1)).toMatchObject({ type: 'bench', ids: ['copy'], quick: true, adapter: 'auto' });
    expect(bench.state.value).toBe('measuring');
  });

  it('begins at once where nothing runs, shows how far it is, and ends with its report', () => {
    const { session, port, heard, bench } = opened();
    port.say({ type: 'state', state: 'finished', message: null });
    session.startBench();
    expect(heard()).toEqual(['start', 'bench']);
    const progress = { done: 3, total: 9, label: 'copy.up', secondsLeft: 4 };
    port.say({ type: 'bench-progress', ...progress });
    expect(bench.progress.value).toEqual(progress);
    const report = someReport();
    port.say({ type: 'bench-result', report, tuned: TUNED });
    expect(bench.report.value).toBe(report);
    expect(session.report.value).toBe(report);
    expect([bench.state.value, bench.progress.value]).toEqual(['idle', null]);
    session.startBench();
    expect(port.heard.at(-1)).toMatchObject({ type: 'bench', tuning: { mode: 'auto', kept: TUNED } });
  });

  it('is cancelled while it waits without having begun, and while it measures by asking', () => {
    const { session, port, heard, bench } = opened();
    session.startBench();
    bench.cancel();
    port.say({ type: 'state', state: 'cancelled', message: null });
    expect(heard()).toEqual(['start', 'stop']);
    expect(bench.state.value).toBe('idle');
    session.startBench();
    bench.cancel();
    bench.cancel();
    expect(heard()).toEqual(['start', 'stop', 'bench', 'bench-cancel']);
    expect(bench.state.value).toBe('cancelling');
  });

  it('gives way to a run that is asked for instead while it waits', () => {
    const { session, port, heard, bench } = opened();
    session.startBench();
    session.start();
    port.say({ type: 'state', state: 'finished', message: null });
    expect(heard()).toEqual(['start', 'stop', 'start']);
    expect(bench.state.value).toBe('idle');
  });

  it('says why there is no report, and takes the next', () => {
    const { session, port, bench } = opened();
    port.say({ type: 'state', state: 'finished', message: null });
    session.startBench();
    port.say({ type: 'bench-failed', reason: 'device-lost', field: null, message: 'it went away' });
    expect([bench.state.value, bench.failure.value]).toEqual(['idle', 'it went away']);
    session.startBench();
    expect([bench.state.value, bench.failure.value]).toEqual(['measuring', null]);
  });

  it('ends with its worker', () => {
    const { session, port, bench } = opened();
    port.say({ type: 'state', state: 'finished', message: null });
    session.startBench();
    session.startAgain();
    expect(bench.state.value).toBe('idle');
    expect(bench.failure.value).toContain('afresh');
  });
});
