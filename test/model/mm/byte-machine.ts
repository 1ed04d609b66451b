// Several processes, a toy device and the CPU twin: every byte that the operations of mm leave behind can be read.
import { expect } from 'vitest';
import type { Rng } from '../../../src/base/rng.ts';
import { isErrno } from '../../../src/base/errno.ts';
import { createTwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import type { ModelEvent } from '../../../src/model/event/event.ts';
import { cpuFault } from '../../../src/model/mm/access.ts';
import { cpuRead, cpuWrite, type CpuResult } from '../../../src/model/mm/cpu-access.ts';
import { MemFile, type FileOptions } from '../../../src/model/mm/file.ts';
import { checkMm, watchEntries } from '../../../src/model/mm/invariants.ts';
import { createMm, type Mm } from '../../../src/model/mm/mm.ts';
import { PTE_KIND, pteKind, ptePfn } from '../../../src/model/mm/page-table.ts';
import { Injection } from '../../../src/model/sched/injection.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { Sched } from '../../../src/model/sched/sched.ts';
import { createWorld, type World } from '../../../src/model/world.ts';
import type { Executor } from '../../../src/engine/plan/executor.ts';
import { drive, runOp } from '../../support/drive.ts';
import { ToyDevice } from './toy-device.ts';

export interface ByteMachineOptions {
  readonly system?: number;
  readonly device?: number;
  readonly explore?: Rng;
}

export class ByteMachine {
  readonly world: World;
  readonly device: ToyDevice;
  readonly events: ModelEvent[] = [];
  readonly injection = new Injection();
  /** Violations of I37 in any process. */
  readonly watched: string[][] = [];
  private readonly executor: Executor;
  private readonly sizes: { readonly system: number; readonly device: number };

  constructor(options: ByteMachineOptions = {}) {
    const { system = 96, device = 64 } = options;
    this.sizes = { system, device };
    this.world = createWorld({
      systemPages: system,
      devicePages: [device],
      sched: new Sched(options.explore ? { explore: options.explore } : {}),
      cost: () => 700,
      events: { emit: (_now, event) => this.events.push(event) },
    });
    this.world.sched.injection = this.injection;
    this.device = new ToyDevice(this.world, 0, device);
    const spaces = [
      { name: 'system', pages: system },
      { name: 'vram0', pages: device },
    ];
    this.executor = createTwinExecutor({ spaces, accessCapacity: 64, faultCapacity: 64, tlbLines: 0 });
  }

  /** A process of its own, watched. */
  spawn(name = 'proc'): Mm {
    return this.watch(createMm(this.world, name));
  }

  watch(mm: Mm): Mm {
    this.watched.push(watchEntries(mm));
    return mm;
  }

  file(options: Partial<FileOptions> = {}): MemFile {
    return new MemFile(this.world, { name: 'file', pages: 16, ...options });
  }

  /** Runs one operation alone to its end and checks the invariants. */
  async run<T>(op: Op<T>): Promise<T> {
    const result = await runOp(this.world.sched, this.world.jobs, op, this.executor);
    this.check();
    return result;
  }

  async fork(mm: Mm, name = 'child'): Promise<Mm> {
    const child = await this.run(mm.fork(name));
    if (isErrno(child)) throw new Error(`fork: ${child}`);
    return this.watch(child);
  }

  start<T>(name: string, op: Op<T>): { result?: T } {
    const box: { result?: T } = {};
    this.world.sched.spawn(name, op, (result) => {
      box.result = result;
    });
    return box;
  }

  async finish(): Promise<void> {
    await drive(this.world.sched, this.world.jobs, this.executor);
    this.check();
  }

  problems(): string[] {
    return [...checkMm(this.world), ...this.watched.flat()];
  }

  check(): void {
    expect(this.problems()).toEqual([]);
  }

  /** Adds to a word of a page; returns the word before, or the signal. */
  add(mm: Mm, vpn: number, add: number, word = 0): Promise<CpuResult> {
    return this.run(cpuWrite(mm, vpn, word, add));
  }

  read(mm: Mm, vpn: number, word = 0): Promise<CpuResult> {
    return this.run(cpuRead(mm, vpn, word));
  }

  reads(mm: Mm, start: number, end: number): Promise<CpuResult[]> {
    return this.run(
      (function* () {
        const words: CpuResult[] = [];
        for (let vpn = start; vpn < end; vpn++) words.push(yield* cpuRead(mm, vpn, 0));
        return words;
      })(),
    );
  }

  /** All words of a page as a load of the CPU finds them, or the signal. */
  *page(mm: Mm, vpn: number): Op<Uint32Array | string> {
    const pfn = yield* cpuFault(mm, vpn, false);
    if (typeof pfn === 'string') return pfn;
    const frame = this.world.pages.frameOf(pfn);
    const fence = this.world.jobs.submit('cpu', 'look', [{ op: 'readback', space: 0, frame, pages: 1 }]);
    return (yield* fence.wait()).io;
  }

  /** Writes 100 + vpn to each page of [start, end). */
  async fill(mm: Mm, start: number, end: number): Promise<void> {
    for (let vpn = start; vpn < end; vpn++) await this.add(mm, vpn, 100 + vpn);
  }

  pfn(mm: Mm, vpn: number): number {
    return ptePfn(mm.table.get(vpn));
  }

  /** Name of the entry's kind. */
  kind(mm: Mm, vpn: number): string {
    const kind = pteKind(mm.table.get(vpn));
    return Object.entries(PTE_KIND).find(([, value]) => value === kind)?.[0] ?? '?';
  }

  /** Every process ends and every file closes: nothing may stay in use. */
  async end(files: readonly MemFile[] = []): Promise<void> {
    for (const mm of this.world.mms.values()) if (mm.users > 0) await this.run(mm.exit());
    for (const file of files) file.drop(0, Infinity);
    expect(this.inUse()).toEqual({ system: 0, device: 0 });
  }

  /** Frames in use. */
  inUse(): { system: number; device: number } {
    const { system, device } = this.sizes;
    return { system: system - 1 - this.world.pages.freeSystem, device: device - this.device.free.length };
  }
}

/** Areas as text: span, permissions, s(hared) or p(rivate). */
export function areas(mm: Mm): string[] {
  return [...mm.vmas()].map(
    (vma) =>
      `${vma.startVpn}-${vma.endVpn} ${vma.read ? 'r' : '-'}${vma.write ? 'w' : '-'}${vma.shared ? 's' : 'p'}${vma.locked ? ' locked' : ''}`,
  );
}

/** Records the events that reach [0, pages) of a process. */
export { Subscriber } from './machine.ts';
