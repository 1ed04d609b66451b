// Shapes of the copy kernels: lanes of a workgroup × rows that a lane moves at a time × workgroups of a page. All give the
// same bytes.
import { SYSTEM_SPACE, type SpaceId } from '../plan/commands.ts';

export interface CopyShape {
  readonly lanes: number;
  readonly unroll: number;
  /** Workgroups that share a page: more and smaller ones fill a large GPU when few pages move. */
  readonly groups: number;
}

/** What WebGPU promises to run well anywhere: a wave of 64 and four rows in flight (reference/webgpu.md §1.1). */
export const DEFAULT_SHAPE: CopyShape = { lanes: 64, unroll: 4, groups: 1 };

/** Every shape in which a lane's share of a page of 256 rows is a whole number of moves. The default comes first. */
export const COPY_SHAPES: readonly CopyShape[] = [
  DEFAULT_SHAPE,
  { lanes: 64, unroll: 2, groups: 1 },
  { lanes: 64, unroll: 1, groups: 1 },
  { lanes: 128, unroll: 2, groups: 1 },
  { lanes: 128, unroll: 1, groups: 1 },
  { lanes: 256, unroll: 1, groups: 1 },
  { lanes: 64, unroll: 2, groups: 2 },
  { lanes: 64, unroll: 1, groups: 4 },
  { lanes: 128, unroll: 1, groups: 2 },
];

/** To VRAM, to system memory, and inside one space: each may have a shape of its own. */
export const COPY_DIRECTIONS = ['up', 'down', 'within'] as const;
export type CopyDirection = (typeof COPY_DIRECTIONS)[number];
export type CopyShapes = Readonly<Record<CopyDirection, CopyShape>>;

export const DEFAULT_SHAPES: CopyShapes = { up: DEFAULT_SHAPE, down: DEFAULT_SHAPE, within: DEFAULT_SHAPE };

export function directionOf(src: SpaceId, dst: SpaceId): CopyDirection {
  if (src === dst) return 'within';
  return dst === SYSTEM_SPACE ? 'down' : 'up';
}

/** `64x4`, or `64x1 in 4` where 4 workgroups share a page; for keys and for people. */
export function shapeName({ lanes, unroll, groups }: CopyShape): string {
  return groups === 1 ? `${lanes}x${unroll}` : `${lanes}x${unroll} in ${groups}`;
}

/** Shapes that a device with this limit can run; the default is always among them. */
export function shapesWithin(maxInvocations: number): readonly CopyShape[] {
  return COPY_SHAPES.filter(({ lanes }) => lanes <= maxInvocations || lanes === DEFAULT_SHAPE.lanes);
}
