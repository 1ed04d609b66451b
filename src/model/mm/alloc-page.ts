// One place where mm takes system frames, so that a test can let the k-th allocation of a kind fail.
import type { Pfn } from '../../base/units.ts';
import type { MmWorld } from './mm.ts';

/** What a frame is for; also the name of the failing step ('mm.alloc-zero', …) for sched/injection.ts. */
export type AllocPoint = 'mm.alloc-zero' | 'mm.alloc-copy' | 'mm.alloc-file' | 'mm.alloc-huge';

/** A system page with refcount 1, content undefined; −1 = RAM is full, or the failure is injected. */
export function allocPage(world: MmWorld, point: AllocPoint): Pfn | -1 {
  if (world.sched.injection !== null && world.sched.fails(point)) return -1;
  return world.pages.allocSystem();
}
