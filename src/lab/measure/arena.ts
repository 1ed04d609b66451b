// The memory in which benchmark cases work: equal data in both spaces, and page tables behind the VRAM's data.
import { assert } from '../../base/assert.ts';
import { fillSeededPage, hashPage, pageKey } from '../../base/mix.ts';
import { MIB, PAGE_SIZE, WORDS_PER_PAGE, type Frame } from '../../base/units.ts';
import { SYSTEM_SPACE, VRAM_SPACE, type Command, type SpaceId } from '../../engine/plan/commands.ts';
import type { ExecutorConfig } from '../../engine/plan/executor.ts';

/** Frames kept for page tables: 128 map 256 MiB page by page, the rest are directories, windows and targets of binds. */
const TABLE_PAGES = 1024;
/** Destinations hold this before a check, so that what was not copied shows. */
const POISON = 0xdeadbeef;
/** Of each space in a quick run on a CPU, which has a minute for everything. */
const QUICK_PAGES = (16 * MIB) / PAGE_SIZE;

/** A GPU's last cache where nobody tells its size: that of large ones (reference/webgpu.md §2.3). */
const ASSUMED_CACHE_BYTES = 128 * MIB;
/** Both spaces together hold at least this, and this many times the last cache: repeats must not find their bytes there. */
const WORKING_SET_BYTES = 256 * MIB;
const CACHES = 4;
/** A CPU that runs shaders needs seconds to touch more than this in each space. */
const SOFTWARE_MOST_PAGES = (256 * MIB) / PAGE_SIZE;

export interface ArenaSize {
  /** Pages of data in each space, a multiple of 512. */
  readonly dataPages: number;
  /** Accesses that one region can hold. */
  readonly accesses: number;
  /** Last-level cache of what runs the jobs; absent where nobody tells, and a large GPU's is assumed. */
  readonly cacheBytes?: number | null;
}

/** What one arena needs of an executor. */
export function arenaConfig(size: ArenaSize): ExecutorConfig {
  const vram = size.dataPages + TABLE_PAGES;
  const spaces = [
    { name: 'system', pages: size.dataPages },
    { name: 'vram0', pages: vram },
  ];
  return { spaces, accessCapacity: size.accesses, faultCapacity: 65_536, tlbLines: 1024 };
}

/**
 * The size that an adapter of this kind can be measured with: more than its last cache, as far as time allows. `hostCache`
 * is that of the host's CPU, which runs the jobs of all but hardware; null where nobody tells.
 */
export function arenaSize(
  kind: 'hardware' | 'software' | 'twin',
  quick: boolean,
  hostCache: number | null = null,
): ArenaSize {
  const cacheBytes = kind === 'hardware' ? null : hostCache;
  const pages = 2 ** Math.ceil(Math.log2(uncachedBytes({ cacheBytes }) / 2 / PAGE_SIZE));
  if (kind === 'hardware') return { dataPages: pages, accesses: 1 << 20, cacheBytes };
  const dataPages = quick ? QUICK_PAGES : Math.min(pages, SOFTWARE_MOST_PAGES);
  return { dataPages, accesses: quick ? 1 << 16 : 1 << 18, cacheBytes };
}

/** Bytes of the last cache, and whether somebody told. */
export function lastCache({ cacheBytes = null }: Pick<ArenaSize, 'cacheBytes'>): { bytes: number; known: boolean } {
  return { bytes: cacheBytes ?? ASSUMED_CACHE_BYTES, known: cacheBytes !== null };
}

/** What both spaces together must hold so that repeats do not hit the last cache. */
export function uncachedBytes(size: Pick<ArenaSize, 'cacheBytes'>): number {
  return Math.max(WORKING_SET_BYTES, CACHES * lastCache(size).bytes);
}

/** Fields of a figure's params that say what a cache may hold of it. */
export interface WorkingSet {
  readonly [name: string]: number | boolean;
  readonly workingSetBytes: number;
  readonly cacheBytes: number;
  readonly cacheKnown: boolean;
  readonly cached: boolean;
}

export class Arena {
  readonly size: ArenaSize;
  readonly seed: number;
  #tables: Frame;

  constructor(size: ArenaSize, seed: number) {
    assert(size.dataPages % 512 === 0, () => `${size.dataPages} data pages are no multiple of 512`);
    this.size = size;
    this.seed = seed;
    this.#tables = size.dataPages;
  }

  /** Reserves frames of VRAM for page tables. The cases of one group share what is there. */
  takeTables(count: number): Frame {
    const first = this.#tables;
    this.#tables += count;
    assert(
      this.#tables <= this.size.dataPages + TABLE_PAGES,
      'the cases of one group need more page tables than there are',
    );
    return first;
  }

  /** Makes all table frames available again, for the next group. */
  releaseTables(): void {
    this.#tables = this.size.dataPages;
  }

  /** Random contents for all data of a space: page i is the seeded page i. */
  fill(space: SpaceId): Command {
    return { op: 'fillSeeded', space, frame: 0, pages: this.size.dataPages, seed: this.seed, pageLo: 0 };
  }

  /** What a case that goes round through `bytes` says of it: uncached only when repeats cannot hit the last cache. */
  workingSet(bytes: number): WorkingSet {
    const cache = lastCache(this.size);
    const cached = bytes < uncachedBytes(this.size);
    return { workingSetBytes: bytes, cacheBytes: cache.bytes, cacheKnown: cache.known, cached };
  }

  /** Spoils all data of a space, or some pages of it. */
  poison(space: SpaceId, frame = 0, pages = this.size.dataPages): Command {
    return { op: 'fill', space, frame, pages, pattern: POISON };
  }

  hashAll(space: SpaceId): Command {
    return { op: 'hash', space, frame: 0, pages: this.size.dataPages };
  }

  /** Hashes of the seeded pages 0 … dataPages − 1, two words each, computed by the host alone. */
  hashes(): Uint32Array {
    return hashSeeded(this.seed, this.size.dataPages);
  }
}

export const SPACES = { system: SYSTEM_SPACE, vram: VRAM_SPACE } as const;

/** Passes of one run, and runs on one page, ask for the same again. */
let hashed = { seed: 0, pages: 0, hashes: new Uint32Array(0) };

function hashSeeded(seed: number, pages: number): Uint32Array {
  if (hashed.seed === seed && hashed.pages === pages) return hashed.hashes;
  const words = new Uint32Array(WORDS_PER_PAGE);
  const hashes = new Uint32Array(pages * 2);
  for (let page = 0; page < pages; page++) {
    fillSeededPage(words, pageKey(seed, page));
    hashPage(words, 0, hashes, page * 2);
  }
  hashed = { seed, pages, hashes };
  return hashes;
}
