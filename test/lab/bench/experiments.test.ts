// Experiments with whole runs on the twin: their figures agree with each other, their bytes are right, and they stop.
import { describe, expect, it } from 'vitest';
import { ENCODE_CASES } from '../../../bench/cases/encode.ts';
import { FAULT_BATCH_CASES } from '../../../bench/cases/fault-batch.ts';
import { PING_PONG_CASES } from '../../../bench/cases/migrate.ts';
import type { ExperimentCase, ExperimentResult } from '../../../src/lab/bench/experiment.ts';
import { pingPongExperiment } from '../../../src/lab/bench/ping-pong.ts';
import type { Metric } from '../../../src/lab/measure/report.ts';
import { experimentHost, measureFew } from '../../support/experiment-host.ts';

function of({ metrics }: ExperimentResult, id: string): Metric {
  const found = metrics.find((one) => one.id === id);
  if (found === undefined) throw new Error(`${id} was not measured: ${metrics.map((one) => one.id).join(', ')}`);
  return found;
}

describe('a batch of faults', () => {
  it.each(['pipelined', 'wait'])(
    'in %s mode is the sum of its parts, round by round, and leaves right bytes',
    async (mode) => {
      const id = `fault.batch.16.${mode}`;
      const result = await measureFew(FAULT_BATCH_CASES, id, experimentHost());
      expect(result.wrong).toEqual([]);
      expect(result.verification).toMatchObject({ pagesChecked: 16, mismatchedPages: 0 });
      const part = (name: string): readonly number[] => of(result, `${id}.${name}`).samples;
      of(result, id).samples.forEach((total, i) => {
        const sum = ['ring', 'service', 'handover', 'waits'].reduce((all, name) => all + (part(name)[i] as number), 0);
        expect(sum / total).toBeCloseTo(1, 6);
        const floor = 2 * (part('bare')[i] as number) + (part('copy')[i] as number) + (part('service')[i] as number);
        expect(part('floor')[i]).toBeCloseTo(floor, 3);
        expect(part('bar')[i]).toBeCloseTo(total / floor, 6);
      });
      expect(of(result, id).params).toMatchObject({ faults: 16, waiting: mode });
    },
  );

  it('goes out as few jobs in pipelined mode, and as a copy and a bind a fault in wait mode (control)', async () => {
    const jobs = async (mode: string): Promise<unknown> => {
      const id = `fault.batch.16.${mode}`;
      return of(await measureFew(FAULT_BATCH_CASES, id, experimentHost()), id).params['jobs'];
    };
    expect(await jobs('pipelined')).toBeLessThan(16);
    expect(await jobs('wait')).toBe(2 + 2 * 16);
  });

  it('keeps what it has when it is told to stop, and leaves cases out that got nothing', async () => {
    const stopped = await measureFew(
      FAULT_BATCH_CASES,
      'fault.batch.4.wait',
      experimentHost(undefined, () => true),
    );
    expect(stopped.metrics).toEqual([]);
    expect(stopped.leftOut).toContain('fault.batch.4.wait');
  });
});

describe('ping-pong', () => {
  it('measures every timeslice of a chunk, and moves every range there and back in each round', async () => {
    const result = await measureFew(PING_PONG_CASES, 'migrate.pingpong.4K', experimentHost());
    expect(result.metrics.map(({ id }) => id)).toEqual([0, 1, 5, 20].map((ms) => `migrate.pingpong.4K.${ms}ms`));
    for (const { params } of result.metrics) expect(params['bytesPerRound']).toBe(2 * 64 * 4096);
    expect(result.verification).toMatchObject({ pagesChecked: 64, mismatchedPages: 0 });
    expect(result.metrics.map(({ peerRatio }) => peerRatio?.pairs)).toEqual([undefined, 3, 3, 3]);
  });

  it('has the CPU refused for as long as the timeslice lasts, and not at all without one (control)', async () => {
    const [free, held] = [0, 300].map((ms) => ({
      ...(PING_PONG_CASES[0] as ExperimentCase),
      id: `game.${ms}`,
      peer: null,
    }));
    const timeslices = new Map([
      ['game.0', 0],
      ['game.300', 300],
    ]);
    const experiment = pingPongExperiment({ name: 'game', chunks: [65_536, 4096], ranges: 2, timeslices });
    const options = { samples: 1, minSamples: 1, seed: 5, endMs: null };
    const result = await experiment.measure(experimentHost(), [free, held] as ExperimentCase[], options);
    expect(of(result, 'game.0').params['refusals']).toBe(0);
    expect(of(result, 'game.300').params['refusals']).toBeGreaterThan(0);
    expect((2 * 2 * 65_536) / of(result, 'game.300').median).toBeGreaterThan(0.3);
  });
});

describe('the rate of encoding', () => {
  it('is given beside that of the fixed loop; on the twin, which encodes nothing, only the plan is measured', async () => {
    const result = await measureFew(ENCODE_CASES, 'encode', experimentHost());
    expect(result.metrics.map(({ id }) => id)).toEqual(['encode.plan.copy', 'encode.plan.pte', 'encode.loop']);
    for (const { id, median, peer, peerRatio } of result.metrics) {
      expect(median, id).toBeGreaterThan(0);
      if (peer !== null) expect(peerRatio?.pairs, id).toBe(3);
    }
  });
});
