// The copy engine's address space in small: identity map of VRAM, and windows through which system pages are reached.
//
// As in the driver (xe.md §4.1–4.3): VRAM stands at 256 GiB in 2 MiB leaves; system pages are entered into four level-0
// tables from 2 MiB on, 2,048 at a time, or as 2 MiB leaves at 64 MiB, four at a time; then the copy goes by addresses.
import { GIB, MIB, PAGE_SIZE, type Frame, type Vpn } from '../../base/units.ts';
import {
  MAX_PTE_WRITE_ENTRIES,
  TLB_INVAL_ALL,
  VRAM_SPACE,
  type Command,
  type SpaceId,
} from '../../engine/plan/commands.ts';
import { SPACES, type Arena } from './arena.ts';
import { entryHi, entryLo, LEAF, TableImages } from './table-images.ts';

const IDENTITY_VPN: Vpn = (256 * GIB) / PAGE_SIZE;
const WINDOW_VPN: Vpn = (2 * MIB) / PAGE_SIZE;
const LARGE_WINDOW_VPN: Vpn = (64 * MIB) / PAGE_SIZE;
/** One job of the driver copies at most 8 MiB. */
const WINDOW_PAGES = 2048;
const LARGE_PAGES = 512;
/** Address-space id of the copy engine's own VM. */
const COPY_ASID = 0xffffe;

export class CopyWindow {
  readonly #images: TableImages;

  constructor(arena: Arena) {
    this.#images = new TableImages(() => arena.takeTables(1));
    for (let frame = 0; frame < arena.size.dataPages; frame += LARGE_PAGES)
      this.#images.map(IDENTITY_VPN + frame, 1, frame, LEAF.vram);
    for (let page = 0; page < WINDOW_PAGES; page += LARGE_PAGES) this.#images.table(WINDOW_VPN + page, 0);
    this.#images.table(LARGE_WINDOW_VPN, 1);
  }

  /** Commands that build the tables. */
  setup(): Command[] {
    return this.#images.uploads();
  }

  /** How many chunks of `chunkPages` go through the window at a time. */
  chunksAtATime(chunkPages: number): number {
    return WINDOW_PAGES / chunkPages;
  }

  /**
   * Copies runs of pages between system and VRAM: run i is `pages` pages from the system frames `system[i * pages] …`
   * (any frames; of a 2 MiB run the first only, as it is contiguous) and the VRAM frames from `vram[i]` on.
   */
  copy(direction: 'up' | 'down', pages: number, system: readonly Frame[], vram: readonly Frame[]): Command[] {
    const large = pages === LARGE_PAGES && system.length === vram.length;
    const window = large ? LARGE_WINDOW_VPN : WINDOW_VPN;
    const commands = large ? this.#enterLarge(system) : this.#enter(system);
    commands.push({ op: 'tlbInval', asid: COPY_ASID, vpn: 0, log2Pages: TLB_INVAL_ALL });
    for (const [run, frame] of vram.entries())
      commands.push(this.#copyRun(direction, pages, window + run * pages, IDENTITY_VPN + frame));
    return commands;
  }

  #copyRun(direction: 'up' | 'down', pages: number, system: Vpn, vram: Vpn): Command {
    const side = (space: SpaceId, vpn: Vpn): [SpaceId, Vpn] => [space, vpn];
    const [src, dst] =
      direction === 'up'
        ? [side(SPACES.system, system), side(SPACES.vram, vram)]
        : [side(SPACES.vram, vram), side(SPACES.system, system)];
    return {
      op: 'copyTranslated',
      root: this.#images.root,
      srcSpace: src[0],
      srcVpn: src[1],
      dstSpace: dst[0],
      dstVpn: dst[1],
      pages,
    };
  }

  /** Level-0 entries of up to 2,048 frames, in stores of at most 510 entries, as the driver's packets. */
  #enter(frames: readonly Frame[]): Command[] {
    const commands: Command[] = [];
    for (let at = 0; at < frames.length;) {
      const index = at % 512;
      const count = Math.min(MAX_PTE_WRITE_ENTRIES, 512 - index, frames.length - at);
      const table = this.#images.table(WINDOW_VPN + at, 0);
      const entries = entriesOf(frames.slice(at, at + count), LEAF.system);
      commands.push({ op: 'pteWrite', space: VRAM_SPACE, table, index, entries });
      at += count;
    }
    return commands;
  }

  #enterLarge(frames: readonly Frame[]): Command[] {
    const table = this.#images.table(LARGE_WINDOW_VPN, 1);
    const index = (LARGE_WINDOW_VPN / LARGE_PAGES) % 512;
    return [{ op: 'pteWrite', space: VRAM_SPACE, table, index, entries: entriesOf(frames, LEAF.system | LEAF.large) }];
  }
}

function entriesOf(frames: readonly Frame[], flags: number): Uint32Array {
  return Uint32Array.from(frames.flatMap((frame) => [entryLo(frame, flags), entryHi(frame)]));
}
