// The copy engine's own address space, for random translated copies: identity windows over each memory and a scratch
// window whose entries are rewritten before each copy, as the driver does (xe.md §4.1–4.3). Some copies fault on purpose.
import type { Rng } from '../../src/base/rng.ts';
import type { Command, SpaceId } from '../../src/engine/plan/commands.ts';
import { BIT, entry, PageTables } from './page-tables.ts';
import { chance, DATA_PAGES, OUTSIDE, pick } from './random-space.ts';

/** Virtual pages of the windows; each lies in a GiB of its own. */
const SCRATCH = { src: 512, dst: 1024 } as const;
const VRAM_1G = 2 ** 26;
const SYSTEM_2M = 2 ** 27;
const HALF = DATA_PAGES / 2;

interface Side {
  readonly space: SpaceId;
  readonly vpn: number;
  /** Commands that make the side's window. */
  readonly setup: Command[];
}

export class RandomEngine {
  readonly #rng: Rng;
  readonly #tables: PageTables;

  /** Tables lie in the first VRAM. */
  constructor(rng: Rng, newFrame: () => number) {
    this.#rng = rng;
    this.#tables = new PageTables(1, pick(rng, [3, 4]), newFrame);
  }

  /** The identity windows, and a table for each scratch window. */
  build(): Command[] {
    this.#tables.map(VRAM_1G, '1G', 0, BIT.rw | BIT.deviceMemory);
    this.#tables.map(SYSTEM_2M, '2M', 0, BIT.rw);
    this.#tables.map(SCRATCH.src, '4K', 0, BIT.rw);
    this.#tables.map(SCRATCH.dst, '4K', 0, BIT.rw);
    return this.#tables.take();
  }

  /** A copy between the lower and the upper half of the data frames. `spaces`: how many there are. */
  copy(spaces: number): Command[] {
    const rng = this.#rng;
    const pages = 1 + rng.below(HALF);
    const up = chance(rng, 50);
    const src = this.#side('src', pages, up ? 0 : HALF);
    const dst = this.#side('dst', pages, up ? HALF : 0);
    const declared = { srcSpace: src.space, dstSpace: dst.space };
    if (chance(rng, 8)) declared.srcSpace = rng.below(spaces);
    if (chance(rng, 8)) declared.dstSpace = rng.below(spaces);
    const root = this.#tables.root;
    return [
      ...src.setup,
      ...dst.setup,
      { op: 'copyTranslated', root, ...declared, srcVpn: src.vpn, dstVpn: dst.vpn, pages },
    ];
  }

  /** `pages` pages of the half that begins at frame `low`. */
  #side(end: 'src' | 'dst', pages: number, low: number): Side {
    const space = this.#rng.below(2);
    if (chance(this.#rng, 60))
      return { space, vpn: SCRATCH[end], setup: [this.#window(SCRATCH[end], space, pages, low)] };
    const identity = space === 0 ? SYSTEM_2M : VRAM_1G;
    return { space, vpn: identity + low + this.#rng.below(HALF - pages + 1), setup: [] };
  }

  /** Entries to different frames in random order; one page in ten windows is bad. */
  #window(vpn: number, space: SpaceId, pages: number, low: number): Command {
    const memory = space === 0 ? 0 : BIT.deviceMemory;
    const frames = this.#shuffled(low).slice(0, pages);
    const entries = Uint32Array.from(frames.flatMap((frame) => entry(frame, BIT.present | BIT.rw | memory)));
    if (chance(this.#rng, 15)) entries.set(this.#badEntry(memory), 2 * this.#rng.below(pages));
    const at = this.#tables.find(vpn, 0) ?? { table: OUTSIDE, index: 0 };
    return { op: 'pteWrite', space: this.#tables.space, table: at.table, index: at.index, entries };
  }

  #badEntry(memory: number): [number, number] {
    const bits = BIT.present | BIT.rw | memory;
    const other = bits ^ BIT.deviceMemory;
    return pick(this.#rng, [
      [0, 0],
      entry(0, other),
      entry(0, bits | BIT.null),
      entry(OUTSIDE, bits),
      entry(2 ** 36, bits),
    ]);
  }

  #shuffled(low: number): number[] {
    const frames = Array.from({ length: HALF }, (_, i) => low + i);
    for (let i = frames.length - 1; i > 0; i--) {
      const j = this.#rng.below(i + 1);
      [frames[i], frames[j]] = [frames[j] as number, frames[i] as number];
    }
    return frames;
  }
}
