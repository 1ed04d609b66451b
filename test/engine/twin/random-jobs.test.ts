// The generator of the differential tests: valid, reproducible, and rich enough; and the comparison sees a single bit.
import { describe, expect, test } from 'vitest';
import { OPCODE } from '../../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import type { Completion, Job } from '../../../src/engine/plan/job.ts';
import { firstDifference } from '../../../src/engine/plan/print.ts';
import { validateJob } from '../../../src/engine/plan/validate.ts';
import { createTwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import { compareExecutors, complete } from '../../support/differential.ts';
import { RANDOM_CONFIGS, randomJobs } from '../../support/random-jobs.ts';

const CONFIG = RANDOM_CONFIGS[1] as ExecutorConfig;
const SEEDS = Array.from({ length: 20 }, (_, i) => i);

async function run(seed: number): Promise<{ jobs: Job[]; completions: Completion[] }> {
  const jobs = randomJobs(seed, CONFIG, 8, 1);
  return { jobs, completions: await complete(createTwinExecutor(CONFIG), jobs) };
}

describe('random jobs', () => {
  test.each(RANDOM_CONFIGS.map((config, i) => ({ config, i })))('are valid under configuration $i', ({ config }) => {
    for (const seed of SEEDS)
      for (const job of randomJobs(seed, config, 8, 1)) expect(validateJob(job, config), `seed ${seed}`).toBeNull();
  });

  test('are the same for the same seed, and others for another', () => {
    const [a, b, c] = [7, 7, 8].map((seed) => randomJobs(seed, CONFIG, 8, 1));
    a?.forEach((job, i) => expect(firstDifference(job, b?.[i] as Job)).toBeNull());
    expect(a?.some((job, i) => firstDifference(job, c?.[i] as Job) !== null)).toBe(true);
  });

  test('use every command, and meet every kind of outcome', async () => {
    const runs = await Promise.all(SEEDS.map(run));
    const ops = new Set(runs.flatMap(({ jobs }) => jobs.flatMap((job) => job.commands.map((command) => command.op))));
    expect([...ops].sort()).toEqual(Object.keys(OPCODE).sort());
    const completions = runs.flatMap((each) => each.completions);
    expect(new Set(completions.map((each) => each.status))).toEqual(new Set(['ok', 'engine-fault']));
    const kinds = new Set<string>();
    for (const { faults } of completions)
      for (let i = 0; i < faults.length; i += 4)
        kinds.add(`type ${((faults[i + 2] ?? 0) >> 2) & 3} level ${(faults[i] ?? 0) & 7}`);
    const expected = [0, 1, 2, 3, 4].map((level) => `type 0 level ${level}`);
    for (const type of [1, 2]) expected.push(...[0, 1, 2].map((level) => `type ${type} level ${level}`));
    expect([...kinds].sort()).toEqual(expected.sort());
  });

  test('ask for no more faults than the ring holds', async () => {
    const runs = await Promise.all(SEEDS.map(run));
    expect(runs.every(({ completions }) => completions.every((each) => each.dropped === 0))).toBe(true);
  });
});

describe('runs of translated copies', () => {
  /** Lengths of the runs of a job. */
  function runs({ commands }: Job): number[] {
    const ops = commands.map(({ op }) => (op === 'copyTranslated' ? 'T' : '.')).join('');
    return (ops.match(/T+/g) ?? []).map((found) => found.length);
  }

  test('are common in every episode set, and so are those that fault', async () => {
    const all = await Promise.all(SEEDS.map(run));
    const lengths = all.flatMap(({ jobs }) => jobs.flatMap(runs));
    expect(lengths.filter((length) => length > 1).length).toBeGreaterThan(2 * SEEDS.length);
    const faulted = all.flatMap(({ jobs, completions }) =>
      jobs.filter((job, i) => completions[i]?.status === 'engine-fault' && runs(job).some((length) => length > 1)),
    );
    expect(faulted.length).toBeGreaterThan(SEEDS.length / 2);
  });
});

describe('the comparison', () => {
  test('finds nothing between two twins (control)', async () => {
    const report = await compareExecutors(
      createTwinExecutor(CONFIG),
      createTwinExecutor(CONFIG),
      randomJobs(1, CONFIG, 8, 1),
    );
    expect(report).toBeNull();
  });

  test('finds one flipped bit and says where, with the jobs', async () => {
    const [suspect, reference] = [createTwinExecutor(CONFIG), createTwinExecutor(CONFIG)];
    // A frame above every table that the episode leaves alone.
    suspect.peek(2)[95 * 1024 + 7] = 1;
    reference.peek(2)[95 * 1024 + 7] = 0;
    const jobs = randomJobs(1, CONFIG, 4, 1).slice(1);
    const report = (await compareExecutors(suspect, reference, jobs)) ?? '';
    expect(report.split('\n')[0]).toContain('space 2 frame 95 word 7: 0x00000001 ≠ 0x00000000');
    expect(report).toContain('seed 1 job 3');
  });
});
