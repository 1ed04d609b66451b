// Joining and leaving the notifier protocol (gpusvm-and-pagemap.md §5.1), also while an invalidation runs.
import { describe, expect, it } from 'vitest';
import { Machine } from './machine.ts';
import { change, never } from './sections.ts';

describe('insert', () => {
  it('EOVERFLOW for an empty interval, EINVAL when the process is gone', async () => {
    const machine = new Machine();
    const { subscriptions } = machine.mm;
    expect(subscriptions.insert(never(machine, 5, 5))).toBe('EOVERFLOW');
    expect(subscriptions.insert(never(machine, 5, 6))).toBe(0);
    await machine.run(machine.mm.exit());
    expect(subscriptions.insert(never(machine, 7, 8))).toBe('EINVAL');
  });

  it('RC11 inside an even section: inserted at once, sequence odd, so that its readers wait for the end', async () => {
    const machine = new Machine();
    const { subscriptions } = machine.mm;
    const event = change(0, 100);
    const newcomer = never(machine, 5, 6);
    const log: string[] = [];
    machine.start(
      'change',
      (function* () {
        yield* subscriptions.start(event);
        subscriptions.insert(newcomer);
        expect([subscriptions.seq, newcomer.seq, newcomer.membership]).toEqual([3, 3, 'in']);
        yield* machine.world.sched.sleepUntil(50);
        log.push('end');
        subscriptions.end(event);
      })(),
    );
    machine.start(
      'reader',
      (function* () {
        yield* machine.world.sched.sleepUntil(10);
        const seq = yield* newcomer.readBegin();
        log.push(`read ${seq} at ${machine.world.sched.now}`);
        expect(newcomer.readRetry(seq)).toBe(false);
      })(),
    );
    await machine.finish();
    expect(log).toEqual(['end', 'read 3 at 50']);
  });

  it('RC11 S21 inside an odd section: deferred, no callback now, the next one reaches it', async () => {
    const machine = new Machine();
    const { subscriptions } = machine.mm;
    machine.subscribe(0, 100);
    let newcomer: ReturnType<Machine['subscribe']> | null = null;
    const [first, second] = [change(0, 100), change(0, 100)];
    await machine.run(
      (function* () {
        yield* subscriptions.start(first);
        newcomer = machine.subscribe(5, 6);
        expect([newcomer.interval.membership, newcomer.interval.seq]).toEqual(['inserting', 3]);
        yield* subscriptions.start(second);
        expect(newcomer.seen).toEqual([]);
        subscriptions.end(first);
        expect(newcomer.interval.membership).toBe('inserting');
        subscriptions.end(second);
        expect(newcomer.interval.membership).toBe('in');
        yield* subscriptions.start(first);
        expect(newcomer.seen).toEqual([first]);
        subscriptions.end(first);
      })(),
    );
  });

  it('the first registration of a process takes the mmap lock for writing, later ones do not', async () => {
    const machine = new Machine();
    const { sched } = machine.world;
    const times: number[] = [];
    for (const hold of [0, 1]) {
      machine.start(
        'holder',
        (function* () {
          yield* sched.sleepUntil(hold * 1000);
          yield* machine.mm.mmapLock.read();
          yield* sched.sleepUntil(hold * 1000 + 100);
          machine.mm.mmapLock.unlockRead();
        })(),
      );
      machine.start(
        'register',
        (function* () {
          yield* sched.sleepUntil(hold * 1000 + 1);
          expect(yield* machine.mm.subscriptions.register(never(machine, hold, hold + 1))).toBe(0);
          times.push(sched.now);
        })(),
      );
    }
    await machine.finish();
    expect(times).toEqual([100, 1001]);
  });
});

describe('remove', () => {
  it('at an even sequence: at once, and no callback afterwards (I38)', async () => {
    const machine = new Machine();
    const sub = machine.subscribe(0, 10);
    const event = change(0, 1);
    await machine.run(
      (function* () {
        yield* machine.mm.subscriptions.remove(sub.interval);
        yield* machine.mm.subscriptions.start(event);
        machine.mm.subscriptions.end(event);
      })(),
    );
    expect([sub.seen, sub.interval.membership]).toEqual([[], 'out']);
    expect(machine.mm.subscriptions.seq).toBe(2);
  });

  it('RC14 at an odd sequence: waits until the invalidation is over', async () => {
    const machine = new Machine();
    const { sched } = machine.world;
    const { subscriptions } = machine.mm;
    const sub = machine.subscribe(0, 10);
    const other = machine.subscribe(0, 10);
    const event = change(0, 1);
    let removedAt = -1;
    machine.start(
      'change',
      (function* () {
        yield* subscriptions.start(event);
        yield* sched.sleepUntil(70);
        subscriptions.end(event);
        yield* subscriptions.start(event);
        subscriptions.end(event);
      })(),
    );
    machine.start(
      'remover',
      (function* () {
        yield* sched.sleepUntil(10);
        yield* subscriptions.remove(sub.interval);
        removedAt = sched.now;
      })(),
    );
    await machine.finish();
    expect(removedAt).toBe(70);
    expect([sub.seen.length, other.seen.length]).toEqual([1, 2]);
  });

  it('a deferred insertion is cancelled without waiting', async () => {
    const machine = new Machine();
    const { subscriptions } = machine.mm;
    machine.subscribe(0, 100);
    const event = change(0, 100);
    await machine.run(
      (function* () {
        yield* subscriptions.start(event);
        const newcomer = machine.subscribe(5, 6);
        yield* subscriptions.remove(newcomer.interval);
        expect(newcomer.interval.membership).toBe('out');
        subscriptions.end(event);
        expect(newcomer.interval.membership).toBe('out');
      })(),
    );
    expect(subscriptions.list().length).toBe(1);
  });

  it('removing twice is a bug', async () => {
    const machine = new Machine();
    const sub = machine.subscribe(0, 10);
    await machine.run(machine.mm.subscriptions.remove(sub.interval));
    await expect(machine.run(machine.mm.subscriptions.remove(sub.interval))).rejects.toThrow('not inserted');
  });
});
