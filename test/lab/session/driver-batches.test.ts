// What the driver sends to the device at a time: jobs of one stretch together, and those of ready tasks with them.
import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/engine/plan/commands.ts';
import type { Executor } from '../../../src/engine/plan/executor.ts';
import type { Completion, Job } from '../../../src/engine/plan/job.ts';
import { Driver } from '../../../src/lab/session/driver.ts';
import type { Fence } from '../../../src/model/sched/fence.ts';
import { JobQueue } from '../../../src/model/sched/job-queue.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { Sched } from '../../../src/model/sched/sched.ts';

const NONE = new Uint32Array(0);
const COPY: Command = { op: 'copy', srcSpace: 0, srcFrame: 0, dstSpace: 1, dstFrame: 0, pages: 1 };

/** Notes which jobs each flush sent, by seq; all of them are done at once. */
class FlushLog {
  readonly flushes: number[][] = [];
  private submitted: number[] = [];
  private done: Completion[] = [];

  executor(): Executor {
    return {
      submit: (job: Job) => this.submitted.push(job.seq),
      flush: () => this.flush(),
      take: () => this.done.splice(0),
      settled: () => Promise.resolve(this.flush()),
    } as unknown as Executor;
  }

  private flush(): void {
    if (this.submitted.length === 0) return;
    this.flushes.push(this.submitted);
    for (const seq of this.submitted)
      this.done.push({ seq, status: 'ok', faults: NONE, dropped: 0, io: NONE, gpuNs: null });
    this.submitted = [];
  }
}

/** Every look at the clock takes `lookMs`, so that a slice of 8 ms holds few steps. */
async function drive(
  lookMs: number,
  program: (jobs: JobQueue, sched: Sched) => Op<void>,
  clock: 'live' | 'model' = 'live',
): Promise<{ flushes: number[][]; completed: number[] }> {
  const sched = new Sched();
  const jobs = new JobQueue(sched, () => 0);
  const log = new FlushLog();
  const completed: number[] = [];
  let ms = 0;
  const driver = new Driver({
    sched,
    jobs,
    executor: log.executor(),
    clock,
    wall: () => (ms += lookMs),
    onCompletion: (job) => completed.push(job.seq),
    waitsForControl: () => false,
  });
  const task = sched.spawn('program', program(jobs, sched));
  await driver.run(() => task.done);
  return { flushes: log.flushes, completed };
}

function* copies(jobs: JobQueue, count: number): Op<void> {
  const fences: Fence[] = [];
  for (let i = 0; i < count; i++) fences.push(jobs.submit('copy0', 'copy', [COPY]));
  for (const fence of fences) yield* fence.wait();
}

describe('jobs of one stretch of a live run', () => {
  it('are one job for the device, and every one of them is completed', async () => {
    const { flushes, completed } = await drive(0, (jobs) => copies(jobs, 5));
    expect(flushes).toEqual([[5]]);
    expect(completed).toEqual([1, 2, 3, 4, 5]);
  });

  it('stay apart on model time, where each is due at a time of its own (control)', async () => {
    const { flushes, completed } = await drive(0, (jobs) => copies(jobs, 3), 'model');
    expect(flushes).toEqual([[1, 2, 3]]);
    expect(completed).toEqual([1, 2, 3]);
  });
});

/** Submits a job in each of `steps` steps, and is ready all the time. */
function* busy(jobs: JobQueue, sched: Sched, steps: number): Op<void> {
  for (let step = 0; step < steps; step++) {
    jobs.submit('copy0', 'copy', [COPY]);
    yield* sched.giveWay();
  }
}

describe('jobs that go out while tasks are ready', () => {
  it('wait one slice for what those tasks submit, and no longer', async () => {
    const { flushes } = await drive(10, (jobs, sched) => busy(jobs, sched, 6));
    // A slice is one step here. Whatever the steps bring, each second slice sends it.
    expect(flushes.slice(0, 3)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });
});
