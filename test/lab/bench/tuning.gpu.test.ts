// Copy shapes of a run: tuned once on an adapter, kept, used again, and told in words that a report takes.
import { describe, expect } from 'vitest';
import { DEFAULT_SHAPES } from '../../../src/engine/gpu/copy-shape.ts';
import { GpuExecutor } from '../../../src/engine/gpu/gpu-executor.ts';
import {
  NOTHING_KEPT,
  withTuning,
  type KeptTuning,
  type Tuned,
  type TuningMode,
  type TuningStore,
} from '../../../src/lab/bench/tuning.ts';
import { parseReport } from '../../../src/lab/measure/report.ts';
import { openExecutor, TWIN } from '../../../src/lab/session/open-executor.ts';
import { someReport } from '../measure/some-report.ts';
import { ADAPTER, gpu, gpuIt } from '../../support/dawn.ts';

const CHOSEN = { kind: ADAPTER, maxSpacePages: 1024, segmentPages: 1024, fallback: null };
const CONFIG = {
  spaces: ['system', 'vram0'].map((name) => ({ name, pages: 8 })),
  accessCapacity: 0,
  faultCapacity: 0,
  tlbLines: 0,
};

interface Memory extends TuningStore {
  kept: KeptTuning;
  added: number;
}

function memory(fails: string | null = null): Memory {
  const store: Memory = {
    kept: NOTHING_KEPT,
    added: 0,
    read: () => Promise.resolve({ kept: store.kept, note: null }),
    add: (tuned) => {
      store.added++;
      if (fails === null) store.kept = tuned;
      return Promise.resolve(fails);
    },
  };
  return store;
}

function tune(store: TuningStore, mode: TuningMode, said: string[] = []): Promise<Tuned> {
  return withTuning(gpu, CHOSEN, { store, mode, now: () => performance.now(), note: (text) => said.push(text) });
}

describe('copy shapes of a run', () => {
  gpuIt('are tuned once, kept, and taken by the executor the next time', async () => {
    const store = memory();
    const said: string[] = [];
    const first = await tune(store, 'auto', said);
    expect(first.facts?.source).toBe('tuned');
    expect(first.facts?.trials?.up.rounds).toBeGreaterThanOrEqual(0);
    expect(said).toHaveLength(1);
    const second = await tune(store, 'auto', said);
    expect(second.facts).toEqual({ ...first.facts, source: 'table' });
    expect([said.length, store.added]).toEqual([1, 1]);
    const executor = await openExecutor(gpu, second.chosen, CONFIG);
    if (!(executor instanceof GpuExecutor)) throw new Error('no executor');
    expect(executor.tuning).toEqual({ source: 'table', key: first.facts?.key, shapes: first.facts?.shapes });
    executor.destroy();
    // A report takes it, and gives it back.
    const report = someReport({ change: { tuning: first.facts as NonNullable<Tuned['facts']> } });
    expect(parseReport(JSON.parse(JSON.stringify(report)))).toEqual({ ok: true, report });
  });

  gpuIt('are tuned again when asked for, though they are kept', async () => {
    const store = memory();
    await tune(store, 'always');
    await tune(store, 'always');
    expect(store.added).toBe(2);
  });

  gpuIt('are the default ones without tuning', async () => {
    const store = memory();
    for (const mode of ['never', 'stored'] as const) {
      const { chosen, facts } = await tune(store, mode);
      expect(facts).toMatchObject({ source: 'default', shapes: DEFAULT_SHAPES });
      expect(facts?.trials).toBeUndefined();
      expect(Object.keys(chosen.tuning ?? {})).toEqual([]);
    }
    expect(store.added).toBe(0);
  });

  gpuIt('that are kept but unknown here are the default ones', async () => {
    const store = memory();
    const { facts } = await tune(store, 'never');
    const odd = { lanes: 7, unroll: 99, groups: 1 };
    store.kept = { table: { [facts?.key as string]: { up: odd, down: odd, within: odd } }, trials: {} };
    expect((await tune(store, 'stored')).facts).toMatchObject({ source: 'table', shapes: DEFAULT_SHAPES });
  });

  gpuIt('that could not be kept are used all the same, and that is said', async () => {
    const { facts, notes, chosen } = await tune(memory('no room'), 'auto');
    expect(facts?.source).toBe('tuned');
    expect(notes).toEqual(['no room']);
    expect(Object.keys(chosen.tuning ?? {})).toEqual([facts?.key]);
  });

  gpuIt('are none on the twin', async () => {
    const options = { store: memory(), mode: 'always', now: () => 0, note: () => {} } as const;
    expect(await withTuning(gpu, TWIN, options)).toEqual({ chosen: TWIN, facts: null, notes: [] });
  });
});
