// A buffer object: one contiguous piece of VRAM with a reference count, a reservation lock and an owner who can empty it.
import { assert } from '../../base/assert.ts';
import type { Status } from '../../base/errno.ts';
import type { Frame } from '../../base/units.ts';
import type { Op } from '../sched/op.ts';
import type { RwLock } from '../sched/rw-lock.ts';

/** LRU priorities 0…3; SVM buffers sit at 1, the driver's "normal" (xe.md §3.9). */
export const BO_PRIORITY_NORMAL = 1;
export const BO_PRIORITIES = 4;

/** Whoever put content into a buffer object and can move it out again. */
export interface BoOwner {
  /**
   * Moves the content away so that the VRAM can be freed (xe.md §3.9, `evict_to_ram`). Called with `bo.resv` held for
   * write. 0: the memory is free of users, and the caller frees it. EBUSY or EALREADY: this victim is skipped.
   * Any other error aborts the allocation that needed room.
   */
  evict(bo: Bo): Op<Status>;
}

/** Where a buffer object returns its memory; VramManager is the one. */
export interface BoHome {
  releaseBo(bo: Bo): void;
}

export interface BoFields {
  readonly id: number;
  readonly device: number;
  readonly frame: Frame;
  readonly pages: number;
  readonly owner: BoOwner | null;
  readonly label: string;
  readonly priority: number;
  readonly pinned: boolean;
  readonly resv: RwLock;
  readonly blocks: readonly Frame[];
}

export class Bo {
  readonly id: number;
  readonly device: number;
  /** First frame in the device's VRAM; stays readable after the memory was freed, for logs only. */
  readonly frame: Frame;
  readonly pages: number;
  readonly label: string;
  readonly priority: number;
  /** Reservation: held for write by whoever migrates into, out of, or evicts the object. */
  readonly resv: RwLock;
  /** First frame of each buddy block, ascending: one for power-of-two sizes. */
  readonly blocks: readonly Frame[];
  owner: BoOwner | null;
  /** A pinned object is never evicted. */
  pinned: boolean;
  /** References; the last `put` gives the memory back. */
  refcount = 1;
  /** False once the memory went back to the allocator (last put, or eviction). */
  resident = true;
  /** Position in the LRU: larger is younger. */
  lruSeq = 0;
  lruPrev: Bo | null = null;
  lruNext: Bo | null = null;
  private readonly home: BoHome;

  constructor(home: BoHome, fields: BoFields) {
    this.home = home;
    this.id = fields.id;
    this.device = fields.device;
    this.frame = fields.frame;
    this.pages = fields.pages;
    this.label = fields.label;
    this.priority = fields.priority;
    this.resv = fields.resv;
    this.blocks = fields.blocks;
    this.owner = fields.owner;
    this.pinned = fields.pinned;
  }

  get(): void {
    assert(this.refcount > 0, () => `bo ${this.id}: get after the last put`);
    this.refcount++;
  }

  /** Drops a reference; the last one frees the memory unless an eviction already did. */
  put(): void {
    assert(this.refcount > 0, () => `bo ${this.id}: put without a reference`);
    this.refcount--;
    if (this.refcount === 0) this.home.releaseBo(this);
  }
}
