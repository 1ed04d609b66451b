// The driver: what has arrived is acted on at once, pauses are no deadlock, and stopping ends every wait.
import { describe, expect, it } from 'vitest';
import type { Executor } from '../../../src/engine/plan/executor.ts';
import type { Completion, Job } from '../../../src/engine/plan/job.ts';
import { Driver } from '../../../src/lab/session/driver.ts';
import { WaitQueue } from '../../../src/model/sched/fence.ts';
import { JobQueue } from '../../../src/model/sched/job-queue.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { Sched } from '../../../src/model/sched/sched.ts';

const NONE = new Uint32Array(0);

/** An executor whose jobs are done when they are submitted, or never. */
function fakeExecutor(answers: boolean): Executor {
  let done: Completion[] = [];
  return {
    submit: ({ seq }: Job) => {
      if (answers) done.push({ seq, status: 'ok', faults: NONE, dropped: 0, io: NONE, gpuNs: null });
    },
    flush: () => {},
    take: () => {
      const taken = done;
      done = [];
      return taken;
    },
    settled: () => (answers ? Promise.resolve() : new Promise<void>(() => {})),
    destroy: () => {},
  } as unknown as Executor;
}

function machine(clock: 'live' | 'model', answers = true) {
  const sched = new Sched();
  const jobs = new JobQueue(sched, () => 0);
  const control = new WaitQueue('control');
  const driver = new Driver({
    sched,
    jobs,
    executor: fakeExecutor(answers),
    clock,
    wall: () => performance.now(),
    onCompletion: () => {},
    waitsForControl: () => control.waiting > 0,
  });
  return { sched, jobs, control, driver };
}

function* jobsInTurn(jobs: JobQueue, count: number): Op<void> {
  for (let i = 0; i < count; i++)
    yield* jobs.submit('copy0', 'test', [{ op: 'hash', space: 0, frame: 0, pages: 1 }]).wait();
}

describe('a live run', () => {
  it('goes on at once when a completion is there already: no sleep in between', async () => {
    const { sched, jobs, driver } = machine('live');
    const task = sched.spawn('jobs', jobsInTurn(jobs, 20));
    const start = performance.now();
    await driver.run(() => task.done);
    // With one look (50 ms) a job this took a second.
    expect(performance.now() - start).toBeLessThan(800);
  });

  it('stops although the device never answers', { timeout: 2000 }, async () => {
    const { sched, jobs, driver } = machine('live', false);
    const task = sched.spawn('jobs', jobsInTurn(jobs, 1));
    const ended = driver.run(() => task.done);
    setTimeout(() => driver.stop(), 20);
    await ended;
    expect(task.done).toBe(false);
  });
});

it('a live run reports a deadlock, too, instead of waiting for ever', async () => {
  const { sched, driver } = machine('live');
  const task = sched.spawn(
    'stuck',
    (function* (): Op<void> {
      yield new WaitQueue('nobody');
    })(),
  );
  await expect(driver.run(() => task.done)).rejects.toThrow(/nothing can go on[^]*nobody/);
});

describe('a model run', () => {
  it('waits for a person without calling it a deadlock, and goes on when poked', async () => {
    const { sched, control, driver } = machine('model');
    const task = sched.spawn(
      'paused',
      (function* (): Op<void> {
        yield control;
      })(),
    );
    setTimeout(() => {
      control.wakeAll();
      driver.poke();
    }, 20);
    await driver.run(() => task.done);
    expect(task.done).toBe(true);
  });

  it('still reports a deadlock when nobody can help', async () => {
    const { sched, driver } = machine('model');
    const task = sched.spawn(
      'stuck',
      (function* (): Op<void> {
        yield new WaitQueue('nobody');
      })(),
    );
    await expect(driver.run(() => task.done)).rejects.toThrow(/nothing can go on[^]*nobody/);
  });
});
