// Merged jobs: few and in the order that a device runs best, and never with another result than the jobs one by one.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../../src/base/rng.ts';
import type { Command } from '../../../src/engine/plan/commands.ts';
import type { Job } from '../../../src/engine/plan/job.ts';
import { createTwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import { memberCompletion, mergeJobs } from '../../../src/lab/session/merge-jobs.ts';

const PAGES = 24;
const CONFIG = {
  spaces: [
    { name: 'system', pages: PAGES },
    { name: 'vram0', pages: PAGES },
  ],
  accessCapacity: 4,
  faultCapacity: 4,
  tlbLines: 8,
};

function job(seq: number, commands: Command[], queue = 'copy0', timed = false): Job {
  return { seq, queue, label: `job ${seq}`, commands, timed };
}

function copy(srcFrame: number, dstFrame: number): Command {
  return { op: 'copy', srcSpace: 0, srcFrame, dstSpace: 1, dstFrame, pages: 1 };
}

function store(table: number, index: number, lo = 3): Command {
  return { op: 'pteWrite', space: 1, table, index, entries: Uint32Array.of(lo, 0) };
}

const INVALIDATE: Command = { op: 'tlbInval', asid: 1, vpn: 0, log2Pages: 3 };

function shape(jobs: readonly Job[]): string[][] {
  return mergeJobs(jobs).map((merged) => merged.job.commands.map(({ op }) => op));
}

describe('jobs that are handed over together', () => {
  it('become one, copies before stores before invalidations, under the last number', () => {
    const jobs = [1, 2, 3].flatMap((i) => [job(2 * i - 1, [copy(i, i)]), job(2 * i, [store(20, i), INVALIDATE])]);
    const [merged, ...others] = mergeJobs(jobs);
    expect(others).toEqual([]);
    expect(merged?.job.seq).toBe(6);
    expect(merged?.members).toEqual(jobs);
    expect(shape(jobs)).toEqual([
      [...Array(3).fill('copy'), ...Array(3).fill('pteWrite'), ...Array(3).fill('tlbInval')],
    ]);
  });

  it('stay apart where they return words, are timed, walk tables, or belong to another queue', () => {
    const lone: Job[] = [
      job(2, [{ op: 'readback', space: 0, frame: 0, pages: 1 }]),
      job(2, [copy(1, 1)], 'copy0', true),
      job(2, [
        {
          op: 'access',
          asid: 1,
          root: { space: 1, frame: 20, level: 4 },
          base: 0,
          count: 1,
          tlb: true,
          chained: false,
        },
      ]),
      job(2, [
        {
          op: 'copyTranslated',
          root: { space: 1, frame: 20, level: 4 },
          srcSpace: 0,
          srcVpn: 0,
          dstSpace: 1,
          dstVpn: 9,
          pages: 1,
        },
      ]),
      job(2, [copy(1, 1)], 'copy1'),
    ];
    for (const one of lone) {
      const jobs = [job(1, [copy(2, 2)]), one, job(3, [copy(3, 3)])];
      expect(mergeJobs(jobs).map(({ members }) => members.map(({ seq }) => seq))).toEqual([[1], [2], [3]]);
    }
    // The control: the same three with nothing special about the second.
    expect(mergeJobs([job(1, [copy(2, 2)]), job(2, [copy(1, 1)]), job(3, [copy(3, 3)])])).toHaveLength(1);
  });

  it('begin anew where a copy touches a table that was stored into before', () => {
    expect(shape([job(1, [store(20, 0)]), job(2, [copy(1, 20)])])).toEqual([['pteWrite'], ['copy']]);
    expect(shape([job(1, [store(20, 0)]), job(2, [copy(1, 21)])])).toEqual([['copy', 'pteWrite']]);
    expect(shape([job(1, [store(20, 0), copy(1, 20)])])).toEqual([['pteWrite', 'copy']]);
  });

  it('complete one by one', () => {
    const none = new Uint32Array(0);
    const whole = { seq: 6, status: 'ok', faults: none, dropped: 0, io: none, gpuNs: null } as const;
    expect([job(5, []), job(6, [])].map((member) => memberCompletion(whole, member).seq)).toEqual([5, 6]);
  });
});

describe('memory after merged jobs', () => {
  it('is what the jobs one by one leave, whatever touches what', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const rng = createRng(seed);
      const jobs = Array.from({ length: 40 }, (_, i) => job(i + 1, someCommands(rng)));
      const merged = mergeJobs(jobs);
      expect(merged.flatMap(({ members }) => members)).toEqual(jobs);
      expect(await memoryAfter(merged.map((one) => one.job)), `seed ${seed}`).toEqual(await memoryAfter(jobs));
    }
  });

  it('is another when a copy overtakes a store into the same frame (control)', async () => {
    const inOrder = [job(1, [store(20, 0)]), job(2, [copy(1, 20)])];
    const swapped = [job(1, [copy(1, 20)]), job(2, [store(20, 0)])];
    expect(await memoryAfter(inOrder)).not.toEqual(await memoryAfter(swapped));
  });
});

/** Few frames, so that copies and tables meet. */
function someCommands(rng: Rng): Command[] {
  const frame = (): number => rng.below(PAGES);
  const kinds: (() => Command)[] = [
    () => copy(frame(), frame()),
    () => ({ op: 'copy', srcSpace: 1, srcFrame: frame(), dstSpace: 0, dstFrame: frame(), pages: 1 }),
    () => ({ op: 'fill', space: 1, frame: frame(), pages: 1, pattern: rng.u32() }),
    () => store(frame(), rng.below(512), rng.u32()),
    () => ({ op: 'pteFill', space: 1, table: frame(), index: rng.below(256), count: 200, lo: rng.u32(), hi: 0 }),
    () => ({ op: 'zap', space: 1, table: frame(), index: rng.below(256), count: 100 }),
    () => INVALIDATE,
  ];
  return Array.from({ length: 1 + rng.below(3) }, () => (kinds[rng.below(kinds.length)] as () => Command)());
}

/** Digest of all memory after the jobs, each of which has run. */
async function memoryAfter(jobs: readonly Job[]): Promise<string> {
  const twin = createTwinExecutor(CONFIG);
  const seeds = [0, 1].map((space): Command => ({
    op: 'fillSeeded',
    space,
    frame: 0,
    pages: PAGES,
    seed: space,
    pageLo: 0,
  }));
  twin.submit({ seq: 1, queue: 'copy0', label: 'seed', commands: seeds, timed: false });
  for (const one of jobs) twin.submit({ ...one, seq: one.seq + 1 });
  for (let done = 0; done <= jobs.length; done += twin.take().length) await twin.settled();
  const digest = createHash('sha256');
  for (const space of [0, 1]) digest.update(twin.peek(space));
  return digest.digest('hex');
}
