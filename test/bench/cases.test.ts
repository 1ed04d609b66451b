// Every case on the twin: its check passes on what it does, and fails when any of its commands is left out.
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../bench/cases/catalogue.ts';
import { createRng } from '../../src/base/rng.ts';
import type { Command } from '../../src/engine/plan/commands.ts';
import { validateCommand } from '../../src/engine/plan/validate.ts';
import { createTwinExecutor } from '../../src/engine/twin/twin-executor.ts';
import { Arena, arenaConfig, SPACES } from '../../src/lab/measure/arena.ts';
import type { BenchCase, PreparedCase } from '../../src/lab/measure/bench-case.ts';
import { JobRunner } from '../../src/lab/measure/job-runner.ts';
import type { Verification } from '../../src/lab/measure/report.ts';

const SIZE = { dataPages: 1024, accesses: 4096 };
const CASES = CATALOGUE.filter((one): one is BenchCase => 'prepare' in one);

function ready(bench: BenchCase): { prepared: PreparedCase; arena: Arena } {
  const arena = new Arena(SIZE, 7);
  return { prepared: bench.prepare(arena, createRng(7).fork(bench.group)), arena };
}

/** Runs set-up and check; `change` may spoil the commands of the check. */
async function check(
  bench: BenchCase,
  change: (commands: readonly Command[]) => readonly Command[],
): Promise<Verification> {
  const { prepared, arena } = ready(bench);
  const runner = new JobRunner(createTwinExecutor(arenaConfig(SIZE)), () => 0);
  await runner.run('fill', [arena.fill(SPACES.system), arena.fill(SPACES.vram)]);
  await runner.run('setup', prepared.setup);
  if (prepared.check === null) throw new Error(`${bench.id} has no check`);
  const { completion } = await runner.run('check', change(prepared.check.commands));
  return prepared.check.judge(completion);
}

/** What measures, not what fills, reads back or hashes. */
const WORK = new Set(['copy', 'copyTranslated', 'copyBaseline', 'pteWrite', 'zap', 'access', 'upload']);

describe.each(CASES.map((bench) => [bench.id, bench] as const))('%s', (_id, bench) => {
  it('passes its own check', async () => {
    const { pagesChecked, mismatchedPages } = await check(bench, (commands) => commands);
    expect(pagesChecked).toBeGreaterThan(0);
    expect(mismatchedPages).toBe(0);
  });

  it('fails its check when one of its commands is not performed', async () => {
    const without = (commands: readonly Command[]): readonly Command[] => {
      const first = commands.findIndex((command) => WORK.has(command.op));
      return commands.filter((_, at) => at !== first);
    };
    expect((await check(bench, without)).mismatchedPages).toBeGreaterThan(0);
  });

  it('gives regions of any length and start that can be run', () => {
    const { prepared } = ready(bench);
    const config = arenaConfig(SIZE);
    for (const [ops, start] of [
      [1, 0],
      [3, 5],
      [Math.min(prepared.maxOps, 2000), 1023],
    ] as const) {
      const { before, timed } = prepared.region(ops, start);
      expect(timed.length).toBeGreaterThan(0);
      for (const command of [...before, ...timed]) expect(validateCommand(command, config)).toBeNull();
    }
    expect(prepared.amountPerOp).toBeGreaterThan(0);
  });
});

describe('the catalogue', () => {
  it('has unique ids made of parts, and one line about each', () => {
    const ids = CATALOGUE.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id, about } of CATALOGUE) {
      expect(id).toMatch(/^[a-z]+(\.[A-Za-z0-9]+)+$/);
      expect(about).toMatch(/^\S[^\n]+\S$/);
    }
  });

  it('names peers and limits that exist, and peers that are measured in the same rounds', () => {
    for (const { id, peer, limit, group } of CASES) {
      if (peer !== null) expect(CASES.find((one) => one.id === peer)?.group, `${id} → ${peer}`).toBe(group);
      if (limit !== null)
        expect(
          CASES.some((one) => one.id === limit),
          `${id} → ${limit}`,
        ).toBe(true);
    }
  });

  it('has what the issue asks for', () => {
    const ids = CATALOGUE.map(({ id }) => id);
    for (const chunk of ['4K', '64K', '2M'])
      for (const direction of ['up', 'down'])
        expect(ids).toEqual(
          expect.arrayContaining([
            `copy.${direction}.${chunk}.physical`,
            `copy.${direction}.${chunk}.translated`,
            `peer.copyBufferToBuffer.${direction}.${chunk}`,
            `peer.linear.${direction}.${chunk}`,
            `migrate.${direction}.${chunk}.physical`,
            `pt.bind.${chunk}`,
            `pt.zap.${chunk}`,
          ]),
        );
    expect(ids).toEqual(expect.arrayContaining(['walk.sequential.4K', 'walk.random.4K', 'fault.roundtrip.1']));
  });

  it('copies the same chunks as its peers do', () => {
    const frames = (id: string): number[] => {
      const bench = CASES.find((one) => one.id === id) as BenchCase;
      const arena = new Arena(SIZE, 7);
      const { timed } = bench.prepare(arena, createRng(7).fork(bench.group)).region(20, 0);
      return timed.flatMap((command) =>
        command.op === 'copy' || command.op === 'copyBaseline' ? [command.srcFrame, command.dstFrame] : [],
      );
    };
    expect(frames('copy.up.4K.physical')).toEqual(frames('peer.linear.up.4K'));
    expect(frames('copy.down.64K.physical')).toEqual(frames('peer.copyBufferToBuffer.down.64K'));
  });
});
