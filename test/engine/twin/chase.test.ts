// CHASE: the chain that the twin follows is the one that its definition in commands.ts spells out.
import { expect, test } from 'vitest';
import { mix32, pageKey, seededWord } from '../../../src/base/mix.ts';
import { createTwinExecutor } from '../../../src/engine/twin/twin-executor.ts';

const SEED = 11;
const PAGES = 4;

/** Word `word` of the pages 3 … 6, which hold the seeded pages 0 … 3. */
function wordAt(word: number): number {
  return seededWord(pageKey(SEED, Math.floor(word / 1024)), word % 1024);
}

test('each lane ends with the low word of its last entry', async () => {
  const spaces = ['system', 'vram0'].map((name) => ({ name, pages: 8 }));
  const twin = createTwinExecutor({ spaces, accessCapacity: 16, faultCapacity: 1, tlbLines: 0 });
  const commands = [
    { op: 'fillSeeded', space: 1, frame: 3, pages: PAGES, seed: SEED, pageLo: 0 },
    { op: 'chase', space: 1, frame: 3, pages: PAGES, base: 5, count: 3, loads: 2 },
    { op: 'accessResult', base: 4, count: 5 },
  ] as const;
  twin.submit({ seq: 1, queue: 'gpu', label: 'chase', commands, timed: false });
  await twin.settled();
  const entries = PAGES * 512;
  const ends = [5, 6, 7].map((lane) => {
    const second = wordAt(2 * (mix32(lane) % entries)) % entries;
    return [1, wordAt(2 * second)];
  });
  expect([...(twin.take()[0]?.io ?? [])]).toEqual([0, 0, ...ends.flat(), 0, 0]);
});
