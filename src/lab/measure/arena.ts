// The memory in which benchmark cases work: equal data in both spaces, and page tables behind the VRAM's data.
import { assert } from '../../base/assert.ts';
import { fillSeededPage, hashPage, pageKey } from '../../base/mix.ts';
import { MIB, PAGE_SIZE, WORDS_PER_PAGE, type Frame } from '../../base/units.ts';
import { SYSTEM_SPACE, VRAM_SPACE, type Command, type SpaceId } from '../../engine/plan/commands.ts';
import type { ExecutorConfig } from '../../engine/plan/executor.ts';

/** Frames kept for page tables: 128 map 256 MiB page by page, the rest are directories, windows and targets of binds. */
const TABLE_PAGES = 512;
/** Destinations hold this before a check, so that what was not copied shows. */
const POISON = 0xdeadbeef;

export interface ArenaSize {
  /** Pages of data in each space, a multiple of 512. */
  readonly dataPages: number;
  /** Accesses that one region can hold. */
  readonly accesses: number;
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

/** The size that an adapter of this kind can be measured with in reasonable time; caches of GPUs hold up to 128 MiB. */
export function arenaSize(kind: 'hardware' | 'software' | 'twin', quick: boolean): ArenaSize {
  const pages = (mib: number): number => (mib * MIB) / PAGE_SIZE;
  if (kind === 'hardware') return { dataPages: pages(256), accesses: 1 << 20 };
  return { dataPages: pages(quick ? 16 : 64), accesses: quick ? 1 << 16 : 1 << 18 };
}

export class Arena {
  readonly size: ArenaSize;
  readonly seed: number;
  #tables: Frame;
  #hashes: Uint32Array | null = null;

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

  poison(space: SpaceId): Command {
    return { op: 'fill', space, frame: 0, pages: this.size.dataPages, pattern: POISON };
  }

  hashAll(space: SpaceId): Command {
    return { op: 'hash', space, frame: 0, pages: this.size.dataPages };
  }

  /** Hashes of the seeded pages 0 … dataPages − 1, two words each, computed by the host alone. */
  hashes(): Uint32Array {
    this.#hashes ??= hashSeeded(this.seed, this.size.dataPages);
    return this.#hashes;
  }
}

export const SPACES = { system: SYSTEM_SPACE, vram: VRAM_SPACE } as const;

function hashSeeded(seed: number, pages: number): Uint32Array {
  const words = new Uint32Array(WORDS_PER_PAGE);
  const hashes = new Uint32Array(pages * 2);
  for (let page = 0; page < pages; page++) {
    fillSeededPage(words, pageKey(seed, page));
    hashPage(words, 0, hashes, page * 2);
  }
  return hashes;
}
