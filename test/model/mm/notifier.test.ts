// The sequence protocol of gpusvm-and-pagemap.md §5.1, step by step.
import { describe, expect, it } from 'vitest';
import { checkMm } from '../../../src/model/mm/invariants.ts';
import { IntervalNotifier, type InvalidateEvent } from '../../../src/model/mm/notifier.ts';
import { WaitQueue } from '../../../src/model/sched/fence.ts';
import { LOCK_RANK, RwLock } from '../../../src/model/sched/rw-lock.ts';
import { Machine } from './machine.ts';
import { change, section } from './sections.ts';

describe('start and end', () => {
  it('§5.1 the sequence starts at 2; a subscription inserted in peace has the odd number below', () => {
    const machine = new Machine();
    expect(machine.mm.subscriptions.seq).toBe(2);
    expect(machine.subscribe(0, 10).interval.seq).toBe(1);
    machine.check();
  });

  it('§5.1 an overlapping section makes the sequence odd and the end makes it even', async () => {
    const machine = new Machine();
    const sub = machine.subscribe(0, 10);
    const { subscriptions } = machine.mm;
    const event = change(5, 20);
    await machine.run(
      (function* () {
        expect(yield* subscriptions.start(event)).toBe(0);
        expect([subscriptions.seq, subscriptions.active, sub.interval.seq]).toEqual([3, 1, 3]);
        subscriptions.end(event);
      })(),
    );
    expect([subscriptions.seq, subscriptions.active, sub.interval.seq]).toEqual([4, 0, 3]);
    expect(sub.seen).toEqual([event]);
  });

  it('§5.1 control: a section beside every subscription changes nothing and calls nobody', async () => {
    const machine = new Machine();
    const sub = machine.subscribe(10, 20);
    const { subscriptions } = machine.mm;
    for (const [start, end] of [
      [0, 10],
      [20, 30],
    ] as const) {
      const inside = () => expect([subscriptions.seq, subscriptions.active]).toEqual([2, 1]);
      await machine.run(section(machine, change(start, end), inside));
    }
    expect(sub.seen).toEqual([]);
    machine.check();
  });

  it('§5.1 nested sections share one odd epoch, which only the last end closes', async () => {
    const machine = new Machine();
    const sub = machine.subscribe(0, 10);
    const { subscriptions } = machine.mm;
    const [first, second] = [change(0, 1), change(2, 3)];
    await machine.run(
      (function* () {
        yield* subscriptions.start(first);
        yield* subscriptions.start(second);
        subscriptions.end(first);
        expect([subscriptions.seq, subscriptions.active, sub.interval.seq]).toEqual([3, 1, 3]);
        subscriptions.end(second);
      })(),
    );
    expect(subscriptions.seq).toBe(4);
    expect(sub.seen.length).toBe(2);
  });

  it('S27 calls every overlapping subscription once, in ascending order, with one sequence', async () => {
    const machine = new Machine();
    const order: number[] = [];
    const subs = [30, 0, 20, 10].map((start) =>
      machine.subscribe(start, start + 10, function* () {
        order.push(start);
      }),
    );
    await machine.run(section(machine, change(5, 25)));
    expect(order).toEqual([0, 10, 20]);
    expect(subs.map((sub) => sub.interval.seq)).toEqual([1, 3, 3, 3]);
  });

  it('finds overlaps of intervals of different length', async () => {
    const machine = new Machine();
    const long = machine.subscribe(0, 1000);
    const short = machine.subscribe(500, 501);
    machine.subscribe(100, 200);
    await machine.run(section(machine, change(500, 501)));
    expect([long.seen.length, short.seen.length]).toEqual([1, 1]);
  });

  it('R5 start does not return before a waiting callback has', async () => {
    const machine = new Machine();
    const { sched } = machine.world;
    machine.subscribe(0, 10, function* () {
      yield* sched.sleepUntil(500);
    });
    const event = change(0, 1);
    await machine.run(
      (function* () {
        yield* machine.mm.subscriptions.start(event);
        expect(sched.now).toBe(500);
        machine.mm.subscriptions.end(event);
      })(),
    );
  });

  it('ending what was not started is a bug', () => {
    const machine = new Machine();
    expect(() => machine.mm.subscriptions.end(change(0, 1))).toThrow('not started');
  });
});

