// The tuner on a device: what it chooses, whatever that is, is a table that an executor takes and says it took.
import { describe, expect } from 'vitest';
import { autotune } from '../../../src/engine/gpu/autotune.ts';
import { COPY_DIRECTIONS, COPY_SHAPES, DEFAULT_SHAPES } from '../../../src/engine/gpu/copy-shape.ts';
import { GpuUnavailable } from '../../../src/engine/gpu/unavailable.ts';
import { ADAPTER, gpu, gpuIt, openExecutor } from '../../support/dawn.ts';

const CONFIG = {
  spaces: ['system', 'vram0'].map((name) => ({ name, pages: 8 })),
  accessCapacity: 0,
  faultCapacity: 0,
  tlbLines: 0,
};

describe('autotune', () => {
  gpuIt('chooses a shape that exists for every direction, and an executor runs with it', async () => {
    const tuned = await autotune(gpu, { adapter: ADAPTER, toolVersion: 'v', clock: () => performance.now() });
    if (tuned instanceof GpuUnavailable) throw new Error(tuned.message);
    for (const direction of COPY_DIRECTIONS) expect(COPY_SHAPES).toContainEqual(tuned.choices[direction].shape);
    const stored = JSON.parse(JSON.stringify(tuned.table)) as typeof tuned.table;
    const executor = await openExecutor(CONFIG, { tuning: stored, toolVersion: 'v' });
    expect(executor.tuning).toEqual({
      source: 'table',
      key: Object.keys(stored)[0],
      shapes: Object.values(stored)[0],
    });
    executor.destroy();
  });

  gpuIt('keeps the default shapes where there is no time', async () => {
    const tuned = await autotune(gpu, { adapter: ADAPTER, clock: () => performance.now(), budgetMs: 0 });
    if (tuned instanceof GpuUnavailable) throw new Error(tuned.message);
    expect(Object.values(tuned.table)).toEqual([DEFAULT_SHAPES]);
    expect(COPY_DIRECTIONS.map((direction) => tuned.choices[direction].reason)).toEqual(
      COPY_DIRECTIONS.map(() => 'too few rounds'),
    );
  });

  gpuIt('says why where there is no adapter', async () => {
    expect(await autotune(undefined, { clock: () => 0 })).toBeInstanceOf(GpuUnavailable);
  });
});
