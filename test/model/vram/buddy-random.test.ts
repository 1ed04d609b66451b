// B1–B5 (xe.md §7.5) under random operations of every kind that the driver makes.
import { describe, expect, test } from 'vitest';
import { createRng, type Rng } from '../../../src/base/rng.ts';
import { BUDDY_FLAG, Buddy, type BuddyBlock, type BuddyRequest } from '../../../src/model/vram/buddy.ts';
import { buddyViolations } from '../../../src/model/vram/invariants.ts';

const { RANGE, TOPDOWN, CONTIGUOUS, CLEAR, CLEARED } = BUDDY_FLAG;

function take(buddy: Buddy, request: BuddyRequest): BuddyBlock[] {
  const blocks = buddy.alloc(request);
  if (typeof blocks === 'string') throw new Error(`${blocks} for ${JSON.stringify(request)}`);
  return blocks;
}

/** The whole tree as text: blocks, states and clear bits. */
function image(buddy: Buddy): string {
  const parts: string[] = [];
  buddy.tree.forEachBlock((order, frame, state) => {
    parts.push(`${order}@${frame}:${state}${buddy.tree.isClear(order, frame) ? 'c' : ''}`);
  });
  return parts.join(' ');
}

describe('B1–B5 under random operations', () => {
  const OPERATIONS = 30_000;

  /** A random request of a kind that Xe makes, sometimes malformed sizes excluded. */
  function randomRequest(rng: Rng, pages: number): BuddyRequest {
    const size = rng.below(4) === 0 ? 1 + rng.below(700) : 2 ** rng.below(10);
    const flags = [0, 0, TOPDOWN, CONTIGUOUS, CONTIGUOUS | TOPDOWN, CLEAR, RANGE][rng.below(7)] as number;
    if (flags !== RANGE) return { pages: size, flags };
    const start = rng.below(pages - size);
    return { pages: size, start, end: start + size + 1 + rng.below(pages - start - size), flags };
  }

  test('B5: freeing what was just allocated restores the tree', () => {
    const rng = createRng(9);
    const buddy = new Buddy(5000);
    const kept: BuddyBlock[][] = [];
    for (let step = 0; step < 600; step++) {
      const request = randomRequest(rng, 5000);
      const before = image(buddy);
      const blocks = buddy.alloc(request);
      const where = `seed 9, step ${step}, ${JSON.stringify(request)}`;
      if (typeof blocks === 'string') expect(image(buddy), where).toBe(before);
      else {
        buddy.free(blocks);
        expect(image(buddy), where).toBe(before);
        kept.push(take(buddy, request));
      }
      if (kept.length > 20) buddy.free(kept.splice(rng.below(kept.length), 1)[0] as BuddyBlock[]);
    }
  });

  function assertDisjoint(owner: Int32Array, blocks: BuddyBlock[], id: number, expected: number): void {
    for (const block of blocks) {
      for (let i = 0; i < block.pages; i++) {
        if (owner[block.frame + i] !== expected) throw new Error(`B5: frame ${block.frame + i} has another owner`);
        owner[block.frame + i] = id;
      }
    }
  }

  test.each([1, 2, 3, 4])('seed %i', (seed) => {
    const rng = createRng(seed);
    const pages = 4096 + rng.below(8192);
    const buddy = new Buddy(pages);
    const fresh = image(buddy);
    const owner = new Int32Array(pages);
    const live: { id: number; blocks: BuddyBlock[] }[] = [];
    for (let step = 1; step <= OPERATIONS; step++) {
      const where = `seed ${seed}, step ${step}`;
      if (live.length > 0 && rng.below(100) < 50) {
        const index = rng.below(live.length);
        const gone = live[index] as { id: number; blocks: BuddyBlock[] };
        live[index] = live.at(-1) as { id: number; blocks: BuddyBlock[] };
        live.pop();
        assertDisjoint(owner, gone.blocks, 0, gone.id);
        buddy.free(gone.blocks, rng.below(4) === 0 ? CLEARED : 0);
      } else {
        const request = randomRequest(rng, pages);
        const before = buddy.avail;
        const blocks = buddy.alloc(request);
        if (typeof blocks === 'string') {
          expect(blocks, where).toBe('ENOSPC');
          expect(buddy.avail, where).toBe(before);
        } else {
          const sum = blocks.reduce((total, block) => total + block.pages, 0);
          if (sum !== request.pages) throw new Error(`${where}: ${sum} pages for ${JSON.stringify(request)}`);
          assertDisjoint(owner, blocks, step, 0);
          live.push({ id: step, blocks });
        }
      }
      if (step % 500 === 0) expect(buddyViolations(buddy), where).toEqual([]);
    }
    for (const { blocks } of live) buddy.free(blocks);
    expect(buddyViolations(buddy), `seed ${seed}, end`).toEqual([]);
    expect(buddy.avail).toBe(pages);
    // Everything dirty again is the canonical tree: take and free all once, so that no clear bit is left.
    buddy.free(take(buddy, { pages, start: 0, end: pages }));
    expect(image(buddy), `seed ${seed}`).toBe(fresh);
  });
});
