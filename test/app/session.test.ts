import { describe, expect, it } from 'vitest';
import { Commands, type KeyPress } from '../../src/app/state/commands.ts';
import { hashComplaint, hashOfScenario, PAGE_SCENARIO, scenarioFromHash } from '../../src/app/state/page-scenario.ts';
import { Session } from '../../src/app/state/session.ts';
import { DEFAULT_SCENARIO } from '../../src/lab/session/scenario.ts';
import { FakeSession } from '../support/fake-session.ts';

function opened() {
  const ports: FakeSession[] = [];
  const open = (): FakeSession => {
    const port = new FakeSession();
    ports.push(port);
    return port;
  };
  const session = new Session(open, PAGE_SCENARIO);
  const port = ports[0] ?? expect.fail('no port');
  session.start();
  return { session, port, ports };
}

describe('the session of the page', () => {
  it('sends a live field at once and keeps the others for the next reset', () => {
    const { session, port } = opened();
    expect(session.draft.change('migration.timeslice.overrideMs', '20')).toBe(true);
    expect(port.heard.at(-1)).toEqual({ type: 'tune', path: 'migration.timeslice.overrideMs', value: 20 });
    session.draft.change('workload.footprintBytes', '8M');
    expect(port.heard).toHaveLength(2);
    expect(session.draft.pending()).toEqual(['workload.footprintBytes']);
    session.start();
    expect(port.heard.at(-1)).toMatchObject({ type: 'start', scenario: { workload: { footprintBytes: 8388608 } } });
    expect(session.draft.pending()).toEqual([]);
  });

  it('notes what was given and what is allowed, and changes nothing', () => {
    const { session, port } = opened();
    const before = session.draft.wanted.value;
    expect(session.draft.change('migration.chunks', '4K,2M')).toBe(false);
    expect(session.draft.wanted.value).toBe(before);
    expect(session.draft.refusals.value.get('migration.chunks')).toMatch(/"4K,2M", allowed: descending/);
    expect(port.heard).toHaveLength(1);
    session.draft.change('migration.chunks', '2M,4K');
    expect(session.draft.refusals.value.size).toBe(0);
  });

  it('gives a live field its value back when the session refuses it', () => {
    const { session, port } = opened();
    session.draft.change('run.pace', '50');
    port.say({ type: 'refused', field: 'run.pace', message: 'no' });
    expect(session.draft.wanted.value.run.pace).toBe(PAGE_SCENARIO.run.pace);
    expect(session.draft.refusals.value.get('run.pace')).toBe('no');
  });

  it('shows a refusal without a field, and knows a run that never began', () => {
    const { session, port } = opened();
    port.say({ type: 'refused', field: 'trace', message: 'line 3' });
    expect(session.complaint.value).toBe('line 3');
    expect(session.refusedStart).toBe(true);
  });

  it('opens another worker after a loss and hears no more of the old one', () => {
    const { session, port, ports } = opened();
    port.say({ type: 'state', state: 'device-lost', message: 'gone' });
    session.runOrPause();
    expect(port.terminated).toBe(true);
    expect(ports[1]?.heard[0]?.type).toBe('start');
    expect(port.onmessage).toBeNull();
  });

  it('keeps a history of whole samples, and marks at their time', () => {
    const { session, port } = opened();
    for (let i = 0; i < 12; i++) port.say({ type: 'snapshot', snapshot: port.memory.step() });
    session.draft.change('run.pace', '50');
    port.say({ type: 'snapshot', snapshot: port.memory.step() });
    expect(session.history.samples).toHaveLength(2);
    expect(session.history.samples[0]?.upBytes).toBeCloseTo((5 * 512 * 4096) / 0.5);
    expect(session.history.marks).toEqual([{ at: 1.2, label: 'run.pace 50' }]);
  });
});

describe('the address', () => {
  it('is bare for the run of the page, and holds every other', () => {
    expect(hashOfScenario(PAGE_SCENARIO)).toBe('');
    expect(scenarioFromHash('').scenario).toBe(PAGE_SCENARIO);
    expect(hashOfScenario(DEFAULT_SCENARIO)).toBe('#v=1');
    expect(scenarioFromHash('#v=1').scenario).toEqual(DEFAULT_SCENARIO);
  });

  it('reports what it does not know', () => {
    const from = scenarioFromHash('#v=1&colour=red&vram=0%');
    expect(hashComplaint(from)).toMatch(/unknown: colour; machine\.vram is "0%"/);
    expect(hashComplaint(scenarioFromHash('#v=1'))).toBeNull();
  });
});

describe('commands', () => {
  const press = (key: string, tag: string | null): KeyPress => ({
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    isComposing: false,
    target: tag === null ? null : { tag, type: '', role: '', editable: false },
  });
  const commands = new Commands();
  commands.add({ id: 'run', title: '', key: ' ', run: () => {} }, { id: 'reset', title: '', key: 'r', run: () => {} });

  it('answer to their key, but never take one from a field or a button', () => {
    expect(commands.forKey(press('R', 'body'))?.id).toBe('reset');
    expect(commands.forKey(press('r', 'input'))).toBeUndefined();
    expect(commands.forKey(press('r', 'select'))).toBeUndefined();
    expect(commands.forKey(press(' ', 'button'))).toBeUndefined();
    expect(commands.forKey(press('r', 'button'))?.id).toBe('reset');
    expect(commands.forKey({ ...press('r', 'body'), ctrlKey: true })).toBeUndefined();
  });

  it('have ids and keys of their own', () => {
    expect(() => commands.add({ id: 'other', title: '', key: 'r', run: () => {} })).toThrow(/clashes/);
  });
});
