// Page tables of one address space as the driver model stages them, given out as commands: nothing here runs any.
import { assert } from '../../base/assert.ts';
import { WORDS_PER_PAGE, type Frame, type Vpn } from '../../base/units.ts';
import { VRAM_SPACE, type Command } from '../../engine/plan/commands.ts';
import { SILENT } from '../../model/event/event.ts';
import { JobQueue } from '../../model/sched/job-queue.ts';
import { Sched } from '../../model/sched/sched.ts';
import { VramManager } from '../../model/vram/vram.ts';
import { XE2_PAT } from '../../model/xe/pt-entry.ts';
import { PageTables, type SegmentSource } from '../../model/xe/pt.ts';

/** VRAM of device 0 in the model's terms (pt-segments.ts). */
const IN_VRAM = 1;
const FLAGS = { write: true, atomicEnable: true, pat: XE2_PAT.writeBack } as const;
/** 57-bit addresses. */
const ROOT_LEVEL = 4;
/** A physically contiguous piece of a range. */
export interface Piece {
  readonly frame: Frame;
  readonly pages: number;
}

/** Hands out frames that somebody else manages. */
class GivenTables extends VramManager {
  private readonly take: () => Frame;

  constructor(sched: Sched, take: () => Frame) {
    super({ sched, events: SILENT }, { device: 0, pages: 1, dataPages: 0 });
    this.take = take;
  }

  override allocTable(): Frame {
    return this.take();
  }
}

export class StagedTables {
  /** Commands that write the empty root. */
  readonly setup: readonly Command[];
  readonly asid: number;
  readonly #tables: PageTables;

  /** Frames of tables come from `take`, one each; none is ever given back. */
  constructor(asid: number, take: () => Frame) {
    const sched = new Sched();
    const jobs = new JobQueue(sched, () => 0);
    const vram = new GivenTables(sched, take);
    this.#tables = new PageTables({ vram, jobs, queue: 'copy0', space: VRAM_SPACE, rootLevel: ROOT_LEVEL, asid });
    this.asid = asid;
    this.setup = jobs.drain().flatMap(({ commands }) => commands);
  }

  /** Enters the range that begins at `vpn` and consists of `pieces` of VRAM: tables that are missing, then its leaves. */
  bind(vpn: Vpn, pieces: readonly Piece[]): Command[] {
    const pages = pieces.reduce((sum, piece) => sum + piece.pages, 0);
    const staged = this.#tables.stageBind(vpn, vpn + pages, segmentsOf(pieces), FLAGS);
    if (typeof staged === 'string') throw new Error(`bind at page ${vpn}: ${staged}`);
    return this.#tables.commitBind(staged);
  }

  /** Zeroes the entries of a range; tables stay. */
  zap(vpn: Vpn, pages: number): Command[] {
    return this.#tables.zap(vpn, vpn + pages);
  }

  /** Takes a range out: its entries or, where it was the last in a table, the entry that leads there, and so on up. */
  unbind(vpn: Vpn, pages: number): Command[] {
    return this.#tables.commitUnbind(this.#tables.stageUnbind(vpn, vpn + pages));
  }
}

function segmentsOf(pieces: readonly Piece[]): SegmentSource {
  return {
    forEachSegment(fn): void {
      let offset = 0;
      for (const { frame, pages } of pieces) {
        fn(offset, IN_VRAM, frame, pages);
        offset += pages;
      }
    },
  };
}

/** What page-table commands leave in `frames` frames from `first` on that held `pattern` before, by plain stores. */
export function storedTables(
  commands: readonly Command[],
  first: Frame,
  frames: number,
  pattern: number,
): Uint32Array[] {
  const tables = Array.from({ length: frames }, () => new Uint32Array(WORDS_PER_PAGE).fill(pattern));
  for (const command of commands) {
    if (command.op !== 'pteWrite' && command.op !== 'pteFill' && command.op !== 'zap') continue;
    const table = tables[command.table - first];
    assert(table !== undefined, () => `${command.op} of frame ${command.table}, outside of the tables`);
    if (command.op === 'pteWrite') table.set(command.entries, 2 * command.index);
    else storeOne(table, command.index, command.count, command.op === 'zap' ? [0, 0] : [command.lo, command.hi]);
  }
  return tables;
}

function storeOne(table: Uint32Array, index: number, count: number, entry: readonly [number, number]): void {
  for (let i = index; i < index + count; i++) table.set(entry, 2 * i);
}
