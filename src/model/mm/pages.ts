// Every page frame of the machine as struct-of-arrays: counts, lock, owner back-pointers, and the free list of system RAM.
//
// A page-frame number (Pfn) is an index into these arrays: system frames first, then the frames of device 0, 1, …
// (gpusvm-and-pagemap.md §1.1). The last system frame is the shared zero page: it is never allocated, counted or moved.
import { AssertionError, assert } from '../../base/assert.ts';
import type { Frame, Pfn, Vpn } from '../../base/units.ts';
import { SYSTEM_SPACE, VRAM_SPACE, type SpaceId } from '../../engine/plan/commands.ts';
import { WaitQueue } from '../sched/fence.ts';
import type { Op } from '../sched/op.ts';
import { PTE_MAX_PAGES } from './page-table.ts';
import { ReverseMap } from './rmap.ts';

/**
 * Bits of `PageStore.flags`. `file`: content belongs to a file, such a page never goes to device memory. `cached`: a
 * file's page cache owns one of its references. `forked`: fork gave the content to several processes; whoever writes
 * looks first whether it is the only one left (the kernel's PageAnonExclusive, turned around). `lazyFree`: MADV_FREE gave
 * the page up, and nobody has written to it since.
 */
export const PAGE_FLAG = { locked: 1, file: 2, cached: 4, forked: 8, lazyFree: 16 } as const;

/** Stands for "no page" wherever page frames are kept in a Uint32Array. */
export const NO_PFN = 0xffffffff;

export class PageStore {
  readonly refcount: Int32Array;
  /** Page-table entries (present or device-private) that map the page. Migration entries do not count. */
  readonly mapcount: Int32Array;
  readonly flags: Uint8Array;
  /** Entries, mappings and migration entries, that refer to each page. */
  readonly rmap: ReverseMap;
  /** `rmap.mm`: the mm of a page's first entry; −1 = none. */
  readonly rmapMm: Int32Array;
  /** `rmap.vpn`: the virtual page of that entry; meaningful where rmapMm ≥ 0. */
  readonly rmapVpn: Float64Array;
  /** Id of the zdd of a device page, −1 = none (written by pagemap). */
  readonly zdd: Int32Array;
  readonly systemPages: number;
  readonly total: number;
  /** The shared zero page. */
  readonly zeroPfn: Pfn;
  /** False until a job has zeroed `zeroPfn`; whoever maps it first submits that job. */
  zeroReady = false;
  /** Called when the last reference of a device page goes; pagemap sets it. */
  onDeviceFree: (pfn: Pfn) => void = () => {};

  /** Long-term pins of each page that has some; each owns a reference. */
  readonly pins = new Map<Pfn, number>();
  /** Some page was given up by MADV_FREE: who writes asks for its flag only then. */
  anyLazyFree = false;

  private readonly deviceStart: number[] = [];
  /** Ring of free system frames: first freed, first reused, so that runs freed in order are handed out in order. */
  private readonly freeRing: Uint32Array;
  private freeHead = 0;
  private freeCount: number;
  private readonly unlockQueues = new Map<Pfn, WaitQueue>();

  /** `systemPages` ≥ 1 frames of RAM (the last is the zero page), `devicePages[d]` frames of VRAM on device d. */
  constructor(systemPages: number, devicePages: readonly number[]) {
    assert(Number.isInteger(systemPages) && systemPages >= 1, () => `system memory of ${systemPages} pages`);
    let total = systemPages;
    for (const pages of devicePages) {
      this.deviceStart.push(total);
      total += pages;
    }
    assert(total <= PTE_MAX_PAGES, () => `${total} pages do not fit page-table words`);
    this.systemPages = systemPages;
    this.total = total;
    this.zeroPfn = systemPages - 1;
    this.refcount = new Int32Array(total);
    this.mapcount = new Int32Array(total);
    this.flags = new Uint8Array(total);
    this.rmap = new ReverseMap(total);
    this.rmapMm = this.rmap.mm;
    this.rmapVpn = this.rmap.vpn;
    this.zdd = new Int32Array(total).fill(-1);
    this.refcount[this.zeroPfn] = 1;
    this.freeCount = systemPages - 1;
    this.freeRing = Uint32Array.from({ length: Math.max(1, this.freeCount) }, (_, i) => i);
  }

