// Named failures and holds: which hit fails, who waits, and that a scheduler without them notices nothing.
import { describe, expect, it } from 'vitest';
import { Injection } from '../../../src/model/sched/injection.ts';
import { Sched } from '../../../src/model/sched/sched.ts';

function withInjection(): { sched: Sched; injection: Injection } {
  const sched = new Sched();
  const injection = new Injection();
  sched.injection = injection;
  return { sched, injection };
}

describe('Injection', () => {
  it('fails from the k-th hit on, so many times; control: other points and other hits do not', () => {
    const { sched, injection } = withInjection();
    injection.fail('copy', 2, 2);
    const copies = Array.from({ length: 5 }, () => sched.fails('copy'));
    expect([copies, sched.fails('alloc')]).toEqual([[false, true, true, false, false], false]);
    expect([...injection.hits]).toEqual([
      ['copy', 5],
      ['alloc', 1],
    ]);
  });

  it('counts from the moment it is armed, and can be disarmed', () => {
    const { sched, injection } = withInjection();
    sched.fails('copy');
    injection.fail('copy');
    expect([sched.fails('copy'), sched.fails('copy')]).toEqual([true, false]);
    injection.fail('copy');
    injection.disarm('copy');
    expect(sched.fails('copy')).toBe(false);
  });

  it('holds the k-th task at a point until it is released; others pass', () => {
    const { sched, injection } = withInjection();
    const log: string[] = [];
    const hold = injection.hold('commit', 2);
    for (const name of ['a', 'b', 'c']) {
      sched.spawn(
        name,
        (function* () {
          if (sched.exploring) yield* sched.point('commit');
          log.push(name);
        })(),
      );
    }
    sched.run(0);
    expect([log, hold.held, sched.describeTasks()]).toEqual([['a', 'c'], true, ['b: hold at commit']]);
    hold.release();
    sched.run(0);
    expect([log, hold.held]).toEqual([['a', 'c', 'b'], false]);
  });

  it('a hold that was released before anyone came stops nobody', () => {
    const { sched, injection } = withInjection();
    injection.hold('commit').release();
    sched.spawn('a', sched.point('commit'));
    expect(sched.run(0).alive).toBe(0);
  });

  it('control: without an injection nothing fails and points are not even asked', () => {
    const sched = new Sched();
    expect([sched.exploring, sched.fails('copy')]).toEqual([false, false]);
  });
});
