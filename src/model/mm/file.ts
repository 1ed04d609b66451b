// A file: its length and its page cache. Whoever maps it shared sees the frames of the cache, whoever maps it privately
// sees them until it writes. Shared anonymous memory is a file without a name, as in the kernel (mm/shmem.c).
//
// Lengths are whole pages. Cached pages are never dropped for want of memory: the model has no disk to read them from
// again, apart from `content`, what stands on the disk at first.
import type { Pfn } from '../../base/units.ts';
import { allocPage } from './alloc-page.ts';
import type { ContentJob } from './content-job.ts';
import type { MmWorld } from './mm.ts';
import { PAGE_FLAG } from './pages.ts';

/** The 1024 words of a page of the file as it stands on the disk; null = zeroes. */
export type FileContent = (page: number) => Uint32Array | null;

export interface FileOptions {
  readonly name: string;
  /** Length. */
  readonly pages: number;
  /** Default: zeroes. */
  readonly content?: FileContent;
  /** Shared anonymous memory: goes with its last mapping. Default false. */
  readonly anonymous?: boolean;
}

export class MemFile {
  readonly world: MmWorld;
  readonly name: string;
  readonly anonymous: boolean;
  /** Length in pages; a fault behind it is a bus error. */
  pages: number;
  private readonly content: FileContent | null;
  /** Pages of the disk that still stand: those before the end and not punched out. */
  private diskEnd = Infinity;
  private readonly holes = new Set<number>();
  private readonly cache = new Map<number, Pfn>();

  constructor(world: MmWorld, options: FileOptions) {
    this.world = world;
    this.name = options.name;
    this.pages = options.pages;
    this.anonymous = options.anonymous ?? false;
    this.content = options.content ?? null;
  }

  /** Pages in the cache. */
  get cachedPages(): number {
    return this.cache.size;
  }

  /** Frame of page `page`, −1 = not in the cache. */
  cached(page: number): Pfn | -1 {
    return this.cache.get(page) ?? -1;
  }

  /**
   * Frame of page `page`, read in by `job` where the cache has none. The caller submits the job before it waits.
   * −1: RAM is full. Behind the end: ask `pages` first.
   */
  read(page: number, job: ContentJob): Pfn | -1 {
    const known = this.cached(page);
    if (known >= 0) return known;
    const pfn = this.add(page);
    if (pfn < 0) return -1;
    const words = page < this.diskEnd && !this.holes.has(page) ? (this.content?.(page) ?? null) : null;
    if (words === null) job.zero(pfn);
    else job.upload(pfn, words);
    return pfn;
  }

  /** Page `page` becomes `words` (1024 of them), whatever it was. −1: RAM is full. */
  write(page: number, words: Uint32Array, job: ContentJob): Pfn | -1 {
    const known = this.cached(page);
    const pfn = known >= 0 ? known : this.add(page);
    if (pfn >= 0) job.upload(pfn, words);
    return pfn;
  }

  /** Takes [start, end) out of the cache. The pages live on where somebody still refers to them, as nobody's. */
  drop(start: number, end: number): void {
    const { pages } = this.world;
    for (const [page, pfn] of this.cache) {
      if (page < start || page >= end) continue;
      this.cache.delete(page);
      pages.clearFlag(pfn, PAGE_FLAG.cached);
      pages.put(pfn);
    }
  }

  /** As `drop`, and what stood on the disk there is gone too: the pages are zero from now on. */
  erase(start: number, end: number): void {
    this.drop(start, end);
    if (end === Infinity) this.diskEnd = Math.min(this.diskEnd, start);
    else for (let page = start; page < end; page++) this.holes.add(page);
  }

  /** A page of [start, end) that somebody has locked, −1 = none: it must not leave the cache before it is free. */
  lockedPage(start: number, end: number): Pfn | -1 {
    for (const [page, pfn] of this.cache) {
      if (page >= start && page < end && this.world.pages.isLocked(pfn)) return pfn;
    }
    return -1;
  }

  private add(page: number): Pfn | -1 {
    const pfn = allocPage(this.world, 'mm.alloc-file');
    if (pfn < 0) return -1;
    this.world.pages.setFlag(pfn, PAGE_FLAG.file | PAGE_FLAG.cached);
    this.cache.set(page, pfn);
    return pfn;
  }
}
