// VRAM of one device: buffer objects and page-table pages from one buddy allocator, with first-in first-out eviction.
//
// Data is limited to `dataPages`; what the memory holds above that is a reserve that keeps room for page tables, which
// are allocated synchronously and never evict (design.md §8, Sizes).
import { assert } from '../../base/assert.ts';
import type { Errno, Status } from '../../base/errno.ts';
import { floorLog2, isPowerOfTwo, type Frame } from '../../base/units.ts';
import type { Cause, EventSink } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import { LOCK_RANK, RwLock } from '../sched/rw-lock.ts';
import type { Sched } from '../sched/sched.ts';
import { BO_PRIORITY_NORMAL, Bo, type BoOwner } from './bo.ts';
import { BUDDY_FLAG, Buddy } from './buddy.ts';
import { blockList, figuresOf, type VramBlock, type VramFigures } from './figures.ts';
import { Lru } from './lru.ts';
import { Evictor } from './reclaim.ts';

/** What VRAM needs of the world around it. */
export interface VramWorld {
  readonly sched: Sched;
  readonly events: EventSink;
}

export interface VramConfig {
  readonly device: number;
  /** All of the memory, in pages: data and reserve. */
  readonly pages: number;
  /** Most pages that buffer objects may hold together; at most `pages`. */
  readonly dataPages: number;
  /** Hand out data from the highest offset of any order (small-BAR devices, xe.md §3.10). Default false. */
  readonly topDown?: boolean;
  /** Page tables lie below this frame (an engine that splits VRAM into buffers keeps tables in the first). Default: anywhere. */
  readonly tableLimitPages?: number;
  /** Pages that the CPU can see through the BAR; default all. */
  readonly visiblePages?: number;
}

export interface BoRequest {
  /** Who can empty the object again; null makes it unevictable. */
  readonly owner: BoOwner | null;
  readonly label?: string;
  readonly pinned?: boolean;
  /** LRU priority 0…3; default 1, the driver's normal. */
  readonly priority?: number;
  /** Return the object with its reservation held for write by the calling task, as BO creation does (xe.md §3.3). */
  readonly locked?: boolean;
  /** Printed with evictions that this request causes; default rule 'evict-lru' with the sizes. */
  readonly cause?: Cause;
}

export class VramManager {
  readonly world: VramWorld;
  readonly device: number;
  readonly pages: number;
  readonly dataPages: number;
  readonly visiblePages: number;
  readonly buddy: Buddy;
  readonly lru = new Lru();
  /** Buffer object by the first frame of each of its blocks. */
  readonly boByBlock = new Map<Frame, Bo>();
  private readonly topDown: boolean;
  private readonly tableLimit: number;
  private readonly evictor: Evictor;
  private nextBoId = 1;
  private dataInUse = 0;
  private tablesInUse = 0;
  private visibleInUse = 0;

  constructor(world: VramWorld, config: VramConfig) {
    assert(config.dataPages <= config.pages, () => `${config.dataPages} data pages in ${config.pages} pages of VRAM`);
    this.world = world;
    this.device = config.device;
    this.pages = config.pages;
    this.dataPages = config.dataPages;
    this.visiblePages = config.visiblePages ?? config.pages;
    this.topDown = config.topDown ?? false;
    this.tableLimit = Math.min(config.tableLimitPages ?? config.pages, config.pages);
    this.buddy = new Buddy(config.pages);
    this.evictor = new Evictor(this);
  }

  /** Pages held by buffer objects. */
  get dataUsed(): number {
    return this.dataInUse;
  }

  /** Pages held by page tables and other kernel-owned blocks. */
  get tablesUsed(): number {
    return this.tablesInUse;
  }

  /** Free pages, reserve included. */
  get free(): number {
    return this.buddy.avail;
  }

  /** CPU-visible pages not used by buffer objects or tables (I-B7). */
  get visibleFree(): number {
    return this.visiblePages - this.visibleInUse;
  }

  /** Sizes, use, fragmentation and how many 2M/64K/4K allocations would succeed now (xe.md §7.6). O(orders). */
  figures(): VramFigures {
    return figuresOf(this);
  }

  /** Every block by ascending frame, for the picture. */
  blocks(): VramBlock[] {
    return blockList(this);
  }

  /** Resident buffer objects in eviction order. */
  bos(): Iterable<Bo> {
    return this.lru.all();
  }

  /** One page for a page table, or −1 when no free page is left. Content: whatever was there before. */
  allocTable(): Frame | -1 {
    return this.allocTableBlock(1);
  }

