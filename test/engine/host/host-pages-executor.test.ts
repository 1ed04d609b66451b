// The face of host pages: an executor like any other, in its completions, its refusals, its times and its end.
import { describe, expect, test } from 'vitest';
import { ACCESS_STATUS, type Command } from '../../../src/engine/plan/commands.ts';
import { DeviceLostError } from '../../../src/engine/plan/executor.ts';
import { HostPagesExecutor, innerConfig } from '../../../src/engine/host/host-pages-executor.ts';
import { createTwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import { complete } from '../../support/differential.ts';
import { TimedExecutor } from '../../support/timed-executor.ts';
import { CONFIG, down, drain, fill, readback, recorded, up } from './recording.ts';

const ROOT = { space: 1, frame: 0, level: 4 };
const IN_SYSTEM = { ...ROOT, space: 0 };

describe('completions', () => {
  test('come in the order of submission, also around a twin that reorders its queues', async () => {
    for (let seed = 0; seed < 8; seed++) {
      const host = recorded({}, { order: { seed } });
      const jobs = Array.from({ length: 6 }, (_, i) => ({
        seq: i + 1,
        queue: `q${i % 3}`,
        label: '',
        commands: i % 2 === 0 ? [down(i, i)] : [fill(0, i, i)],
        timed: false,
      }));
      const done = await complete(host.executor, jobs);
      expect(done.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    }
  });

  test('of jobs that only the host works on come without the executor inside', async () => {
    const host = recorded();
    host.submit(fill(0, 0, 5), readback(0, 0));
    host.submit();
    const done = host.executor.take();
    expect(done.map(({ seq, status }) => [seq, status])).toEqual([
      [1, 'ok'],
      [2, 'ok'],
    ]);
    expect(done[0]?.io[1023]).toBe(5);
    expect(host.inner).toEqual([]);
    await host.executor.settled();
  });

  test('say what the executor inside said: injected, engine-fault', async () => {
    const host = recorded({}, { failJob: ({ label }) => label === 'job 1' });
    host.submit(fill(1, 0, 7), down(0, 1));
    host.submit({ op: 'copyTranslated', root: ROOT, srcSpace: 1, srcVpn: 0, dstSpace: 1, dstVpn: 9, pages: 1 });
    host.submit(up(1, 2), readback(1, 2));
    const done = await drain(host, 3);
    expect(done.map(({ status }) => status)).toEqual(['injected', 'engine-fault', 'ok']);
    expect(done[0]?.io).toHaveLength(0);
    expect(done[2]?.io[0]).toBe(0);
  });

  test('hand over io as it came, where nothing has to be put together', async () => {
    const host = recorded();
    const take = host.twin.take.bind(host.twin);
    const inner: Uint32Array[] = [];
    host.twin.take = () => take().map((done) => (inner.push(done.io), done));
    const whole = await host.run(readback(1, 0, 2), readback(1, 5));
    const mixed = await host.run(readback(1, 0, 2), readback(0, 5));
    expect(inner.map((io) => [io === whole.io, io === mixed.io])).toEqual([
      [true, false],
      [false, false],
    ]);
    expect([whole.io.length, mixed.io.length]).toEqual([3072, 3072]);
  });
});

describe('device time', () => {
  const cases: readonly (readonly [string, Command[], number | null])[] = [
    ['of device work alone is the device’s', [fill(1, 0, 7)], 500],
    ['of a copy up is nobody’s', [up(0, 0)], null],
    ['of a copy home is nobody’s', [down(0, 0)], null],
    ['of device work beside host work is nobody’s', [fill(1, 0, 7), fill(0, 0, 7)], null],
    ['of host work alone is nobody’s', [fill(0, 0, 7)], null],
  ];

  test.each(cases)('%s', async (_, commands, expected) => {
    const inner = new TimedExecutor(innerConfig(CONFIG), { gpuNs: () => 500 });
    const host = new HostPagesExecutor(inner, CONFIG);
    const [done] = await complete(host, [{ seq: 1, queue: 'q', label: '', commands, timed: true }]);
    expect(done?.gpuNs).toBe(expected);
  });
});

describe('device time of accesses', () => {
  test.each([
    { status: ACCESS_STATUS.resolvedSystem, gpuNs: null },
    { status: ACCESS_STATUS.done, gpuNs: 500 },
  ])('with status $status is $gpuNs', async ({ status, gpuNs }) => {
    const inner = new TimedExecutor(innerConfig(CONFIG), { gpuNs: () => 500 });
    const take = inner.take.bind(inner);
    inner.take = () => take().map((done) => ({ ...done, io: Uint32Array.of(status, 3) }));
    const access: Command = { op: 'access', asid: 1, root: ROOT, base: 0, count: 1, tlb: false, chained: false };
    const host = new HostPagesExecutor(inner, CONFIG);
    const [done] = await complete(host, [{ seq: 1, queue: 'q', label: '', commands: [access], timed: true }]);
    expect(done?.gpuNs).toBe(gpuNs);
  });
});

describe('refused', () => {
  const vram = { srcSpace: 1, dstSpace: 1 };
  const out: readonly (readonly [Command, Command])[] = (
    [
      [{ op: 'copyTranslated', root: ROOT, srcVpn: 0, dstVpn: 9, pages: 1, ...vram }, { srcSpace: 0 }],
      [{ op: 'copyTranslated', root: ROOT, srcVpn: 0, dstVpn: 9, pages: 1, ...vram }, { root: IN_SYSTEM }],
      [{ op: 'copyBaseline', method: 'linear', srcFrame: 0, dstFrame: 5, pages: 1, ...vram }, { dstSpace: 0 }],
      [{ op: 'access', asid: 1, base: 0, count: 1, tlb: false, chained: false, root: ROOT }, { root: IN_SYSTEM }],
      [{ op: 'chase', space: 1, frame: 0, pages: 1, base: 0, count: 1, loads: 1 }, { space: 0 }],
    ] as const
  ).map(([control, change]) => [{ ...control, ...change }, control]);

  test.each(out)('what a device would need host memory for: $op', async (bad, control) => {
    const host = recorded();
    expect(() => host.submit(bad)).toThrow(
      /job 1, command 0 .*pace is 0, allowed a space whose bytes are not the host's/,
    );
    expect(() => recorded().submit(control)).not.toThrow();
  });

  test('what no executor takes, and numbers that do not rise', () => {
    const host = recorded();
    expect(() => host.submit(fill(0, 16, 1))).toThrow('frame is 16, allowed 0…15');
    const job = { seq: 1, queue: 'q', label: '', commands: [], timed: false };
    host.executor.submit(job);
    expect(() => host.executor.submit(job)).toThrow('seq 1 follows 1');
  });

  test('an executor inside that has system pages of its own', () => {
    expect(() => new HostPagesExecutor(createTwinExecutor(CONFIG), CONFIG)).toThrow('system pages of its own');
  });
});

describe('the end', () => {
  test('destroyed, it lets nobody wait and takes nothing more', async () => {
    const host = recorded();
    host.submit(down(0, 0));
    host.executor.destroy();
    await expect(host.executor.settled()).rejects.toThrow(DeviceLostError);
    expect(() => host.submit(fill(0, 0, 1))).toThrow(DeviceLostError);
    expect(host.executor.take()).toEqual([]);
  });

  test('a device that is lost is told by `settled` and `submit`, never by `take`', async () => {
    const host = recorded();
    host.submit(down(0, 0));
    host.submit(up(0, 1));
    await host.twin.settled();
    host.twin.submit = () => {
      throw new DeviceLostError('gone');
    };
    expect(host.executor.take()).toHaveLength(1);
    await expect(host.executor.settled()).rejects.toThrow('gone');
    expect(() => host.submit(fill(0, 0, 1))).toThrow('gone');
  });

  test('callers that wait together wait for one turn of the executor inside', async () => {
    const host = recorded();
    for (let i = 0; i < 3; i++) host.submit(down(i, i));
    await Promise.all([host.executor.settled(), host.executor.settled(), host.executor.settled()]);
    expect(host.executor.take().map(({ seq }) => seq)).toEqual([1]);
  });
});
