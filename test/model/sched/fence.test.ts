// Fences, wait queues and the job queue: numbering, model times, completion.
import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/engine/plan/commands.ts';
import type { Completion } from '../../../src/engine/plan/job.ts';
import { Fence, WaitQueue } from '../../../src/model/sched/fence.ts';
import { JobQueue } from '../../../src/model/sched/job-queue.ts';
import { Sched } from '../../../src/model/sched/sched.ts';
import { drive } from '../../support/drive.ts';

function fill(pages: number): Command {
  return { op: 'fill', space: 0, frame: 0, pages, pattern: 0 };
}

function completion(seq: number): Completion {
  return { seq, status: 'ok', faults: new Uint32Array(0), dropped: 0, io: new Uint32Array(0), gpuNs: null };
}

/** One nanosecond a page. */
function queueOf(sched: Sched): JobQueue {
  return new JobQueue(sched, (commands) => commands.reduce((sum, c) => sum + (c.op === 'fill' ? c.pages : 0), 0));
}

describe('WaitQueue', () => {
  it('wakes everybody who waits, in the order they came, and nobody who comes later', () => {
    const sched = new Sched();
    const queue = new WaitQueue('event');
    const log: string[] = [];
    for (const name of ['a', 'b']) {
      sched.spawn(
        name,
        (function* () {
          yield queue;
          log.push(name);
          yield queue;
          log.push(`${name} again`);
        })(),
      );
    }
    sched.run(0);
    expect(queue.waiting).toBe(2);
    queue.wakeAll();
    sched.run(0);
    expect([log, queue.waiting]).toEqual([['a', 'b'], 2]);
  });
});

describe('Fence', () => {
  it('waits until it signals, then hands the completion to every waiter', () => {
    const sched = new Sched();
    const fence = new Fence(7, 0);
    const got: number[] = [];
    for (let i = 0; i < 2; i++) sched.spawn(`waiter ${i}`, fence.wait(), (done) => got.push(done.seq));
    sched.run(0);
    expect([fence.signaled, got]).toEqual([false, []]);
    expect(() => fence.completion).toThrow('not signaled');
    fence.signal(completion(7));
    sched.run(0);
    expect([fence.signaled, fence.completion.seq, got]).toEqual([true, 7, [7, 7]]);
  });

  it('waiting for a signaled fence yields nothing; signaling twice is a bug', () => {
    const fence = new Fence(1, 0);
    fence.signal(completion(1));
    expect(fence.wait().next().done).toBe(true);
    expect(() => fence.signal(completion(1))).toThrow('signaled twice');
  });
});

describe('JobQueue', () => {
  it('numbers jobs from 1 over all queues and hands each over once, in order', () => {
    const jobs = queueOf(new Sched());
    jobs.submit('copy0', 'first', [fill(1)]);
    jobs.submit('cpu', 'second', [fill(2), fill(3)], true);
    expect(jobs.drain().map((job) => [job.seq, job.queue, job.label, job.commands.length, job.timed])).toEqual([
      [1, 'copy0', 'first', 1, false],
      [2, 'cpu', 'second', 2, true],
    ]);
    expect(jobs.drain()).toEqual([]);
    expect(jobs.submit('cpu', 'third', [fill(1)]).seq).toBe(3);
  });

  it('a job follows its queue, not other queues, and never begins before now', () => {
    const sched = new Sched();
    const jobs = queueOf(sched);
    const done = (queue: string, pages: number): number => jobs.submit(queue, 'job', [fill(pages)]).modelDone;
    expect([done('a', 10), done('a', 5), done('b', 3)]).toEqual([10, 15, 3]);
    sched.run(100);
    expect([done('a', 1), done('a', 1)]).toEqual([101, 102]);
  });

  it('an empty job is a bug', () => {
    expect(() => queueOf(new Sched()).submit('a', 'nothing', [])).toThrow('needs a command');
  });

  it('nextDue is the earliest on the model clock, ties the older, completed ones left out', () => {
    const jobs = queueOf(new Sched());
    expect(jobs.nextDue()).toBeNull();
    jobs.submit('a', 'slow', [fill(10)]);
    jobs.submit('b', 'fast', [fill(2)]);
    jobs.submit('c', 'as fast', [fill(2)]);
    expect(jobs.nextDue()?.seq).toBe(2);
    jobs.complete(completion(2));
    expect(jobs.nextDue()?.seq).toBe(3);
    jobs.complete(completion(1));
    expect([jobs.nextDue()?.seq, jobs.inFlight]).toEqual([3, 1]);
    jobs.complete(completion(3));
    expect([jobs.nextDue(), jobs.inFlight]).toEqual([null, 0]);
  });

  it('completing an unknown job, or one twice, is a bug', () => {
    const jobs = queueOf(new Sched());
    jobs.submit('a', 'job', [fill(1)]);
    expect(() => jobs.complete(completion(2))).toThrow('fence 2 is missing');
    jobs.complete(completion(1));
    expect(() => jobs.complete(completion(1))).toThrow('fence 1 is missing');
  });

  it('the model clock moves to the end of each job that somebody waits for', async () => {
    const sched = new Sched();
    const jobs = queueOf(sched);
    const log: string[] = [];
    for (const [queue, pages] of [
      ['a', 10],
      ['a', 10],
      ['b', 15],
    ] as const) {
      const fence = jobs.submit(queue, 'job', [fill(pages)]);
      sched.spawn(`waiter ${fence.seq}`, fence.wait(), () => log.push(`${fence.seq} at ${sched.now}`));
    }
    await drive(sched, jobs);
    expect(log).toEqual(['1 at 10', '3 at 15', '2 at 20']);
  });
});
