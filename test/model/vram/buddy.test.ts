// Golden vectors of the buddy allocator (xe.md §7.6) and the rules behind them (§7.2, §7.3).
import { describe, expect, test } from 'vitest';
import { BUDDY_FLAG, Buddy, type BuddyBlock, type BuddyRequest } from '../../../src/model/vram/buddy.ts';
import { BLOCK_STATE } from '../../../src/model/vram/buddy-tree.ts';
import { buddyViolations } from '../../../src/model/vram/invariants.ts';

const K4 = 1;
const K64 = 16;
const M1 = 256;
const M2 = 512;
const { RANGE, TOPDOWN, CONTIGUOUS, CLEAR, CLEARED, TRIM_DISABLE } = BUDDY_FLAG;

/** Byte addresses of the blocks, as the reference prints them. */
function addresses(blocks: BuddyBlock[] | string): number[] | string {
  return typeof blocks === 'string' ? blocks : blocks.map((block) => block.frame * 4096);
}

function take(buddy: Buddy, request: BuddyRequest): BuddyBlock[] {
  const blocks = buddy.alloc(request);
  if (typeof blocks === 'string') throw new Error(`${blocks} for ${JSON.stringify(request)}`);
  return blocks;
}

/** 'order@address' of every free block, by descending order, then ascending address. */
function freeBlocks(buddy: Buddy): string[] {
  const list: { order: number; frame: number }[] = [];
  buddy.tree.forEachBlock((order, frame, state) => {
    if (state === BLOCK_STATE.free) list.push({ order, frame });
  });
  list.sort((a, b) => b.order - a.order || a.frame - b.frame);
  return list.map(({ order, frame }) => `${order}@0x${(frame * 4096).toString(16)}`);
}

/** The whole tree as text: blocks, states and clear bits. */
function image(buddy: Buddy): string {
  const parts: string[] = [];
  buddy.tree.forEachBlock((order, frame, state) => {
    parts.push(`${order}@${frame}:${state}${buddy.tree.isClear(order, frame) ? 'c' : ''}`);
  });
  return parts.join(' ');
}

describe('golden vectors (xe.md §7.6)', () => {
  test('24M: roots, first allocations from the top, merge on free', () => {
    const buddy = new Buddy(12 * M2);
    expect(freeBlocks(buddy)).toEqual(['12@0x0', '11@0x1000000']);
    expect(addresses(take(buddy, { pages: M2 }))).toEqual([0x1600000]);
    expect(freeBlocks(buddy)).toEqual(['12@0x0', '10@0x1000000', '9@0x1400000']);
    const k64 = take(buddy, { pages: K64, minPages: K64 });
    expect(addresses(k64)).toEqual([0x15f0000]);
    const k4 = take(buddy, { pages: K4 });
    expect(addresses(k4)).toEqual([0x15ef000]);
    expect(addresses(take(buddy, { pages: M2 }))).toEqual([0x1200000]);
    buddy.free(k64);
    buddy.free(k4);
    expect(freeBlocks(buddy)).toEqual(['12@0x0', '9@0x1000000', '9@0x1400000']);
  });

  test('top-down on a fresh 24M breaks the block with the highest offset', () => {
    const buddy = new Buddy(12 * M2);
    expect(addresses(take(buddy, { pages: M2, flags: TOPDOWN }))).toEqual([0x1600000]);
    expect(addresses(take(buddy, { pages: K4, flags: TOPDOWN }))).toEqual([0x15ff000]);
  });

  test('top-down prefers offset over order; the plain search prefers order', () => {
    const make = (): Buddy => {
      const buddy = new Buddy(12 * M2);
      const low = take(buddy, { pages: M2, start: 0, end: M2 });
      buddy.free(take(buddy, { pages: K64, start: 0 + M2, end: M2 + K64 }));
      expect(low).toHaveLength(1);
      return buddy;
    };
    expect(addresses(take(make(), { pages: M2 }))).toEqual([0x200000]);
    expect(addresses(take(make(), { pages: M2, flags: TOPDOWN }))).toEqual([0x1600000]);
  });

  test('16M: 3M without CONTIGUOUS is two blocks, listed downwards', () => {
    const blocks = take(new Buddy(16 * M1), { pages: 3 * M1 });
    expect(addresses(blocks)).toEqual([0xe00000, 0xd00000]);
    expect(blocks.map((block) => block.pages)).toEqual([512, 256]);
  });

  test('8M of 4K pages, every second freed: half is free, 64K contiguous does not fit, sixteen 4K do', () => {
    const buddy = new Buddy(4 * M2);
    const pages = Array.from({ length: 4 * M2 }, () => take(buddy, { pages: K4 })).flat();
    expect(buddy.avail).toBe(0);
    pages.filter((_, i) => i % 2 === 0).forEach((block) => buddy.free([block]));
    expect(buddy.avail * 4096).toBe(4 * 1024 * 1024);
    expect(buddy.alloc({ pages: K64, flags: CONTIGUOUS })).toBe('ENOSPC');
    expect(buddy.alloc({ pages: K64, minPages: K64 })).toBe('ENOSPC');
    expect(take(buddy, { pages: K64 })).toHaveLength(16);
    expect(buddyViolations(buddy)).toEqual([]);
  });
});

