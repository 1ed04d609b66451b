// Uploads through mapped staging buffers: the same bytes at the same place in the order of commands as the queue's own
// writes, cut over chunks, and counted where every chunk is in use.
import { afterAll, describe, expect } from 'vitest';
import type { Command, UploadPath } from '../../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import type { GpuExecutor } from '../../../src/engine/gpu/gpu-executor.ts';
import { gpuIt, openExecutor, scoped, TestBench } from '../../support/dawn.ts';

const CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: 4 },
    { name: 'vram0', pages: 64 },
  ],
  accessCapacity: 1,
  faultCapacity: 1,
  tlbLines: 0,
};
const PAGE_WORDS = 1024;
/** Two chunks of three pages: an upload of five is cut in the middle of its second page. */
const SMALL = { chunkBytes: 3 * 4096 - 2048, chunks: 2 };

const opened: GpuExecutor[] = [];
afterAll(() => opened.forEach((executor) => executor.destroy()));

async function bench(uploadRing = {}): Promise<TestBench> {
  const executor = await openExecutor(CONFIG, { uploadRing });
  opened.push(executor);
  return new TestBench(executor);
}

function pages(count: number, salt: number): Uint32Array {
  return Uint32Array.from({ length: count * PAGE_WORDS }, (_, i) => Math.imul(i + 1, salt));
}

function upload(via: UploadPath, frame: number, words: Uint32Array): Command {
  return { op: 'upload', space: 1, frame, words, via };
}

/** Fill, upload over a part of it, upload over a part of that: each must see the one before. */
function layers(via: UploadPath): Command[] {
  return [
    { op: 'fill', space: 1, frame: 0, pages: 8, pattern: 7 },
    upload(via, 1, pages(5, 3)),
    { op: 'copy', srcSpace: 1, srcFrame: 0, dstSpace: 1, dstFrame: 20, pages: 8 },
    upload(via, 2, pages(1, 5)),
    { op: 'fill', space: 1, frame: 3, pages: 1, pattern: 9 },
    { op: 'readback', space: 1, frame: 0, pages: 8 },
    { op: 'readback', space: 1, frame: 20, pages: 8 },
  ];
}

function expected(): Uint32Array {
  const io = new Uint32Array(16 * PAGE_WORDS).fill(7);
  for (const at of [1, 9]) io.set(pages(5, 3), at * PAGE_WORDS);
  io.set(pages(1, 5), 2 * PAGE_WORDS);
  io.fill(9, 3 * PAGE_WORDS, 4 * PAGE_WORDS);
  return io;
}

describe('an upload', () => {
  gpuIt.each(['writeBuffer', 'mapped'] as const)('%s is seen by what follows and by nothing before', async (via) => {
    const gpu = await bench();
    await scoped(gpu.executor.device, async () => {
      const done = await gpu.runTimed(...layers(via));
      expect(done.io).toEqual(expected());
      expect(done.gpuNs).toBeNull();
    });
    const words = via === 'mapped' ? 6 * PAGE_WORDS : 0;
    expect(gpu.executor.uploadCounts).toEqual({ mapped: words, fallback: 0 });
  });

  gpuIt('is cut where a chunk ends, and takes the other way where no chunk is free', async () => {
    const gpu = await bench(SMALL);
    await scoped(gpu.executor.device, async () => {
      expect((await gpu.run(...layers('mapped'))).io).toEqual(expected());
    });
    const room = (2 * SMALL.chunkBytes) / 4;
    expect(gpu.executor.uploadCounts).toEqual({ mapped: room, fallback: 6 * PAGE_WORDS - room });
  });

  gpuIt('finds its chunks free again when the device has read them', async () => {
    const gpu = await bench(SMALL);
    for (let i = 1; i <= 8; i++) {
      const { io } = await gpu.run(upload('mapped', i, pages(2, i)), { op: 'readback', space: 1, frame: i, pages: 2 });
      expect(io).toEqual(pages(2, i));
      // A chunk is mapped again some turns after the completion of the job that used it.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(gpu.executor.uploadCounts).toEqual({ mapped: 16 * PAGE_WORDS, fallback: 0 });
  });
});