  /** System frames that nobody uses. */
  get freeSystem(): number {
    return this.freeCount;
  }

  /** Devices of the machine. */
  get devices(): number {
    return this.deviceStart.length;
  }

  isDevice(pfn: Pfn): boolean {
    return pfn >= this.systemPages;
  }

  /** Device whose memory holds the page; the page must be a device page. */
  deviceOf(pfn: Pfn): number {
    if (pfn < this.systemPages || pfn >= this.total) bug(pfn, 'is not a device page');
    let device = this.deviceStart.length - 1;
    while ((this.deviceStart[device] as number) > pfn) device--;
    return device;
  }

  spaceOf(pfn: Pfn): SpaceId {
    return pfn < this.systemPages ? SYSTEM_SPACE : VRAM_SPACE + this.deviceOf(pfn);
  }

  /** Frame inside the page's space. */
  frameOf(pfn: Pfn): Frame {
    const start = pfn < this.systemPages ? 0 : (this.deviceStart[this.deviceOf(pfn)] as number);
    return (pfn as number) - start;
  }

  pfnOf(space: SpaceId, frame: Frame): Pfn {
    const start = space === SYSTEM_SPACE ? 0 : (this.deviceStart[space - VRAM_SPACE] as number);
    return start + (frame as number);
  }

  /** A free system page with refcount 1, unlocked, content undefined; −1 when RAM is full. */
  allocSystem(): Pfn | -1 {
    if (this.freeCount === 0) return -1;
    const pfn = this.freeRing[this.freeHead] as number;
    this.freeHead = (this.freeHead + 1) % this.freeRing.length;
    this.freeCount--;
    if (this.refcount[pfn] !== 0 || this.flags[pfn] !== 0) bug(pfn, 'is free, but in use');
    this.refcount[pfn] = 1;
    return pfn;
  }

  /** Takes `count` system frames from `first` on, as `allocSystem` would, if all are free. Looks through the free list. */
  takeRun(first: Pfn, count: number): boolean {
    for (let pfn = first; pfn < first + count; pfn++) if (this.refcount[pfn] !== 0) return false;
    const kept: Pfn[] = [];
    for (let i = 0; i < this.freeCount; i++) {
      const pfn = this.freeRing[(this.freeHead + i) % this.freeRing.length] as number;
      if (pfn < first || pfn >= first + count) kept.push(pfn);
    }
    this.freeRing.set(kept);
    this.freeHead = 0;
    this.freeCount = kept.length;
    this.refcount.fill(1, first, first + count);
    return true;
  }

  /** First reference of a device page that its allocation holds ready: refcount 1, locked (Appendix A·STAGED). */
  initDevicePage(pfn: Pfn, zdd: number): void {
    if (!this.isDevice(pfn) || this.refcount[pfn] !== 0) bug(pfn, 'is no free device page');
    this.refcount[pfn] = 1;
    this.flags[pfn] = PAGE_FLAG.locked;
    this.zdd[pfn] = zdd;
  }

  get(pfn: Pfn): void {
    const count = this.refcount[pfn] as number;
    if (count <= 0) bug(pfn, 'is free, but somebody takes a reference');
    this.refcount[pfn] = count + 1;
  }

  /** Takes a reference unless the page is free. */
  tryGet(pfn: Pfn): boolean {
    const count = this.refcount[pfn] as number;
    if (count > 0) this.refcount[pfn] = count + 1;
    return count > 0;
  }

  /** Drops a reference; the last one frees the page: system → free list, device → `onDeviceFree`. */
  put(pfn: Pfn): void {
    const count = (this.refcount[pfn] as number) - 1;
    if (count < 0) bug(pfn, 'has a reference count that underflows');
    this.refcount[pfn] = count;
    if (count === 0) this.release(pfn);
  }

  /** Never waits: collection must not, so that two migrations cannot deadlock (§5.2). */
  tryLock(pfn: Pfn): boolean {
    const flags = this.flags[pfn] as number;
    if ((flags & PAGE_FLAG.locked) !== 0) return false;
    this.flags[pfn] = flags | PAGE_FLAG.locked;
    return true;
  }

