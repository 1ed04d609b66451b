// Page frames: allocation order, references, locks, and where a frame lies.
import { describe, expect, it } from 'vitest';
import { PageStore } from '../../../src/model/mm/pages.ts';
import { Machine } from './machine.ts';

describe('PageStore', () => {
  it('hands out system frames in ascending order, never the zero page', () => {
    const pages = new PageStore(4, []);
    expect([pages.allocSystem(), pages.allocSystem(), pages.allocSystem(), pages.allocSystem()]).toEqual([0, 1, 2, -1]);
    expect(pages.zeroPfn).toBe(3);
    expect(pages.refcount[3]).toBe(1);
  });

  it('reuses frames in the order they were freed, so that runs stay runs', () => {
    const pages = new PageStore(9, []);
    for (let i = 0; i < 8; i++) pages.allocSystem();
    for (let pfn = 0; pfn < 4; pfn++) pages.put(pfn);
    expect(pages.freeSystem).toBe(4);
    expect([pages.allocSystem(), pages.allocSystem(), pages.allocSystem()]).toEqual([0, 1, 2]);
  });

  it('maps page numbers to spaces and frames and back', () => {
    const pages = new PageStore(10, [6, 5]);
    expect(pages.total).toBe(21);
    for (const [pfn, space, frame] of [
      [0, 0, 0],
      [9, 0, 9],
      [10, 1, 0],
      [15, 1, 5],
      [16, 2, 0],
      [20, 2, 4],
    ] as const) {
      expect([pages.spaceOf(pfn), pages.frameOf(pfn), pages.pfnOf(space, frame)]).toEqual([space, frame, pfn]);
    }
    expect([pages.isDevice(9), pages.isDevice(10), pages.deviceOf(15), pages.deviceOf(16)]).toEqual([
      false,
      true,
      0,
      1,
    ]);
    expect(() => pages.deviceOf(9)).toThrow('not a device page');
    expect(() => pages.deviceOf(21)).toThrow('not a device page');
  });

  it('R9: asserts on reference underflow and on references of free pages', () => {
    const pages = new PageStore(4, []);
    const pfn = pages.allocSystem();
    pages.get(pfn);
    pages.put(pfn);
    expect(pages.refcount[pfn]).toBe(1);
    pages.put(pfn);
    expect(() => pages.put(pfn)).toThrow('underflows');
    expect(() => pages.get(pfn)).toThrow('is free');
    expect(pages.tryGet(pfn)).toBe(false);
  });

  it('tells pagemap when the last reference of a device page goes', () => {
    const pages = new PageStore(2, [2]);
    const freed: number[] = [];
    pages.onDeviceFree = (pfn) => freed.push(pfn);
    pages.initDevicePage(2, 7);
    expect([pages.refcount[2], pages.isLocked(2), pages.zdd[2]]).toEqual([1, true, 7]);
    expect(() => pages.put(2)).toThrow('freed while locked');
    pages.refcount[2] = 1;
    pages.unlock(2);
    pages.put(2);
    expect(freed).toEqual([2]);
    expect(pages.freeSystem).toBe(1);
  });

  it('locks once; unlocking an unlocked page is a bug', () => {
    const pages = new PageStore(4, []);
    expect([pages.tryLock(0), pages.tryLock(0)]).toEqual([true, false]);
    pages.unlock(0);
    expect(pages.tryLock(0)).toBe(true);
    pages.unlock(0);
    expect(() => pages.unlock(0)).toThrow('not locked');
  });

  it('waitUnlocked waits for the holder, and not at all when there is none', async () => {
    const machine = new Machine();
    const { pages, sched } = machine.world;
    const order: string[] = [];
    sched.spawn(
      'holder',
      (function* () {
        pages.tryLock(5);
        yield* sched.sleepUntil(100);
        order.push('unlock');
        pages.unlock(5);
      })(),
    );
    for (const name of ['a', 'b']) {
      sched.spawn(
        name,
        (function* () {
          yield* pages.waitUnlocked(5);
          order.push(`${name} at ${sched.now}`);
          yield* pages.waitUnlocked(6);
          order.push(`${name} again at ${sched.now}`);
        })(),
      );
    }
    await machine.finish();
    expect(order).toEqual(['unlock', 'a at 100', 'a again at 100', 'b at 100', 'b again at 100']);
  });
});
