// Tuning tables: found by adapter, driver and tool; whatever else a stored table holds, the shapes stay sane.
import { describe, expect, test } from 'vitest';
import type { ExecutorInfo } from '../../../src/engine/plan/executor.ts';
import {
  COPY_SHAPES,
  DEFAULT_SHAPE,
  DEFAULT_SHAPES,
  directionOf,
  shapesWithin,
} from '../../../src/engine/gpu/copy-shape.ts';
import { tuningFor, tuningKey, type TuningTable } from '../../../src/engine/gpu/tuning.ts';

const INFO: ExecutorInfo = {
  kind: 'gpu',
  name: 'Some GPU',
  software: false,
  vendor: 'some',
  architecture: 'x1',
  driver: '1.2.3',
  backend: 'vulkan',
  features: [],
  limits: { maxComputeInvocationsPerWorkgroup: 256 },
  timestamps: true,
};
const WIDE = { lanes: 256, unroll: 1, groups: 1 };
const SHAPES = { up: WIDE, down: { lanes: 64, unroll: 1, groups: 1 }, within: DEFAULT_SHAPE };
const TABLE: TuningTable = { [tuningKey(INFO, '0.1.0')]: SHAPES };

describe('a tuning table', () => {
  test('survives JSON, and says that it was used', () => {
    const stored = JSON.parse(JSON.stringify(TABLE)) as TuningTable;
    expect(tuningFor(INFO, stored, '0.1.0')).toEqual({
      source: 'table',
      key: tuningKey(INFO, '0.1.0'),
      shapes: SHAPES,
    });
  });

  test.each([
    ['driver', { ...INFO, driver: '1.2.4' }, '0.1.0'],
    ['adapter', { ...INFO, name: 'Some other GPU' }, '0.1.0'],
    ['tool', INFO, '0.2.0'],
  ])('of another %s is not used', (_, info, tool) => {
    expect(tuningFor(info, TABLE, tool)).toMatchObject({ source: 'default', shapes: DEFAULT_SHAPES });
  });

  test.each([
    ['no object', 7],
    ['null', null],
    ['an empty object', {}],
    ['unknown shapes', { up: { lanes: 96, unroll: 1 }, down: { lanes: 256, unroll: 8 }, within: null }],
  ])('that holds %s gives the defaults', (_, entry) => {
    const table = { [tuningKey(INFO, '')]: entry } as unknown as TuningTable;
    expect(tuningFor(INFO, table, '').shapes).toEqual(DEFAULT_SHAPES);
  });

  test('does not make a device run a workgroup that it has no room for', () => {
    const narrow = { ...INFO, limits: { maxComputeInvocationsPerWorkgroup: 128 } };
    expect(tuningFor(narrow, TABLE, '0.1.0').shapes).toEqual({ ...SHAPES, up: DEFAULT_SHAPE });
  });
});

describe('shapes', () => {
  test('divide a page of 256 rows, and the default comes first', () => {
    expect(COPY_SHAPES.every(({ lanes, unroll, groups }) => 256 % (lanes * unroll * groups) === 0)).toBe(true);
    expect(COPY_SHAPES[0]).toBe(DEFAULT_SHAPE);
    expect(new Set(shapesWithin(128).map(({ lanes }) => lanes))).toEqual(new Set([64, 128]));
    expect(shapesWithin(256)).toEqual(COPY_SHAPES);
  });

  test('belong to directions', () => {
    expect([directionOf(0, 1), directionOf(1, 0), directionOf(1, 2), directionOf(1, 1)]).toEqual([
      'up',
      'down',
      'up',
      'within',
    ]);
  });
});
