// The copy engine's own address space, for random translated copies: identity windows over each memory and scratch
// windows whose entries are rewritten before each run of copies, as the driver does (xe.md §4.1–4.3).
//
// A run is several copies in a row: some conflict by their virtual pages, some fault on purpose. What keeps the result
// defined (commands.ts·CopyTranslated): within a run each frame has one virtual page, and a command parts the runs.
import type { Rng } from '../../src/base/rng.ts';
import type { Command, SpaceId } from '../../src/engine/plan/commands.ts';
import { BIT, entry, PageTables } from './page-tables.ts';
import { chance, DATA_PAGES, OUTSIDE, pick } from './random-space.ts';

/** Virtual pages of the windows; each lies in a GiB of its own. */
const SCRATCH = { low: 512, high: 1024 } as const;
const VRAM_1G = 2 ** 26;
const SYSTEM_2M = 2 ** 27;
const HALF = DATA_PAGES / 2;
const MOST_COPIES = 7;

/** One half of the data frames as a run sees it. */
interface Side {
  readonly space: SpaceId;
  /** Virtual page of its first frame, or of the window that holds its frames in some order. */
  readonly vpn: number;
  /** Commands that make the side's window. */
  readonly setup: Command[];
}

interface Range {
  readonly side: Side;
  readonly vpn: number;
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
    this.#tables.map(SCRATCH.low, '4K', 0, BIT.rw);
    this.#tables.map(SCRATCH.high, '4K', 0, BIT.rw);
    return this.#tables.take();
  }

  /** Copies between and within the lower and the upper half of the data frames. `spaces`: how many there are. */
  copies(spaces: number): Command[] {
    const sides = [this.#side('low'), this.#side('high')];
    const setup = sides.flatMap((side) => side.setup);
    const count = 1 + this.#rng.below(MOST_COPIES);
    return [
      ...(setup.length > 0 ? setup : [this.#part()]),
      ...Array.from({ length: count }, () => this.#copy(sides, spaces)),
    ];
  }

  #copy(sides: readonly Side[], spaces: number): Command {
    const rng = this.#rng;
    const pages = 1 + rng.below(chance(rng, 50) ? 3 : HALF / 2);
    const [src, dst] = this.#ends(sides, pages);
    const declared = { srcSpace: src.side.space, dstSpace: dst.side.space };
    if (chance(rng, 4)) declared.srcSpace = rng.below(spaces);
    if (chance(rng, 4)) declared.dstSpace = rng.below(spaces);
    return { op: 'copyTranslated', root: this.#tables.root, ...declared, srcVpn: src.vpn, dstVpn: dst.vpn, pages };
  }

  /** Mostly from one half to the other, mostly upwards; else within one half, which holds both ranges. */
  #ends(sides: readonly Side[], pages: number): [Range, Range] {
    const [low, high] = sides as [Side, Side];
    const range = (side: Side, from: number, to: number): Range => ({
      side,
      vpn: side.vpn + from + this.#rng.below(to - from - pages + 1),
    });
    if (chance(this.#rng, 15)) {
      const side = pick(this.#rng, sides);
      return [range(side, 0, HALF / 2), range(side, HALF / 2, HALF)];
    }
    const [src, dst] = chance(this.#rng, 75) ? [low, high] : [high, low];
    return [range(src, 0, HALF), range(dst, 0, HALF)];
  }

  #side(end: 'low' | 'high'): Side {
    const space = this.#rng.below(2);
    const first = end === 'low' ? 0 : HALF;
    if (chance(this.#rng, 60)) return { space, vpn: SCRATCH[end], setup: [this.#window(SCRATCH[end], space, first)] };
    return { space, vpn: (space === 0 ? SYSTEM_2M : VRAM_1G) + first, setup: [] };
  }

  /** Takes the scratch windows out of use, so that frames of the run before have one virtual page again. */
  #part(): Command {
    const at = this.#tables.find(SCRATCH.low, 0) ?? { table: OUTSIDE, index: 0 };
    return { op: 'zap', space: this.#tables.space, table: at.table, index: at.index, count: HALF };
  }

  /** Entries to the frames of a half in random order; in some windows a page or two are bad. */
  #window(vpn: number, space: SpaceId, first: number): Command {
    const memory = space === 0 ? 0 : BIT.deviceMemory;
    const frames = this.#shuffled(first);
    const entries = Uint32Array.from(frames.flatMap((frame) => entry(frame, BIT.present | BIT.rw | memory)));
    while (chance(this.#rng, 25)) entries.set(this.#badEntry(memory, first), 2 * this.#rng.below(HALF));
    const at = this.#tables.find(vpn, 0) ?? { table: OUTSIDE, index: 0 };
    return { op: 'pteWrite', space: this.#tables.space, table: at.table, index: at.index, entries };
  }

  /** `frame` is of the half's own, so that even a bad page that a wrong declaration makes good is nobody else's. */
  #badEntry(memory: number, frame: number): [number, number] {
    const bits = BIT.present | BIT.rw | memory;
    const other = bits ^ BIT.deviceMemory;
    return pick(this.#rng, [
      [0, 0],
      entry(frame, other),
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
