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

function ready(bench: BenchCase): { prepared: PreparedCase } {
  return { prepared: bench.prepare(new Arena(SIZE, 7), createRng(7).fork(bench.group)) };
}

/** One for all cases, as in a run: what one leaves behind must not help or harm the next. */
const RUNNER = new JobRunner(createTwinExecutor(arenaConfig(SIZE)), () => 0);

/** Runs set-up and check; `change` may spoil the commands of the check. */
async function check(
  bench: BenchCase,
  change: (commands: readonly Command[]) => readonly Command[],
): Promise<Verification> {
  const { prepared } = ready(bench);
  await RUNNER.run('setup', prepared.setup);
  if (prepared.check === null) throw new Error(`${bench.id} has no check`);
  const { completion } = await RUNNER.run('check', change(prepared.check.commands));
  return prepared.check.judge(completion);
}

/** What measures, not what fills, reads back or hashes. */
const WORK = new Set(['copy', 'copyTranslated', 'copyBaseline', 'pteWrite', 'zap', 'access', 'chase', 'upload']);

/** Cases whose work is what other checks prepare and judge with: the last such command is the case's own. */
const OWN = new Map([
  ['fill', new Set(['fill', 'fillSeeded'])],
  ['hash', new Set(['hash'])],
]);

/** Takes one command of the case itself away. */
function withoutOne({ id, group }: BenchCase, commands: readonly Command[]): readonly Command[] {
  const own = id.startsWith('peer') ? undefined : OWN.get(group);
  const last = commands.findLastIndex(({ op }) => own?.has(op));
  const at = own === undefined ? commands.findIndex(({ op }) => WORK.has(op)) : last;
  return commands.filter((_, i) => i !== at);
}

/** 16 MiB are more than this arena: such cases are what those over all of it are. */
const DIFFERENT = CASES.filter(({ group }) => !group.endsWith('.16M'));

