// VRAM of one device: buffer objects and page-table pages from one buddy allocator, with first-in first-out eviction.
import type { Errno, Status } from '../../base/errno.ts';
import type { Frame } from '../../base/units.ts';
import type { Cause, EventSink } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import type { Sched } from '../sched/sched.ts';
import type { Bo, BoOwner } from './bo.ts';

export interface VramWorld { readonly sched: Sched; readonly events: EventSink }
export interface VramConfig {
  readonly device: number;
  readonly pages: number;
  readonly dataPages: number;
  readonly topDown?: boolean;
  readonly tableLimitPages?: number;
  readonly visiblePages?: number;
}
export interface BoRequest {
  readonly owner: BoOwner | null;
  readonly label?: string;
  readonly pinned?: boolean;
  readonly priority?: number;
  readonly locked?: boolean;
  readonly cause?: Cause;
}
export interface VramBlock { readonly frame: Frame; readonly pages: number; readonly kind: 'free' | 'data' | 'table'; readonly bo: number }
export interface VramFigures {
  readonly pages: number; readonly dataPages: number; readonly dataUsed: number; readonly tablesUsed: number; readonly free: number;
  readonly visiblePages: number; readonly visibleFree: number; readonly fragmentation: number;
  readonly fits2M: number; readonly fits64K: number; readonly fits4K: number;
}
const TODO = (): never => { throw new Error('being written') };
export class VramManager {
  readonly world: VramWorld; readonly device: number; readonly pages: number; readonly dataPages: number;
  constructor(world: VramWorld, config: VramConfig) { this.world = world; this.device = config.device; this.pages = config.pages; this.dataPages = config.dataPages }
  get dataUsed(): number { return TODO() }
  get tablesUsed(): number { return TODO() }
  get free(): number { return TODO() }
  figures(): VramFigures { return TODO() }
  blocks(): VramBlock[] { return TODO() }
  bos(): Iterable<Bo> { return TODO() }
  allocTable(): Frame | -1 { return TODO() }
  freeTable(_frame: Frame): void { TODO() }
  allocTableBlock(_pages: number): Frame | -1 { return TODO() }
  freeTableBlock(_frame: Frame): void { TODO() }
  // eslint-disable-next-line require-yield
  *alloc(_pages: number, _request: BoRequest): Op<Bo | Errno> { return TODO() }
  // eslint-disable-next-line require-yield
  *evictOne(_cause?: Cause): Op<Status> { return TODO() }
  freeBo(_bo: Bo): void { TODO() }
  releaseBo(_bo: Bo): void { TODO() }
}
