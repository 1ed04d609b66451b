// Every shape of the copy kernels moves the same words: between spaces, within one, and guarded by translations.
import { describe, expect } from 'vitest';
import type { Command } from '../../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import { COPY_SHAPES, DEFAULT_SHAPES, shapeName } from '../../../src/engine/gpu/copy-shape.ts';
import { tuningKey } from '../../../src/engine/gpu/tuning.ts';
import { createTwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import { gpuIt, gpuTest, openExecutor } from '../../support/dawn.ts';
import { compareExecutors } from '../../support/differential.ts';
import { RANDOM_CONFIGS, randomJobs } from '../../support/random-jobs.ts';

const PAGES = 24;
const CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: PAGES },
    { name: 'vram0', pages: PAGES },
  ],
  accessCapacity: 0,
  faultCapacity: 0,
  tlbLines: 0,
};
const ALL = { allShapes: true };

function copy(srcSpace: number, srcFrame: number, dstSpace: number, dstFrame: number, pages: number): Command {
  return { op: 'copy', srcSpace, srcFrame, dstSpace, dstFrame, pages };
}

describe('a copy', () => {
  for (const shape of COPY_SHAPES)
    gpuTest(
      `of shape ${shapeName(shape)} moves whole pages and nothing else`,
      CONFIG,
      async (bench) => {
        bench.executor.useShapes({ up: shape, down: shape, within: shape });
        const fill: Command = { op: 'fillSeeded', space: 0, frame: 0, pages: 3, seed: 5, pageLo: 0 };
        const { io } = await bench.run(
          fill,
          copy(0, 0, 1, 4, 3),
          copy(1, 4, 1, 11, 3),
          copy(1, 11, 0, 20, 3),
          { op: 'readback', space: 0, frame: 0, pages: PAGES },
          { op: 'readback', space: 1, frame: 0, pages: PAGES },
        );
        const pages = (space: number, frame: number, count: number): Uint32Array =>
          io.subarray((space * PAGES + frame) * 1024, (space * PAGES + frame + count) * 1024);
        for (const [space, frame] of [
          [1, 4],
          [1, 11],
          [0, 20],
        ] as const)
          expect(pages(space, frame, 3)).toEqual(pages(0, 0, 3));
        for (const [space, frame, count] of [
          [0, 3, 17],
          [0, 23, 1],
          [1, 0, 4],
          [1, 7, 4],
          [1, 14, 10],
        ] as const)
          expect(pages(space, frame, count).every((word) => word === 0)).toBe(true);
      },
      ALL,
    );

  gpuTest('cannot have a shape that no pipeline was made for', CONFIG, async ({ executor }) => {
    const wide = { lanes: 256, unroll: 1, groups: 1 };
    expect(() => executor.useShapes({ ...DEFAULT_SHAPES, up: wide })).toThrow('no pipelines of shape 256x1');
    expect(executor.tuning).toMatchObject({ source: 'default', shapes: DEFAULT_SHAPES });
  });
});

describe('random jobs', () => {
  const shape = RANDOM_CONFIGS[1] as ExecutorConfig;
  gpuIt.each(COPY_SHAPES.slice(1).map((each, i) => ({ name: shapeName(each), each, i })))(
    'agree with the twin in shape $name, given by a table',
    async ({ each, i }) => {
      const probe = await openExecutor(CONFIG);
      const table = { [tuningKey(probe.info, 'v')]: { up: each, down: each, within: each } };
      probe.destroy();
      const gpu = await openExecutor(shape, { tuning: table, toolVersion: 'v' });
      expect(gpu.tuning).toMatchObject({ source: 'table', shapes: { up: each, down: each, within: each } });
      const report = await compareExecutors(gpu, createTwinExecutor(shape), randomJobs(77 + i, shape, 12, 1));
      gpu.destroy();
      expect(report).toBeNull();
    },
  );
});
