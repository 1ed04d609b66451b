// One GPU address space on the twin, for tests of accesses: load, run and read back in one call, table writes included.
import { vaHi, vaLo } from '../../src/base/units.ts';
import type { Access, Command } from '../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../src/engine/plan/executor.ts';
import type { Completion } from '../../src/engine/plan/job.ts';
import { createTwinExecutor, type TwinExecutor } from '../../src/engine/twin/twin-executor.ts';
import { PageTables } from './page-tables.ts';

export const ASID = 0xabcde;
/** Page number of a high address: 0x1fe_dcba_9876_5000 needs 57 bits. */
export const V = 0x1fedcba98765;

/** Frames 0 … 7 of VRAM hold data, tables come after. */
export class AccessBench {
  readonly twin: TwinExecutor;
  readonly tables: PageTables;
  #seq = 0;
  #next = 8;

  constructor(change: Partial<ExecutorConfig> = {}, level = 4) {
    const spaces = [
      { name: 'system', pages: 8 },
      { name: 'vram0', pages: 64 },
    ];
    this.twin = createTwinExecutor({ spaces, accessCapacity: 0x10000, faultCapacity: 8, tlbLines: 16, ...change });
    this.tables = new PageTables(1, level, () => this.#next++);
  }

  /** Runs table writes made so far, then `commands`. */
  async run(...commands: Command[]): Promise<Completion> {
    this.#seq++;
    this.twin.submit({
      seq: this.#seq,
      queue: 'q',
      label: '',
      timed: false,
      commands: [...this.tables.take(), ...commands],
    });
    await this.twin.settled();
    return this.twin.take()[0] as Completion;
  }

  step(count: number, change: Partial<Access> = {}): Access {
    return { op: 'access', asid: ASID, root: this.tables.root, base: 0, count, tlb: false, chained: false, ...change };
  }

  /** Loads one access, runs it and reads its result: io is [status, value]. */
  one(vpn: number, kind: number, operand = 0, offset = 0, tlb = false): Promise<Completion> {
    return this.run(load(vpn, kind, operand, offset), this.step(1, { tlb }), { op: 'accessResult', base: 0, count: 1 });
  }
}

/** Words of one access record; `offset` in bytes. */
export function record(vpn: number, kind: number, operand = 0, offset = 0): number[] {
  return [vaLo(vpn) + offset, vaHi(vpn), kind, operand];
}

export function load(vpn: number, kind: number, operand = 0, offset = 0, base = 0): Command {
  return { op: 'accessLoad', base, records: Uint32Array.from(record(vpn, kind, operand, offset)) };
}
