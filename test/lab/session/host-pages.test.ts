// `run.systemPages: host`: the model decides the same, whoever holds system pages, and the bytes are right; what does not go
// together is refused by name, and reports of the two never compare.
import { describe, expect, it } from 'vitest';
import { HostPagesExecutor, innerConfig } from '../../../src/engine/host/host-pages-executor.ts';
import { GpuUnavailable } from '../../../src/engine/gpu/unavailable.ts';
import { createTwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import { openExecutor, systemPagesOf, TWIN } from '../../../src/lab/session/open-executor.ts';
import { runReport } from '../../../src/lab/session/run-report.ts';
import { DEFAULT_SCENARIO, parseScenario, type Scenario } from '../../../src/lab/session/scenario.ts';
import { scenarioFields, setField } from '../../../src/lab/session/scenario-fields.ts';
import { reportObstacles } from '../../../src/lab/measure/comparable.ts';
import { parseReport, type Report } from '../../../src/lab/measure/report.ts';
import type { Executor, ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import { runOn, scenarioOf, type Finished } from '../../support/run-scenario.ts';

const workload = { footprintBytes: 4 << 20, batch: 128 };
/** Of an executor that says who it is, and does nothing. */
const SMALL: ExecutorConfig = {
  spaces: [{ name: 'system', pages: 1 }],
  accessCapacity: 0,
  faultCapacity: 0,
  tlbLines: 0,
};
const WORKLOADS = [
  { name: 'sweep', groups: { workload } },
  { name: 'random', groups: { workload: { ...workload, name: 'random' }, engine: { wait: 'pipelined' } } },
  { name: 'ping-pong, atomic', groups: { workload: { ...workload, name: 'ping-pong', atomicPercent: 50 } } },
  { name: 'no TLB', groups: { workload: { ...workload, name: 'ping-pong' }, engine: { tlbLines: 0 } } },
] as const;

function variant(groups: object, systemPages: 'device' | 'host', uploadPath = 'writeBuffer'): Scenario {
  const { engine, run, ...others } = groups as { engine?: object; run?: object };
  return scenarioOf({
    ...others,
    engine: { copyMode: 'physical', uploadPath, ...engine },
    run: { maxSteps: 5, systemPages, ...run },
  });
}

async function open(scenario: Scenario, config: ExecutorConfig): Promise<Executor> {
  const executor = await openExecutor(undefined, TWIN, config, systemPagesOf(scenario));
  expect(executor instanceof HostPagesExecutor).toBe(scenario.run.systemPages === 'host');
  return executor as Executor;
}

function runTwin(scenario: Scenario): Promise<Finished> {
  return runOn(scenario, (config) => open(scenario, config));
}

describe('host pages and device pages tell the same story on the twin', () => {
  it.each(WORKLOADS)('$name', async ({ groups }) => {
    const device = await runTwin(variant(groups, 'device'));
    const host = await runTwin(variant(groups, 'host'));
    expect(host.outcome).toMatchObject({ end: 'done', wrongLoads: 0, verification: { mismatchedPages: 0 } });
    expect(host.outcome.accesses).toBe(device.outcome.accesses);
    expect(host.outcome.verification).toEqual(device.outcome.verification);
    expect(host.run.eventHash).toBe(device.run.eventHash);
    expect(host.run.counters()).toEqual(device.run.counters());
  });

  it.each([1, 2, 3])(
    'the bytes are right also where the twin reorders its queues (seed %i): fences are enough',
    async (seed) => {
      const { groups } = WORKLOADS[2];
      const { outcome } = await runOn(
        variant(groups, 'host'),
        (config) => new HostPagesExecutor(createTwinExecutor(innerConfig(config), { order: { seed } }), config),
      );
      expect(outcome).toMatchObject({ end: 'done', wrongLoads: 0, verification: { mismatchedPages: 0 } });
    },
  );

  it('and another seed another (control)', async () => {
    const { groups } = WORKLOADS[1];
    const [one, other] = await Promise.all([
      runTwin(variant(groups, 'host')),
      runTwin(variant({ ...groups, run: { seed: 2 } }, 'host')),
    ]);
    expect(one.run.eventHash).not.toBe(other.run.eventHash);
  });

  it('a page that the host loses is found (control)', async () => {
    const scenario = variant(WORKLOADS[2].groups, 'host');
    const { outcome } = await runOn(scenario, async (config) => {
      const executor = (await open(scenario, config)) as HostPagesExecutor;
      const submit = executor.submit.bind(executor);
      executor.submit = (job) => {
        const hash = job.commands.find((command) => command.op === 'hash' && command.space === 0);
        const word = hash?.op === 'hash' && job.label === 'verify' ? hash.frame * 1024 + 5 : -1;
        if (word >= 0) executor.peek()[word] = (executor.peek()[word] as number) ^ 1;
        submit(job);
      };
      return executor;
    });
    expect(outcome.verification?.mismatchedPages).toBeGreaterThan(0);
  });
});

describe('the fields', () => {
  it('have flags, and only a new run takes them', () => {
    const fields = scenarioFields().filter(({ path }) => path === 'run.systemPages' || path === 'engine.uploadPath');
    expect(fields.map(({ flag, live, defaultValue }) => [flag, live, defaultValue])).toEqual([
      ['--upload-path', false, 'writeBuffer'],
      ['--system-pages', false, 'device'],
    ]);
  });

  it('host pages with translated copies are refused, naming both', () => {
    const message =
      'run.systemPages is "host", allowed: "device" while engine.copyMode is "translated"; "host" with engine.copyMode "physical"';
    expect(setField(DEFAULT_SCENARIO, 'run.systemPages', 'host')).toMatchObject({
      ok: false,
      field: 'run.systemPages',
      message,
    });
    const physical = { engine: { copyMode: 'physical' }, run: { systemPages: 'host' } };
    expect(parseScenario(physical)).toMatchObject({ ok: true });
    expect(parseScenario({ run: { systemPages: 'device' } })).toMatchObject({ ok: true });
  });
});

describe('host memory that is not there', () => {
  const config = (pages: number): ExecutorConfig => ({
    spaces: [
      { name: 'system', pages },
      { name: 'vram0', pages: 1 },
    ],
    accessCapacity: 1,
    faultCapacity: 1,
    tlbLines: 0,
  });

  it('is refused with its size, where a little is given (control)', async () => {
    const refused = await openExecutor(undefined, TWIN, config(2 ** 31), 'mapped');
    expect(refused).toBeInstanceOf(GpuUnavailable);
    expect(refused).toMatchObject({ reason: 'out-of-memory', wanted: 2 ** 43 });
    expect(await openExecutor(undefined, TWIN, config(4), 'mapped')).toBeInstanceOf(HostPagesExecutor);
  });
});

describe('a report', () => {
  async function reportOf(scenario: Scenario): Promise<Report> {
    const { run, outcome, prepared } = await runTwin(scenario);
    const executor = await open(scenario, SMALL);
    const host = { runtime: 'node', version: '', os: '', architecture: '', cpu: '', cpuCount: 1, memoryBytes: 1 };
    const parts = { run, outcome, prepared, info: executor.info, host, kind: 'replay', fallback: null } as never;
    return runReport(Object.assign({ createdAt: new Date(0).toISOString(), command: '' }, parts));
  }

  it('says where system pages lay, and does not compare with one of the other kind', async () => {
    const { groups } = WORKLOADS[0];
    const [device, host, again] = await Promise.all([
      reportOf(variant(groups, 'device')),
      reportOf(variant(groups, 'host')),
      reportOf(variant(groups, 'host')),
    ]);
    expect([device.run.systemPages, host.run.systemPages]).toEqual(['device', 'host']);
    const says = ({ notes }: Report): boolean => notes.some((note) => note.includes('uploads (writeBuffer)'));
    expect([device, host].map(says)).toEqual([false, true]);
    expect(parseReport(JSON.parse(JSON.stringify(host)))).toMatchObject({ ok: true });
    const blocking = (a: Report, b: Report): unknown[] => reportObstacles(a, b).blocking.map(({ message }) => message);
    expect(blocking(device, host)).toEqual(['systemPages "device" and "host"']);
    expect(reportObstacles(device, host).other).toEqual([]);
    expect(blocking(host, again)).toEqual([]);
  });

  it('of a run whose pages lay elsewhere than its scenario says is a bug, never a report', async () => {
    const { run, outcome, prepared } = await runTwin(variant(WORKLOADS[0].groups, 'host'));
    const { info } = createTwinExecutor(SMALL);
    const parts = {
      run,
      outcome,
      prepared,
      info,
      host: {},
      kind: 'replay',
      fallback: null,
      createdAt: '',
      command: '',
    };
    expect(() => runReport(parts as never)).toThrow('system pages lay with the device, the scenario says host');
  });

  it('mentions another way up beside the verdict, without refusing one', async () => {
    const { groups } = WORKLOADS[0];
    const [queue, mapped] = await Promise.all([
      reportOf(variant(groups, 'host')),
      reportOf(variant(groups, 'host', 'mapped')),
    ]);
    const { blocking, other } = reportObstacles(queue, mapped);
    expect(blocking).toEqual([]);
    expect(other.map(({ message }) => message)).toEqual(['uploadPath "writeBuffer" and "mapped"']);
  });
});
