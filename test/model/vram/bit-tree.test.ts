// The bit tree answers like a sorted set, at every size around its word boundaries.
import { expect, test } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import { BitTree } from '../../../src/model/vram/bit-tree.ts';

function highestBelow(members: ReadonlySet<number>, bound: number): number {
  let best = -1;
  for (const member of members) if (member < bound && member > best) best = member;
  return best;
}

test.each([1, 31, 32, 33, 1023, 1024, 1025, 40_000])('a tree of %i against a set', (size) => {
  const rng = createRng(size);
  const tree = new BitTree(size);
  const members = new Set<number>();
  for (let step = 0; step < 3000; step++) {
    const member = rng.below(size);
    if (members.has(member)) tree.remove(member);
    else tree.add(member);
    if (!members.delete(member)) members.add(member);
    if (step % 7 !== 0) continue;
    const bound = rng.below(3) === 0 ? size : rng.below(size + 1);
    expect(tree.highestBelow(bound), `seed ${size}, step ${step}, bound ${bound}`).toBe(highestBelow(members, bound));
    expect(tree.highest()).toBe(highestBelow(members, size));
    expect(tree.count).toBe(members.size);
    expect(tree.has(member)).toBe(members.has(member));
  }
});