describe('requests (xe.md §7.2)', () => {
  test.each([
    ['no pages', { pages: 0 }],
    ['a fraction', { pages: 1.5 }],
    ['minimum not a power of two', { pages: 6, minPages: 3 }],
    ['end past the memory', { pages: 1, end: 4097 }],
    ['start + size past the memory', { pages: 2, start: 4095, end: 4096 }],
    ['exact range not aligned to the minimum', { pages: 16, minPages: 16, start: 8, end: 24 }],
  ])('EINVAL: %s', (_, request) => {
    expect(new Buddy(4096).alloc(request)).toBe('EINVAL');
  });

  test('exact range: pieces from left to right; an allocated overlap is ENOSPC and undone', () => {
    const buddy = new Buddy(4096);
    expect(take(buddy, { pages: 3, start: 5, end: 8 }).map((b) => [b.frame, b.pages])).toEqual([
      [5, 1],
      [6, 2],
    ]);
    const before = image(buddy);
    expect(buddy.alloc({ pages: 8, start: 0, end: 8 })).toBe('ENOSPC');
    expect(image(buddy)).toBe(before);
  });

  test('RANGE finds the leftmost fitting block inside the bounds, whatever TOPDOWN says', () => {
    const buddy = new Buddy(4096);
    const request = { pages: 16, minPages: 16, start: 100, end: 1000, flags: RANGE | TOPDOWN };
    expect(take(buddy, request)[0]?.frame).toBe(112);
    expect(take(buddy, request)[0]?.frame).toBe(128);
    expect(buddy.alloc({ pages: 1024, minPages: 1024, start: 100, end: 2000, flags: RANGE })).toBe('ENOSPC');
  });

  test('CONTIGUOUS with an odd size: next power of two, trimmed to the request', () => {
    const buddy = new Buddy(4096);
    const blocks = take(buddy, { pages: 768, flags: CONTIGUOUS });
    expect(blocks.map((b) => [b.frame, b.pages])).toEqual([
      [3072, 512],
      [3584, 256],
    ]);
    expect(buddy.avail).toBe(4096 - 768);
    buddy.free(blocks);
    expect(freeBlocks(buddy)).toEqual(['12@0x0']);
  });

  test('TRIM_DISABLE keeps the rounded size', () => {
    const buddy = new Buddy(4096);
    take(buddy, { pages: 768, flags: CONTIGUOUS | TRIM_DISABLE });
    expect(buddy.avail).toBe(4096 - 1024);
  });

  test('only the last of several blocks is trimmed', () => {
    const buddy = new Buddy(4096);
    take(buddy, { pages: 2048, start: 0, end: 2048 });
    take(buddy, { pages: 1024, start: 2048, end: 3072 });
    const blocks = take(buddy, { pages: 260, minPages: 16 });
    expect(blocks.map((b) => b.pages)).toEqual([256, 4]);
  });

  test('try harder: an odd contiguous size across two buddies that no block covers', () => {
    const buddy = new Buddy(16);
    const all = Array.from({ length: 16 }, (_, i) => take(buddy, { pages: 1, start: i, end: i + 1 })[0] as BuddyBlock);
    for (const i of [3, 4, 5, 6, 7]) buddy.free([all[i] as BuddyBlock]);
    expect(take(buddy, { pages: 5, flags: CONTIGUOUS }).map((b) => b.frame)).toEqual([3, 4]);
    expect(buddy.avail).toBe(0);
    expect(buddy.alloc({ pages: 1, flags: CONTIGUOUS })).toBe('ENOSPC');
  });

  test('try harder also answers when the rounded size exceeds the memory', () => {
    const buddy = new Buddy(12 * M2);
    expect(take(buddy, { pages: 10 * M2, flags: CONTIGUOUS })).toHaveLength(2);
    expect(new Buddy(12).alloc({ pages: 12, start: 0, end: 12, flags: RANGE })).toHaveLength(2);
  });

  test('allocOrder with a limit stays below it and otherwise equals the plain search', () => {
    const limited = new Buddy(12 * M2);
    expect(limited.allocOrder(0, false, 100)).toBe(99);
    expect(limited.allocOrder(4, false, 100)).toBe(80);
    expect(limited.allocOrder(7, false, 100)).toBe(-1);
    const a = new Buddy(12 * M2);
    const b = new Buddy(12 * M2);
    for (const order of [9, 4, 0, 9, 3, 10, 0]) {
      expect(a.allocOrder(order)).toBe(take(b, { pages: 2 ** order, minPages: 2 ** order })[0]?.frame);
    }
  });
});

