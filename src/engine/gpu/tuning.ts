// Tables of tuned copy shapes: plain data that the caller stores, read with suspicion and never trusted further than a shape.
import type { ExecutorInfo } from '../plan/executor.ts';
import {
  COPY_DIRECTIONS,
  DEFAULT_SHAPE,
  DEFAULT_SHAPES,
  shapeName,
  shapesWithin,
  type CopyShape,
  type CopyShapes,
} from './copy-shape.ts';

/** Shapes by `tuningKey`. JSON can hold it. */
export type TuningTable = Readonly<Record<string, CopyShapes>>;

/** What an executor runs with, for reports. */
export interface Tuning {
  readonly source: 'default' | 'table';
  /** Where a table would have it. */
  readonly key: string;
  readonly shapes: CopyShapes;
}

/** Adapter, driver and tool: another of any of them may want other shapes. */
export function tuningKey(info: ExecutorInfo, toolVersion: string): string {
  const { vendor, architecture, name, backend, driver } = info;
  return JSON.stringify([vendor, architecture, name, backend, driver, toolVersion]);
}

/** The table's shapes for this device and tool, or the defaults. A shape that is unknown or too wide is the default one. */
export function tuningFor(info: ExecutorInfo, table: TuningTable | undefined, toolVersion: string): Tuning {
  const key = tuningKey(info, toolVersion);
  const found: unknown = table !== undefined && Object.hasOwn(table, key) ? table[key] : null;
  if (typeof found !== 'object' || found === null) return { source: 'default', key, shapes: DEFAULT_SHAPES };
  const allowed = runnableShapes(info);
  const entry = found as Record<string, Partial<CopyShape> | undefined>;
  const shapes = COPY_DIRECTIONS.map((direction) => [direction, knownShape(allowed, entry[direction])] as const);
  return { source: 'table', key, shapes: Object.fromEntries(shapes) as unknown as CopyShapes };
}

/** Shapes that the device can run. */
export function runnableShapes({ limits }: ExecutorInfo): readonly CopyShape[] {
  return shapesWithin(limits['maxComputeInvocationsPerWorkgroup'] ?? DEFAULT_SHAPE.lanes);
}

function knownShape(allowed: readonly CopyShape[], wanted: Partial<CopyShape> | null | undefined): CopyShape {
  const same = ({ lanes, unroll, groups }: CopyShape): boolean =>
    lanes === wanted?.lanes && unroll === wanted.unroll && groups === wanted.groups;
  return allowed.find(same) ?? DEFAULT_SHAPE;
}

/** The different shapes among those of all directions. */
export function distinctShapes(shapes: CopyShapes): readonly CopyShape[] {
  return [...new Map(Object.values(shapes).map((shape: CopyShape) => [shapeName(shape), shape])).values()];
}
