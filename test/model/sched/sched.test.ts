// The scheduler: who runs when, in first-come and in seeded order, and what it says when nobody can.
import { describe, expect, it } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import { WaitQueue } from '../../../src/model/sched/fence.ts';
import { JobQueue } from '../../../src/model/sched/job-queue.ts';
import type { Op, Wait } from '../../../src/model/sched/op.ts';
import { LOCK_RANK, RwLock } from '../../../src/model/sched/rw-lock.ts';
import { Sched } from '../../../src/model/sched/sched.ts';
import { drive } from '../../support/drive.ts';

/** Lets every other ready task run once. */
const TURN: Wait = { describe: () => 'turn', park: (task) => task.sched.ready(task) };

function* logger(log: string[], name: string, turns: number, wait: () => Op<void>): Op<string> {
  for (let i = 0; i < turns; i++) {
    log.push(`${name}${i}`);
    yield* wait();
  }
  return `${name} done`;
}

function* turn(): Op<void> {
  yield TURN;
}

describe('sleeping until a deadline or a change', () => {
  function* sleeper(sched: Sched, queue: WaitQueue, log: number[]): Op<void> {
    yield* sched.sleepUntilOr(100, queue);
    log.push(sched.now);
    yield* sched.sleepUntilOr(100, queue);
    log.push(sched.now);
  }

  it('ends at whichever comes first, and the timer left behind wakes nobody', () => {
    const sched = new Sched();
    const queue = new WaitQueue('control');
    const log: number[] = [];
    sched.spawn('a', sleeper(sched, queue, log));
    expect(sched.run(10).nextDeadline).toBe(100);
    queue.wakeAll();
    sched.run(20);
    expect([log, queue.waiting]).toEqual([[20], 1]);
    expect(sched.run(150)).toEqual({ alive: 0, ready: 0, nextDeadline: null });
    expect(log).toEqual([20, 150]);
  });

  it('giving way lets the budget end a long computation', () => {
    const sched = new Sched();
    const log: string[] = [];
    sched.spawn(
      'a',
      logger(log, 'a', 3, () => sched.giveWay()),
    );
    expect(sched.run(0, () => false).ready).toBe(1);
    expect(log).toEqual(['a0']);
    sched.run(0);
    expect(log).toEqual(['a0', 'a1', 'a2']);
  });
});

describe('first-come order', () => {
  it('tasks run in the order they were spawned and take turns', () => {
    const sched = new Sched();
    const log: string[] = [];
    for (const name of ['a', 'b', 'c']) sched.spawn(name, logger(log, name, 2, turn));
    sched.run(0);
    expect(log).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'c1']);
  });

  it('yield points do not preempt', () => {
    const sched = new Sched();
    const log: string[] = [];
    for (const name of ['a', 'b'])
      sched.spawn(
        name,
        logger(log, name, 2, () => sched.point('here')),
      );
    sched.run(0);
    expect(log).toEqual(['a0', 'a1', 'b0', 'b1']);
    expect(sched.exploring).toBe(false);
  });

  it('the result goes to onDone once, and the task is over', () => {
    const sched = new Sched();
    const results: string[] = [];
    const task = sched.spawn('a', logger([], 'a', 1, turn), (result) => results.push(result));
    expect([task.done, sched.alive]).toEqual([false, 1]);
    expect(sched.run(0)).toEqual({ alive: 0, ready: 0, nextDeadline: null });
    sched.run(1);
    expect([task.done, task.result, sched.alive, results]).toEqual([true, 'a done', 0, ['a done']]);
  });

  it('a task spawned while running runs in the same slice, after those that were ready', () => {
    const sched = new Sched();
    const log: string[] = [];
    sched.spawn(
      'parent',
      (function* () {
        sched.spawn('child', logger(log, 'child', 1, turn));
        log.push('parent');
      })(),
    );
    sched.spawn('other', logger(log, 'other', 1, turn));
    sched.run(0);
    expect(log).toEqual(['parent', 'other0', 'child0']);
  });

  it('runs thousands of ready tasks in order', () => {
    const sched = new Sched();
    const log: number[] = [];
    for (let i = 0; i < 5000; i++) {
      sched.spawn(
        `task ${i}`,
        (function* () {
          yield TURN;
          log.push(i);
        })(),
      );
    }
    sched.run(0);
    expect(log).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  });
});

describe('the budget', () => {
  it('stops after the step at which keepGoing says no, and goes on there', () => {
    const sched = new Sched();
    const log: string[] = [];
    for (const name of ['a', 'b', 'c']) sched.spawn(name, logger(log, name, 1, turn));
    let steps = 0;
    expect(sched.run(0, () => ++steps < 2)).toEqual({ alive: 3, ready: 3, nextDeadline: null });
    expect(log).toEqual(['a0', 'b0']);
    expect(sched.run(0)).toEqual({ alive: 0, ready: 0, nextDeadline: null });
    expect(log).toEqual(['a0', 'b0', 'c0']);
  });

  it('run inside run is a bug', () => {
    const sched = new Sched();
    sched.spawn(
      'a',
      (function* () {
        sched.run(0);
      })(),
    );
    expect(() => sched.run(0)).toThrow('reentrant');
    expect(() => sched.currentTask()).toThrow('outside of sched.run');
  });
});