describe.each(DIFFERENT.map((bench) => [bench.id, bench] as const))('%s', (_id, bench) => {
  it('passes its own check', async () => {
    const { pagesChecked, mismatchedPages } = await check(bench, (commands) => commands);
    expect(pagesChecked).toBeGreaterThan(0);
    expect(mismatchedPages).toBe(0);
  });

  it('fails its check when one of its commands is not performed', async () => {
    const without = (commands: readonly Command[]): readonly Command[] => withoutOne(bench, commands);
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

  it('names peers and limits that are measured in the same rounds, in the same unit', () => {
    for (const { id, peer, limit, group, unit } of CASES)
      for (const other of [peer, limit])
        if (other !== null)
          expect(
            CASES.find((one) => one.id === other),
            `${id} → ${other}`,
          ).toMatchObject({ group, unit });
  });

  it('has what the issue asks for', () => {
    const ids = CATALOGUE.map(({ id }) => id);
    for (const chunk of ['4K', '64K', '2M'])
      for (const direction of ['up', 'down'])
        expect(ids).toEqual(
          expect.arrayContaining([
            `copy.${direction}.${chunk}.physical`,
            `copy.${direction}.${chunk}.translated`,
            `copy.${direction}.${chunk}.contiguous.physical`,
            `copy.${direction}.${chunk}.physical.16M`,
            `copy.both.${chunk}.physical`,
            `copy.both.${chunk}.translated`,
            `peer.copyBufferToBuffer.${direction}.${chunk}`,
            `peer.linear.${direction}.${chunk}`,
            `migrate.${direction}.${chunk}.physical`,
            `pt.bind.${chunk}`,
            `pt.zap.${chunk}`,
          ]),
        );
    expect(ids).toEqual(expect.arrayContaining(['walk.sequential.4K', 'walk.random.4K', 'fault.roundtrip.1']));
    for (const piece of ['4K', '2M', '4K.contiguous', '2M.contiguous'])
      expect(ids).toEqual(expect.arrayContaining([`fill.pattern.${piece}`, `fill.seeded.${piece}`, `hash.${piece}`]));
    for (const size of ['64K', '2M', '16M'])
      for (const path of ['upload.writeBuffer', 'upload.mapped', 'readback.mapped'])
        expect(ids).toEqual(expect.arrayContaining([`host.${path}.${size}`, `host.${path}.${size}.x4`]));
  });

  it('has page tables, walks, faults and whole runs by leaf, batch, chunk and timeslice', () => {
    const ids = new Set(CATALOGUE.map(({ id }) => id));
    const missing = (wanted: readonly string[]): string[] => wanted.filter((id) => !ids.has(id));
    for (const leaf of ['4K', '64K', '64Kcompact', '2M', '1G']) {
      const edits = ['write', 'bind', 'zap', 'unbind'].map((edit) => `pt.${edit}.${leaf}`);
      const walks = ['sequential', 'random'].flatMap((order) => {
        const walk = `walk.${order}.${leaf}`;
        return [walk, `${walk}.tlb`, `${walk}.translate`];
      });
      const peers = ['linearEntries', 'store', 'chase'].map((peer) => `peer.${peer}.${leaf}`);
      expect(missing([...edits, ...walks, ...peers])).toEqual([]);
    }
    for (const faults of [1, 4, 16, 64, 256, 1024, 4096]) {
      const batches = ['wait', 'pipelined'].flatMap((mode) => {
        const batch = `fault.batch.${faults}.${mode}`;
        return [batch, ...['bar', 'bare', 'ring', 'service', 'copy'].map((part) => `${batch}.${part}`)];
      });
      expect(missing([`fault.roundtrip.${faults}`, ...batches])).toEqual([]);
    }
    const games = ['4K', '64K', '2M'].flatMap((chunk) =>
      [0, 1, 5, 20].map((ms) => `migrate.pingpong.${chunk}.${ms}ms`),
    );
    expect(missing([...games, 'fault.bare', 'encode.copy', 'encode.pte'])).toEqual([]);
  });

  it('has the pairs of the bars in its core: copies with the linear copy of the same bytes, translated with physical', () => {
    const core = new Map(CASES.filter(({ tier }) => tier === 'core').map((one) => [one.id, one]));
    for (const direction of ['up', 'down'])
      for (const chunk of ['4K', '64K', '2M']) {
        const [physical, translated] = ['physical', 'translated'].map((mode) =>
          core.get(`copy.${direction}.${chunk}.${mode}`),
        );
        expect(physical?.limit).toBe(`limit.linear.${direction}`);
        expect(translated?.peer).toBe(physical?.id);
        expect(core.has(physical?.limit ?? '')).toBe(true);
      }
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
    expect(frames('copy.up.16K.contiguous.physical.1M')).toEqual(frames('peer.linear.up.16K.contiguous.1M'));
  });

  it('copies in order, in random places, and within a total, as ids say', () => {
    const commands = (id: string, ops: number): Command[] => {
      const bench = CASES.find((one) => one.id === id) as BenchCase;
      return [...ready(bench).prepared.region(ops, 0).timed];
    };
    const sources = (id: string, ops = 300): number[] =>
      commands(id, ops).flatMap((command) => (command.op === 'copy' ? [command.srcFrame] : []));
    expect(sources('copy.up.4K.contiguous.physical')).toEqual(Array.from({ length: 300 }, (_, i) => i));
    expect(sources('copy.up.4K.physical')).not.toEqual(sources('copy.up.4K.physical').toSorted((a, b) => a - b));
    // 1 MiB is 256 pages: then the same ones again.
    const again = sources('copy.up.4K.physical.1M');
    expect(Math.max(...again)).toBe(255);
    expect(again.slice(256)).toEqual(again.slice(0, 44));
    // Both ways: half of the bytes each, and no frame is read by one way and written by the other.
    const both = commands('copy.both.4K.physical', 512).flatMap((command) => (command.op === 'copy' ? [command] : []));
    const up = both.filter(({ srcSpace }) => srcSpace === SPACES.system);
    expect([both.length, up.length]).toEqual([1024, 512]);
    expect(up.every(({ srcFrame, dstFrame }) => srcFrame < 512 && dstFrame < 512)).toBe(true);
    expect(
      both.filter((one) => !up.includes(one)).every(({ srcFrame, dstFrame }) => Math.min(srcFrame, dstFrame) >= 512),
    ).toBe(true);
  });
});