  isLocked(pfn: Pfn): boolean {
    return ((this.flags[pfn] as number) & PAGE_FLAG.locked) !== 0;
  }

  unlock(pfn: Pfn): void {
    const flags = this.flags[pfn] as number;
    if ((flags & PAGE_FLAG.locked) === 0) bug(pfn, 'is unlocked, but not locked');
    this.flags[pfn] = flags & ~PAGE_FLAG.locked;
    if (this.unlockQueues.size > 0) this.wake(pfn);
  }

  /** Waits until nobody holds the page lock; does not take it. The page may be another one's by then: re-read state. */
  *waitUnlocked(pfn: Pfn): Op<void> {
    while (this.isLocked(pfn)) yield this.unlockQueue(pfn);
  }

  /** The entry at (mmId, vpn) now refers to the page. */
  setRmap(pfn: Pfn, mmId: number, vpn: Vpn): void {
    if (this.rmapMm[pfn] !== -1) {
      this.rmap.add(pfn, mmId, vpn);
      return;
    }
    this.rmapMm[pfn] = mmId;
    this.rmapVpn[pfn] = vpn;
  }

  /** That entry no longer does. Where no page of the machine has more than one, without a search. */
  dropRmap(pfn: Pfn, mmId: number, vpn: Vpn): void {
    if (this.rmap.anyShared) this.rmap.remove(pfn, mmId, vpn);
    else this.rmapMm[pfn] = -1;
  }

  /** No entry refers to the page any more. */
  clearRmap(pfn: Pfn): void {
    this.rmap.clear(pfn);
  }

  /** Somebody reads or writes the frame without looking at page tables (FOLL_LONGTERM). */
  isPinned(pfn: Pfn): boolean {
    return this.pins.size > 0 && this.pins.has(pfn);
  }

  /** Fork may have given the content to other processes, and one of them still has it. */
  isForked(pfn: Pfn): boolean {
    return this.hasFlag(pfn, PAGE_FLAG.forked) && this.refcount[pfn] !== 1;
  }

  /** MADV_FREE: reclaim may take the page until somebody writes to it. */
  giveUp(pfn: Pfn): void {
    this.setFlag(pfn, PAGE_FLAG.lazyFree);
    this.anyLazyFree = true;
  }

  hasFlag(pfn: Pfn, flag: number): boolean {
    return ((this.flags[pfn] as number) & flag) !== 0;
  }

  setFlag(pfn: Pfn, flag: number): void {
    this.flags[pfn] = (this.flags[pfn] as number) | flag;
  }

  clearFlag(pfn: Pfn, flag: number): void {
    this.flags[pfn] = (this.flags[pfn] as number) & ~flag;
  }

  private release(pfn: Pfn): void {
    if (this.mapcount[pfn] !== 0 || this.rmapMm[pfn] !== -1) bug(pfn, 'is freed while mapped');
    if (this.isLocked(pfn)) bug(pfn, 'is freed while locked');
    this.flags[pfn] = 0;
    if (this.isDevice(pfn)) this.onDeviceFree(pfn);
    else this.pushFree(pfn);
  }

  private pushFree(pfn: Pfn): void {
    this.freeRing[(this.freeHead + this.freeCount) % this.freeRing.length] = pfn;
    this.freeCount++;
  }

  private unlockQueue(pfn: Pfn): WaitQueue {
    let queue = this.unlockQueues.get(pfn);
    if (queue === undefined) {
      queue = new WaitQueue(`page ${pfn}`);
      this.unlockQueues.set(pfn, queue);
    }
    return queue;
  }

  private wake(pfn: Pfn): void {
    const queue = this.unlockQueues.get(pfn);
    if (queue === undefined) return;
    this.unlockQueues.delete(pfn);
    queue.wakeAll();
  }
}

/** Instead of `assert` with a message to build: on these paths its closure would be an allocation a page. */
function bug(pfn: Pfn, what: string): never {
  throw new AssertionError(`page ${pfn} ${what}`);
}