describe('clear state (xe.md §7.3)', () => {
  test('buddies of unequal state stay apart; equal ones merge and keep the bit', () => {
    const buddy = new Buddy(16);
    const [low] = take(buddy, { pages: 8, start: 0, end: 8 });
    const [high] = take(buddy, { pages: 8, start: 8, end: 16 });
    buddy.free([low as BuddyBlock], CLEARED);
    buddy.free([high as BuddyBlock]);
    expect(freeBlocks(buddy)).toEqual(['3@0x0', '3@0x8000']);
    expect([buddy.avail, buddy.tree.clearAvail]).toEqual([16, 8]);
    expect(buddyViolations(buddy)).toEqual([]);
    expect(take(buddy, { pages: 1, flags: CLEAR })[0]?.frame).toBe(7);
    expect(take(buddy, { pages: 1 })[0]?.frame).toBe(15);
  });

  test('a request that only a merge of unequal states can satisfy forces it', () => {
    const buddy = new Buddy(16);
    const halves = [take(buddy, { pages: 8, start: 0, end: 8 }), take(buddy, { pages: 8, start: 8, end: 16 })];
    buddy.free(halves[0] as BuddyBlock[], CLEARED);
    buddy.free(halves[1] as BuddyBlock[]);
    expect(take(buddy, { pages: 16, minPages: 16, end: 16, start: 0 })).toHaveLength(2);
    const other = new Buddy(32);
    const parts = [take(other, { pages: 8, start: 0, end: 8 }), take(other, { pages: 8, start: 8, end: 16 })];
    take(other, { pages: 16, start: 16, end: 32 });
    other.free(parts[0] as BuddyBlock[], CLEARED);
    other.free(parts[1] as BuddyBlock[]);
    expect(take(other, { pages: 16, minPages: 16 })[0]?.frame).toBe(0);
    expect(other.tree.clearAvail).toBe(0);
    expect(buddyViolations(other)).toEqual([]);
  });
});

test('trim keeps exactly the asked part and refuses what is outside', () => {
  const buddy = new Buddy(64);
  const frame = buddy.allocOrder(4);
  expect(buddy.trim(frame, 17)).toBe('EINVAL');
  expect(buddy.trim(frame, 4, frame + 14)).toBe('EINVAL');
  expect(buddy.trim(frame, 6, frame + 2)).toEqual([
    { frame: frame + 2, pages: 2 },
    { frame: frame + 4, pages: 4 },
  ]);
  expect(buddy.avail).toBe(58);
  expect(buddyViolations(buddy)).toEqual([]);
});