describe('refusal', () => {
  it('S22 an event that is not blockable may be refused: EAGAIN, closed again, the refuser untouched', async () => {
    const machine = new Machine();
    const sub = machine.subscribe(0, 10);
    const { subscriptions } = machine.mm;
    expect(await machine.run(section(machine, change(0, 1, false)))).toBe('EAGAIN');
    expect([subscriptions.active, subscriptions.seq, sub.interval.seq]).toEqual([0, 4, 1]);
    expect(await machine.run(section(machine, change(0, 1)))).toBe(0);
    expect(sub.interval.seq).toBe(5);
  });

  it('control: a subscriber that accepts it lets it through', async () => {
    const machine = new Machine();
    const sub = machine.subscribe(0, 10);
    sub.refuses = false;
    const event = change(0, 1, false);
    expect(await machine.run(section(machine, event))).toBe(0);
    expect(sub.seen).toEqual([event]);
  });

  it('I36 a refused blockable event goes on and is counted as a bug of the callback', async () => {
    const machine = new Machine();
    const { subscriptions } = machine.mm;
    const refuser = new IntervalNotifier(subscriptions, 0, 10, function* (_event, cur) {
      refuser.setSeq(cur);
      return false;
    });
    subscriptions.insert(refuser);
    machine.start('change', section(machine, change(0, 1)));
    machine.world.sched.run(0);
    expect(subscriptions.refusals).toBe(1);
    expect(checkMm(machine.world)).toEqual(['I36 proc: 1 blockable events refused']);
  });
});

describe('readers', () => {
  it('§5.1 readBegin does not wait when its own interval is not being invalidated', async () => {
    const machine = new Machine();
    const { subscriptions } = machine.mm;
    const mine = machine.subscribe(0, 10);
    machine.subscribe(50, 60);
    const event = change(50, 60);
    await machine.run(
      (function* () {
        yield* subscriptions.start(event);
        expect(yield* mine.interval.readBegin()).toBe(1);
        subscriptions.end(event);
      })(),
    );
  });

  it('§5.1 readBegin waits for the end of all sections of the epoch, also of later ones elsewhere', async () => {
    const machine = new Machine();
    const { sched } = machine.world;
    const { subscriptions } = machine.mm;
    const mine = machine.subscribe(0, 10);
    const during = (event: InvalidateEvent, from: number, to: number) =>
      (function* () {
        yield* sched.sleepUntil(from);
        yield* subscriptions.start(event);
        yield* sched.sleepUntil(to);
        subscriptions.end(event);
      })();
    machine.start('mine', during(change(0, 1), 0, 20));
    machine.start('elsewhere', during(change(900, 901), 15, 40));
    let begun = -1;
    machine.start(
      'reader',
      (function* () {
        yield* sched.sleepUntil(5);
        yield* mine.interval.readBegin();
        begun = sched.now;
      })(),
    );
    await machine.finish();
    expect(begun).toBe(40);
  });

  it('RC1 readRetry is true exactly when an overlapping invalidation came in between', async () => {
    const machine = new Machine();
    const { subscriptions } = machine.mm;
    const mine = machine.subscribe(0, 10);
    const other = machine.subscribe(50, 60);
    const event = change(50, 60);
    await machine.run(
      (function* () {
        const [a, b] = [yield* mine.interval.readBegin(), yield* other.interval.readBegin()];
        yield* subscriptions.start(event);
        subscriptions.end(event);
        expect([mine.interval.readRetry(a), other.interval.readRetry(b)]).toEqual([false, true]);
      })(),
    );
  });

  it('R10 waiting while holding the notifier lock, or inside a callback, is caught', async () => {
    for (const where of ['lock', 'callback'] as const) {
      const machine = new Machine();
      const { subscriptions } = machine.mm;
      const lock = new RwLock(machine.world.sched, 'notifier', LOCK_RANK.notifier);
      const sub = machine.subscribe(0, 10, function* () {
        if (where === 'callback') yield* subscriptions.remove(sub.interval);
      });
      const event = change(0, 1);
      const op = (function* () {
        yield* subscriptions.start(event);
        yield* lock.read();
        yield* sub.interval.readBegin();
      })();
      await expect(machine.run(op)).rejects.toThrow('R10');
    }
  });

  it('R10 control: holding the mmap lock is fine, there the reader just waits', async () => {
    const machine = new Machine();
    const { subscriptions } = machine.mm;
    const sub = machine.subscribe(0, 10);
    const gate = new WaitQueue('gate');
    const event = change(0, 1);
    machine.start(
      'change',
      (function* () {
        yield* subscriptions.start(event);
        yield gate;
        subscriptions.end(event);
      })(),
    );
    machine.start(
      'reader',
      (function* () {
        yield* machine.mm.mmapLock.read();
        machine.start(
          'opener',
          (function* () {
            gate.wakeAll();
          })(),
        );
        expect(yield* sub.interval.readBegin()).toBe(3);
        machine.mm.mmapLock.unlockRead();
      })(),
    );
    await machine.finish();
  });
});