describe('the clock', () => {
  it('is constant within a slice and never goes back', () => {
    const sched = new Sched();
    const times: number[] = [];
    sched.spawn(
      'a',
      (function* () {
        times.push(sched.now);
        yield TURN;
        times.push(sched.now);
        yield* sched.sleepUntil(70);
        times.push(sched.now);
      })(),
    );
    expect(sched.run(50).nextDeadline).toBe(70);
    expect(sched.run(20).nextDeadline).toBe(70);
    expect(sched.now).toBe(50);
    sched.run(80);
    expect(times).toEqual([50, 50, 80]);
  });

  it('sleepUntil a time that has come yields nothing', () => {
    const sched = new Sched();
    sched.run(100);
    expect(sched.sleepUntil(100).next().done).toBe(true);
    expect(sched.sleepUntil(101).next().done).toBe(false);
  });

  it('timers wake by deadline, ties in the order the tasks went to sleep', async () => {
    const sched = new Sched();
    const jobs = new JobQueue(sched, () => 0);
    const log: string[] = [];
    for (const [name, deadline] of [
      ['d', 30],
      ['a', 10],
      ['e', 30],
      ['b', 10],
      ['c', 20],
    ] as const) {
      sched.spawn(
        name,
        (function* () {
          yield* sched.sleepUntil(deadline);
          log.push(`${name}${sched.now}`);
        })(),
      );
    }
    await drive(sched, jobs);
    expect(log).toEqual(['a10', 'b10', 'c20', 'd30', 'e30']);
  });
});

describe('seeded order', () => {
  function order(seed: number): string {
    const sched = new Sched({ explore: createRng(seed).fork('order') });
    const log: string[] = [];
    for (const name of ['a', 'b', 'c', 'd'])
      sched.spawn(
        name,
        logger(log, name, 4, () => sched.point('here')),
      );
    sched.run(0);
    return log.join(' ');
  }

  it('X84 one seed, one order', () => {
    expect(order(5)).toBe(order(5));
  });

  it('X84 different seeds give different orders, each task keeping its own', () => {
    const orders = Array.from({ length: 20 }, (_, seed) => order(seed));
    expect(new Set(orders).size).toBeGreaterThan(15);
    for (const one of orders) {
      for (const name of ['a', 'b', 'c', 'd']) {
        expect(one.split(' ').filter((entry) => entry.startsWith(name))).toEqual(
          [0, 1, 2, 3].map((i) => `${name}${i}`),
        );
      }
    }
  });

  it('X84 reaches every interleaving of two tasks with two steps each', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const sched = new Sched({ explore: createRng(seed).fork('order') });
      const log: string[] = [];
      for (const name of ['a', 'b'])
        sched.spawn(
          name,
          logger(log, name, 2, () => sched.point('here')),
        );
      sched.run(0);
      seen.add(log.join(' '));
    }
    expect(seen.size).toBe(6);
  });
});

describe('deadlock', () => {
  it('says for every task what it waits for and what it holds', async () => {
    const sched = new Sched();
    const jobs = new JobQueue(sched, () => 0);
    const outer = new RwLock(sched, 'vm', LOCK_RANK.vm);
    const never = new WaitQueue('a letter');
    sched.spawn(
      'holder',
      (function* () {
        yield* outer.write();
        yield never;
      })(),
    );
    sched.spawn('waiter', outer.read());
    await expect(drive(sched, jobs)).rejects.toThrow('deadlock:\nholder: a letter; holds vm\nwaiter: lock vm (read)');
    expect(never.waiting).toBe(1);
  });

  it('control: with somebody to wake them it ends', async () => {
    const sched = new Sched();
    const letter = new WaitQueue('a letter');
    sched.spawn(
      'holder',
      (function* () {
        yield letter;
      })(),
    );
    sched.spawn(
      'postman',
      (function* () {
        yield* sched.sleepUntil(10);
        letter.wakeAll();
      })(),
    );
    await drive(sched, new JobQueue(sched, () => 0));
    expect(sched.describeTasks()).toEqual([]);
  });

  it('describes timers, fences and points too', () => {
    const sched = new Sched({ explore: createRng(1) });
    const jobs = new JobQueue(sched, () => 0);
    sched.spawn('sleeper', sched.sleepUntil(99));
    sched.spawn(
      'copier',
      jobs.submit('copy0', 'copy', [{ op: 'fill', space: 0, frame: 0, pages: 1, pattern: 0 }]).wait(),
    );
    sched.run(0);
    expect(sched.describeTasks()).toEqual(['sleeper: timer 99', 'copier: fence 1']);
    const point = sched.point('svm.collect').next().value as Wait;
    expect(point.describe()).toBe('point svm.collect');
  });
});
