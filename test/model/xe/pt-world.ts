// A world for page-table tests: one device's VRAM, a twin executor whose bytes can be read, and a walker of its own.
import { createTwinExecutor, type TwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import type { Command } from '../../../src/engine/plan/commands.ts';
import { SILENT } from '../../../src/model/event/event.ts';
import { JobQueue } from '../../../src/model/sched/job-queue.ts';
import { Sched } from '../../../src/model/sched/sched.ts';
import { VramManager } from '../../../src/model/vram/vram.ts';
import { PageTables, type PageTablesConfig, type SegmentSource, type StagedBind } from '../../../src/model/xe/pt.ts';
import { drive } from '../../support/drive.ts';

export const SYSTEM_PAGES = 1024;
export const VRAM = 1;
/** 0x7f0000000000: the address of the golden vectors (xe.md §5.10). */
export const B = 0x7f0000000000 / 4096;
export const K64 = 16;
export const M2 = 512;

export interface PtWorld {
  readonly sched: Sched;
  readonly jobs: JobQueue;
  readonly vram: VramManager;
  readonly pt: PageTables;
  readonly twin: TwinExecutor;
  /** Runs everything that was submitted, and the tasks that free tables. */
  settle(): Promise<void>;
  /** VRAM contents. */
  words(): Uint32Array;
}

export interface PtWorldOptions extends Partial<Omit<PageTablesConfig, 'vram' | 'jobs'>> {
  readonly vramPages?: number;
}

export function makePtWorld(options: PtWorldOptions = {}): PtWorld {
  const { vramPages = 2048, ...config } = options;
  const sched = new Sched();
  const jobs = new JobQueue(sched, () => 1);
  const vram = new VramManager({ sched, events: SILENT }, { device: 0, pages: vramPages, dataPages: vramPages });
  const twin = createTwinExecutor({
    spaces: [
      { name: 'system', pages: SYSTEM_PAGES },
      { name: 'vram0', pages: vramPages },
    ],
    accessCapacity: 64,
    faultCapacity: 64,
    tlbLines: 0,
  });
  // Recycled memory holds old bytes: nothing may rely on zeroes that no command wrote.
  twin.peek(VRAM).fill(0xdeadbeef);
  const pt = new PageTables({ vram, jobs, queue: 'copy0', space: VRAM, rootLevel: 4, asid: 1, ...config });
  return {
    sched,
    jobs,
    vram,
    pt,
    twin,
    settle: () => drive(sched, jobs, twin),
    words: () => twin.peek(VRAM),
  };
}

/** [proto, frame, pages] one after the other. */
export type Segment = readonly [proto: 0 | 1 | 2, frame: number, pages: number];

export function segments(...list: readonly Segment[]): SegmentSource {
  return {
    forEachSegment(fn) {
      let offset = 0;
      for (const [proto, frame, pages] of list) {
        fn(offset, proto, frame, pages);
        offset += pages;
      }
    },
  };
}

/** `pages` pages in pieces of `piece` pages whose frames do not follow each other; each is aligned to its size. */
export function scattered(proto: 0 | 1, pages: number, piece: number): SegmentSource {
  return segments(...Array.from({ length: pages / piece }, (_, i): Segment => [proto, 2 * i * piece, piece]));
}

export const READ_WRITE = { write: true, atomicEnable: true, pat: 2 } as const;

/** Updates as the reference writes them. */
export function updates(staged: { updates: readonly { level: number; first: number; count: number }[] }): number[][] {
  return staged.updates.map(({ level, first, count }) => [level, first, count]);
}

/** Kinds of leaves that were put, without the zero ones. */
export function leaves(staged: StagedBind): Record<string, number> {
  return Object.fromEntries(Object.entries(staged.leaves).filter(([, count]) => count > 0));
}

export function stage(world: PtWorld, start: number, source: SegmentSource | null, pages: number): StagedBind {
  const staged = world.pt.stageBind(start, start + pages, source, READ_WRITE);
  if (typeof staged === 'string') throw new Error(staged);
  return staged;
}

/** Stages, commits and submits a bind. */
export function bind(world: PtWorld, start: number, source: SegmentSource | null, pages: number): StagedBind {
  const staged = stage(world, start, source, pages);
  world.pt.submit('bind', world.pt.commitBind(staged));
  return staged;
}

/** Stages, commits and submits an unbind; returns its updates. */
export function unbind(world: PtWorld, start: number, pages: number): number[][] {
  const staged = world.pt.stageUnbind(start, start + pages);
  const list = updates(staged);
  world.pt.submit('unbind', world.pt.commitUnbind(staged));
  return list;
}

/** Zaps and submits; returns (level, first, count) of each ZAP, levels by position of its table in `levelOf`. */
export function zap(world: PtWorld, start: number, pages: number): number[][] {
  const commands = world.pt.zap(start, start + pages);
  world.pt.submit('zap', commands);
  return commands.map((command) => zapTriple(world, command));
}

function zapTriple(world: PtWorld, command: Command): number[] {
  if (command.op !== 'zap') throw new Error(`${command.op} among zaps`);
  return [levelOf(world, command.table), command.index, command.count];
}

function levelOf(world: PtWorld, frame: number): number {
  const find = (node: typeof world.pt.top): number | null => {
    if (node.frame === frame) return node.level;
    for (let i = 0; node.level > 0 && i < 512; i++) {
      const child = node.childAt(i);
      const level = child === null ? null : find(child);
      if (level !== null) return level;
    }
    return null;
  };
  return find(world.pt.top) ?? -1;
}

/** 'vram:frame' or 'system:frame' with the entry's low flag bits, 'null', or 'absent:level'. */
export interface Translation {
  readonly kind: 'vram' | 'system' | 'null' | 'absent';
  readonly frame: number;
  readonly level: number;
  readonly flags: number;
}

/** The walk of xe.md §5.8 once more, written from the text with plain divisions instead of shifts. */
export function walk(words: Uint32Array, root: { frame: number; level: number }, vpn: number): Translation {
  let table = root.frame;
  let compact = false;
  for (let level = root.level; ; level--) {
    const span = compact ? 16 : 512 ** level;
    const index = Math.floor(vpn / span) % (compact ? 32 : 512);
    const lo = words[table * 1024 + index * 2] as number;
    const hi = words[table * 1024 + index * 2 + 1] as number;
    if (lo % 2 === 0) return { kind: 'absent', frame: 0, level, flags: lo & 0xfff };
    const address = Math.floor(lo / 4096) + (hi % 0x100000) * 0x100000;
    const isLeaf = level === 0 || (level <= 2 && (lo & 0x80) !== 0);
    if (isLeaf) {
      const frame = Math.floor(address / span) * span + (vpn % span);
      const kind = (lo & 0x200) !== 0 ? 'null' : (lo & 0x800) !== 0 ? 'vram' : 'system';
      return { kind, frame, level, flags: lo & 0xfff };
    }
    compact = level === 1 && (lo & 0x40) !== 0;
    table = address;
    if (table * 1024 >= words.length) throw new Error(`walk of ${vpn} leaves VRAM at level ${level}: frame ${table}`);
  }
}
