// Host pages around the twin are, word for word, what a twin with device pages is: random jobs, equal io, faults, status
// and final bytes (I-M5).
//
// A failure prints the seed of its episode; `PAGEFERRY_SEED=<seed> npx vitest run --project node host/random` runs it alone.
import { describe, expect, test } from 'vitest';
import { ACCESS_STATUS, type Command } from '../../../src/engine/plan/commands.ts';
import type { Executor, ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import { createTwinExecutor, type TwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import { HostPagesExecutor, innerConfig } from '../../../src/engine/host/host-pages-executor.ts';
import { compareExecutors, complete } from '../../support/differential.ts';
import { RANDOM_CONFIGS } from '../../support/random-jobs.ts';
import { reachableJobs } from './reachable.ts';

const JOBS = 8;
const BURST = 3;
const wanted = process.env.PAGEFERRY_SEED;
const SEEDS = wanted === undefined ? Array.from({ length: 25 }, (_, i) => i) : [Number(wanted)];

function hosted(config: ExecutorConfig): HostPagesExecutor {
  return new HostPagesExecutor(createTwinExecutor(innerConfig(config)), config);
}

/** Runs the episode in bursts; the first difference, or null. */
async function episode(suspect: Executor, reference: TwinExecutor, seed: number): Promise<string | null> {
  const jobs = reachableJobs(seed, reference.config, JOBS, 1);
  let seq = 1;
  for (let i = 0; i < jobs.length; i += BURST) {
    const burst = jobs.slice(i, i + BURST).map((job) => ({ ...job, seq: seq++ }));
    const report = await compareExecutors(suspect, reference, burst);
    if (report !== null) return report;
    seq++;
  }
  return null;
}

describe.each(RANDOM_CONFIGS.map((config, i) => ({ config, i })))('random jobs, configuration $i', ({ config, i }) => {
  test.each(SEEDS)('seed %i', async (n) => {
    const seed = wanted === undefined ? 1000 * i + n : n;
    const report = await episode(hosted(config), createTwinExecutor(config), seed);
    expect(report, `host pages ≠ device pages: PAGEFERRY_SEED=${seed}\n${report}`).toBeNull();
  });
});

describe('the random jobs', () => {
  const config = RANDOM_CONFIGS[1] as ExecutorConfig;

  test('make the host do all that it can (control)', async () => {
    const jobs = SEEDS.flatMap((seed) => reachableJobs(seed, config, JOBS, 1));
    const kinds = new Set(jobs.flatMap(({ commands }) => commands.map(kindOf)));
    const system = ['pteWrite', 'pteFill', 'zap', 'fill', 'fillSeeded', 'hash', 'upload', 'readback', 'cpuAccess'];
    for (const kind of [...system, 'up', 'down', 'within']) expect(kinds, kind).toContain(kind);
  });

  test('hit system memory often by accesses, so that the twin resolves them (control)', async () => {
    let resolved = 0;
    for (const seed of SEEDS.slice(0, 8)) {
      const inner = createTwinExecutor(innerConfig(config));
      const take = inner.take.bind(inner);
      const executor = new HostPagesExecutor(inner, config);
      inner.take = () => {
        const done = take();
        for (const { io } of done) resolved += io.filter((word) => word === ACCESS_STATUS.resolvedSystem).length;
        return done;
      };
      await complete(executor, reachableJobs(seed, config, JOBS, 1));
    }
    expect(resolved).toBeGreaterThan(200);
  });

  test('a word that the host lost is found (control)', async () => {
    const suspect = hosted(config);
    suspect.peek()[95 * 1024 + 7] = 1;
    const jobs = reachableJobs(1, config, 4, 1).slice(1);
    const report = await compareExecutors(suspect, createTwinExecutor(config), jobs);
    expect(report?.split('\n')[0]).toContain('space 0 frame 95 word 7: 0x00000001 ≠ 0x00000000');
  });
});

/** Kind of a command that touches system memory; '' for others. */
function kindOf(command: Command): string {
  if (command.op === 'cpuAccess') return command.op;
  if (command.op === 'copy') {
    const { srcSpace, dstSpace } = command;
    if (srcSpace === 0) return dstSpace === 0 ? 'within' : 'up';
    return dstSpace === 0 ? 'down' : '';
  }
  return 'space' in command && command.space === 0 ? command.op : '';
}
