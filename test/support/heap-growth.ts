// How much host memory a long stretch of work leaves behind: measured after garbage collection, from its first to its last third.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { median } from '../../src/lab/measure/stats.ts';

const CHECKPOINTS = 12;
const COLLECTIONS = 4;

/**
 * Calls `work(count)` again and again, `total` items in all and a tenth of that before, and returns by how many bytes the
 * heap and what hangs on it (array buffers) grew from the first third of the checkpoints to the last.
 */
export async function heapGrowth(total: number, work: (count: number) => Promise<void>): Promise<number> {
  const collect = collector();
  await work(Math.ceil(total / 10));
  const bytes: number[] = [];
  for (let checkpoint = 0; checkpoint < CHECKPOINTS; checkpoint++) {
    await work(Math.ceil(total / CHECKPOINTS));
    bytes.push(await kept(collect));
  }
  const third = CHECKPOINTS / 3;
  return median(bytes.slice(-third)) - median(bytes.slice(0, third));
}

/** What is left when everything that nobody refers to is gone: array buffers are freed behind a collection, in turns. */
async function kept(collect: () => void): Promise<number> {
  for (let turn = 0; turn < COLLECTIONS; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Garbage collection on demand, which a process has only when asked for. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
