// Random binds, zaps and unbinds against a brute-force map: after every job each mapped page walks to its frame and every
// other page faults; the tables keep their invariants, in the shadow and in the bytes.
import { describe, expect, test } from 'vitest';
import { createRng, type Rng } from '../../../src/base/rng.ts';
import { ptViolations } from '../../../src/model/xe/pt-invariants.ts';
import { vramViolations } from '../../../src/model/vram/invariants.ts';
import { bind, makePtWorld, segments, unbind, walk, zap, type PtWorld, type Segment } from './pt-world.ts';

const PAGES = 4 * 512;
/** Window of pages: across a 2M, a 1G and a 512G boundary at once. */
const BASE = 2 ** 27 * 5 - 2 * 512 - 3 * 16;

interface Range {
  readonly start: number;
  readonly pages: number;
  zapped: boolean;
}

/** The truth: what each page of the window translates to; '' = faults. */
class Truth {
  readonly pages: string[] = Array.from({ length: PAGES }, () => '');
  readonly ranges: Range[] = [];

  isFree(start: number, pages: number): boolean {
    return this.ranges.every((range) => start + pages <= range.start || range.start + range.pages <= start);
  }

  put(range: Range, list: readonly Segment[]): void {
    let at = range.start;
    for (const [proto, frame, pages] of list) {
      for (let i = 0; i < pages; i++) this.pages[at++ - BASE] = `${proto === 1 ? 'vram' : 'system'}:${frame + i}`;
    }
  }

  drop(range: Range): void {
    this.pages.fill('', range.start - BASE, range.start - BASE + range.pages);
  }
}

/** Segments of all shapes: aligned and not, long and short, of both memories. */
function randomSegments(rng: Rng, pages: number): Segment[] {
  const list: Segment[] = [];
  for (let left = pages; left > 0;) {
    const piece = Math.min(left, [1, 2, 16, 16, 32, 256, 512, 512, 2048][rng.below(9)] as number);
    const align = [1, 16, 512][rng.below(3)] as number;
    const frame = Math.floor(rng.below(2 ** 20) / align) * align;
    list.push([rng.below(2) as 0 | 1, frame, piece]);
    left -= piece;
  }
  return list;
}

/** An SVM range (aligned power of two), or, more rarely, an interval of a buffer object. */
function randomInterval(rng: Rng): { start: number; pages: number } {
  if (rng.below(4) === 0) {
    const start = BASE + rng.below(PAGES - 1);
    return { start, pages: 1 + rng.below(BASE + PAGES - start) };
  }
  const pages = [1, 16, 512][rng.below(3)] as number;
  const first = Math.ceil(BASE / pages) * pages;
  return { start: first + rng.below(Math.floor((BASE + PAGES - first) / pages)) * pages, pages };
}

function step(world: PtWorld, truth: Truth, rng: Rng): string {
  const { ranges } = truth;
  const known = ranges.length > 0 ? (ranges[rng.below(ranges.length)] as Range) : null;
  switch (known === null ? 0 : rng.below(5)) {
    case 1: {
      const range = known as Range;
      zap(world, range.start, range.pages);
      range.zapped = true;
      truth.drop(range);
      return `zap ${range.start}+${range.pages}`;
    }
    case 2: {
      const range = known as Range;
      unbind(world, range.start, range.pages);
      truth.drop(range);
      ranges.splice(ranges.indexOf(range), 1);
      return `unbind ${range.start}+${range.pages}`;
    }
    case 3: {
      const range = known as Range;
      const list = randomSegments(rng, range.pages);
      bind(world, range.start, segments(...list), range.pages);
      truth.put(range, list);
      return `rebind ${range.start}+${range.pages}`;
    }
    default: {
      const { start, pages } = randomInterval(rng);
      if (!truth.isFree(start, pages)) return 'nothing';
      const range = { start, pages, zapped: false };
      const list = randomSegments(rng, pages);
      bind(world, start, segments(...list), pages);
      ranges.push(range);
      truth.put(range, list);
      return `bind ${start}+${pages}`;
    }
  }
}

function wrongPage(world: PtWorld, truth: Truth): string | null {
  const words = world.words();
  for (let i = 0; i < PAGES; i++) {
    const hit = walk(words, world.pt.root, BASE + i);
    const got = hit.kind === 'absent' ? '' : `${hit.kind}:${hit.frame}`;
    if (got !== truth.pages[i]) return `page ${BASE + i} translates to "${got}", expected "${truth.pages[i]}"`;
  }
  return null;
}

describe('against a brute-force map', () => {
  test.each([
    { seed: 1 },
    { seed: 2 },
    { seed: 3, compact: false },
    { seed: 4, rootLevel: 3 },
    { seed: 5, vramPages: 700 },
  ])('$seed', async ({ seed, ...options }) => {
    const world = makePtWorld(options);
    const rng = createRng(seed);
    const truth = new Truth();
    await world.settle();
    const tables = world.vram.tablesUsed;
    for (let i = 0; i < 400; i++) {
      const what = step(world, truth, rng);
      const where = `seed ${seed}, step ${i}: ${what}`;
      // Some jobs pile up before they run: order inside the queue is all that the tables may rely on.
      if (rng.below(3) === 0) continue;
      await world.settle();
      expect(wrongPage(world, truth), where).toBeNull();
      expect(ptViolations(world.pt, world.words()), where).toEqual([]);
      expect(vramViolations(world.vram), where).toEqual([]);
    }
    for (const range of truth.ranges) unbind(world, range.start, range.pages);
    await world.settle();
    expect(world.vram.tablesUsed, `seed ${seed}`).toBe(tables);
    expect(world.pt.tableCount).toBe(1);
  });
});

test("the executor's own accesses land where the tables say, and fault where they say nothing", async () => {
  const world = makePtWorld();
  const at = 2 ** 27 * 5;
  bind(world, at, segments([0, 37, 2], [1, 700, 1]), 3);
  bind(world, at + 4, null, 1);
  await world.settle();
  for (const frame of [37, 38]) world.twin.peek(0).fill(0, frame * 1024, (frame + 1) * 1024);
  world.twin.peek(1).fill(0, 700 * 1024, 701 * 1024);
  const vpns = [at, at + 1, at + 2, at + 3, at + 4, at - 1];
  const records = Uint32Array.from(
    vpns.flatMap((vpn, i) => [(vpn % 2 ** 20) * 4096 + 4 * i, Math.floor(vpn / 2 ** 20), 1, i + 1]),
  );
  const { root } = world.pt;
  const fence = world.jobs.submit('compute', 'access', [
    { op: 'accessLoad', base: 0, records },
    { op: 'access', asid: 1, root, base: 0, count: vpns.length, tlb: false, chained: false },
  ]);
  await world.settle();
  expect([world.twin.peek(0)[37 * 1024], world.twin.peek(0)[38 * 1024 + 1]]).toEqual([1, 2]);
  expect(world.twin.peek(1)[700 * 1024 + 2]).toBe(3);
  expect(fence.completion.faults).toHaveLength(2 * 4);
});