  /** Returns a page of `allocTable`. The job that detached it must be done. */
  freeTable(frame: Frame): void {
    this.freeTableBlock(frame);
  }

  /** A naturally aligned block of 2^k pages under the rules of `allocTable`. */
  allocTableBlock(pages: number): Frame | -1 {
    assert(isPowerOfTwo(pages), () => `table block of ${pages} pages`);
    const frame = this.buddy.allocOrder(floorLog2(pages), false, this.tableLimit);
    if (frame !== -1) this.count(frame, pages, 'table');
    return frame;
  }

  freeTableBlock(frame: Frame): void {
    const order = this.buddy.tree.allocatedOrder(frame);
    assert(order >= 0 && !this.boByBlock.has(frame), () => `frame ${frame} is no table block`);
    this.buddy.freeFrame(frame);
    this.count(frame, -(2 ** order), 'table');
  }

  /**
   * A buffer object of `pages` contiguous pages, naturally aligned when that is a power of two, with one reference.
   * When it does not fit, objects are evicted one by one in LRU order (xe.md §3.9). EINVAL: size; E2BIG: can never fit;
   * ENOMEM: nothing (more) to evict; any other error comes from an owner's `evict`.
   */
  *alloc(pages: number, request: BoRequest): Op<Bo | Errno> {
    if (!Number.isInteger(pages) || pages < 1) return 'EINVAL';
    if (pages > this.dataPages) return 'E2BIG';
    const room = this.place(pages) ?? (yield* this.evictor.makeRoom(pages, request.cause));
    return typeof room === 'string' ? room : this.createBo(pages, request, room);
  }

  /** Evicts the first victim that lets itself be evicted, e.g. to make room for tables. ENOMEM: there is none. */
  *evictOne(cause?: Cause): Op<Status> {
    return yield* this.evictor.evictOne(cause);
  }

  /** Gives up an object that only the caller still references. */
  freeBo(bo: Bo): void {
    assert(bo.refcount === 1, () => `bo ${bo.id} is freed with ${bo.refcount} references`);
    bo.put();
  }

  /** Called by the last `Bo.put`, and after an eviction: returns the memory, once. */
  releaseBo(bo: Bo): void {
    if (!bo.resident) return;
    bo.resident = false;
    this.lru.remove(bo);
    for (const frame of bo.blocks) {
      this.boByBlock.delete(frame);
      this.buddy.freeFrame(frame);
    }
    this.count(bo.frame, -bo.pages, 'data');
  }

  /** First frames, ascending, of blocks for a contiguous piece of data; null when it does not fit now. */
  place(pages: number): Frame[] | null {
    if (this.dataInUse + pages > this.dataPages) return null;
    if (isPowerOfTwo(pages)) {
      const frame = this.buddy.allocOrder(floorLog2(pages), this.topDown);
      return frame === -1 ? null : [frame];
    }
    const flags = BUDDY_FLAG.CONTIGUOUS | (this.topDown ? BUDDY_FLAG.TOPDOWN : 0);
    const blocks = this.buddy.alloc({ pages, flags });
    return typeof blocks === 'string' ? null : blocks.map((block) => block.frame).toSorted((a, b) => a - b);
  }

  private createBo(pages: number, request: BoRequest, blocks: Frame[]): Bo {
    const id = this.nextBoId++;
    const bo = new Bo(this, {
      id,
      device: this.device,
      frame: blocks[0] as Frame,
      pages,
      owner: request.owner,
      label: request.label ?? `bo ${id}`,
      priority: request.priority ?? BO_PRIORITY_NORMAL,
      pinned: request.pinned ?? false,
      resv: new RwLock(this.world.sched, `resv ${this.device}:${id}`, LOCK_RANK.resv),
      blocks,
    });
    if (request.locked === true) assert(bo.resv.tryWrite(), 'a new reservation is free');
    for (const frame of blocks) this.boByBlock.set(frame, bo);
    this.lru.append(bo);
    this.count(bo.frame, pages, 'data');
    return bo;
  }

  /** `pages` is negative when they are given back. */
  private count(frame: Frame, pages: number, kind: 'data' | 'table'): void {
    if (kind === 'data') this.dataInUse += pages;
    else this.tablesInUse += pages;
    const visible = Math.min(Math.max(this.visiblePages - frame, 0), Math.abs(pages));
    this.visibleInUse += pages < 0 ? -visible : visible;
  }
}
