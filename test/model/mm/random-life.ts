// One random life of several processes on one machine, beside the oracle of what their bytes must be.
import { expect } from 'vitest';
import { isErrno } from '../../../src/base/errno.ts';
import { createRng, type Rng } from '../../../src/base/rng.ts';
import { cpuAtomicAdd, cpuWrite } from '../../../src/model/mm/cpu-access.ts';
import type { MemFile } from '../../../src/model/mm/file.ts';
import { filePunch, fileTruncate, fileWrite } from '../../../src/model/mm/file-ops.ts';
import type { Mm } from '../../../src/model/mm/mm.ts';
import { reclaimFree, swapOut } from '../../../src/model/mm/reclaim.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { ByteMachine } from './byte-machine.ts';
import { OracleProcess, truncate, type OracleFile } from './byte-oracle.ts';
import { Mirror } from './mirror.ts';

/** Virtual pages of a process that anything happens to. */
export const SPAN = 40;

export interface Process {
  readonly mm: Mm;
  readonly oracle: OracleProcess;
  readonly mirror: Mirror;
}

export class Life {
  readonly machine: ByteMachine;
  readonly counts: Record<string, number> = {};
  readonly processes: Process[] = [];
  readonly file: MemFile;
  readonly oracleFile: OracleFile = { pages: 12, content: new Map() };
  private readonly rng: Rng;

  constructor(seed: number, explore: boolean, system: number) {
    this.rng = createRng(seed).fork('operations');
    const options = explore ? { explore: createRng(seed).fork('order') } : {};
    this.machine = new ByteMachine({ system, device: 48, ...options });
    const content = (page: number): Uint32Array => new Uint32Array(1024).fill(7000 + page);
    for (let page = 0; page < 6; page++) this.oracleFile.content.set(page, content(page));
    this.file = this.machine.file({ pages: 12, content: (page) => (page < 6 ? content(page) : null) });
    const first = this.adopt(this.machine.spawn('first'), new OracleProcess());
    first.mm.mmap(0, SPAN);
    first.oracle.map(0, SPAN);
  }

  adopt(mm: Mm, oracle: OracleProcess): Process {
    const process = { mm, oracle, mirror: new Mirror(mm, this.machine.device.owner, SPAN) };
    this.processes.push(process);
    return process;
  }

  /**
   * `steps` calls one after the other. Children go on as programs of their own; where processes share files, whose order
   * of writes the oracle must know, one program calls for all of them in turns.
   */
  *program(process: Process, steps: number, files: boolean): Op<void> {
    for (let i = 0; i < steps; i++) {
      const caller = files ? (this.processes[this.rng.below(this.processes.length)] as Process) : process;
      const what = yield* this.call(caller, steps - i, files);
      this.counts[what] = (this.counts[what] ?? 0) + 1;
    }
  }

  /** What happens to a process without its doing; nothing of it may change a byte. `writes`: devices ask for write
   * permission, which copies pages of private file mappings early. */
  *weather(steps: number, writes: boolean): Op<void> {
    const { rng, machine } = this;
    for (let i = 0; i < steps; i++) {
      const process = this.processes[rng.below(this.processes.length)] as Process;
      const { start, end } = this.span();
      const what = rng.below(7);
      if (what === 0) yield* swapOut(process.mm, start, end);
      else if (what === 1) yield* reclaimFree(process.mm, start, end);
      else if (what === 2)
        this.count(`mirror ${yield* process.mirror.fault(start, end, writes && rng.below(2) === 0)}`);
      else if (what < 6) this.count(`toDevice ${yield* machine.device.toDevice(process.mm, start, end)}`);
      else {
        const device = [...process.mirror.entries.values()].filter(({ pfn }) => machine.world.pages.isDevice(pfn));
        const moved = yield* machine.device.evict(device.slice(0, 3).map(({ pfn }) => pfn));
        if (moved > 0) this.count('evicted');
      }
    }
  }

  problems(): string[] {
    return [...this.machine.problems(), ...this.processes.flatMap((process) => process.mirror.check())];
  }

  private count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  private span(): { start: number; end: number } {
    const start = this.rng.below(SPAN - 8);
    return { start, end: start + 1 + this.rng.below(8) };
  }

  private *call(process: Process, left: number, files: boolean): Op<string> {
    const { rng } = this;
    const { mm, oracle } = process;
    const { start, end } = this.span();
    switch (rng.below(files ? 24 : 22)) {
      case 0:
      case 1:
        return yield* this.map(process, start, end - start, files);
      case 2:
        if (rng.below(3) > 0) return yield* this.map(process, start, end - start, files);
        yield* mm.munmap(start, end);
        oracle.unmap(start, end);
        return 'munmap';
      case 3:
        return yield* this.protect(process, start, end);
      case 4:
      case 5:
        return yield* this.remap(process, start, end - start);
      case 6:
        return yield* this.fork(process, left, files);
      case 7:
        return yield* this.advise(process, start, end);
      case 8: {
        const pins = yield* mm.pin(start, start + 1, true);
        if (isErrno(pins)) return `pin ${pins}`;
        yield* this.machine.world.sched.sleepUntil(this.machine.world.sched.now + rng.below(4000));
        pins.release();
        oracle.copyFile(start, start + 1);
        return 'pin';
      }
      case 9:
        return yield* this.lock(process, start, end);
      case 22:
        return yield* this.changeFile();
      default:
        return yield* this.add(process, rng.below(SPAN));
    }
  }

  private *add({ mm, oracle }: Process, vpn: number): Op<string> {
    const value = 1 + this.rng.below(1000);
    const word = this.rng.below(1024);
    const access = this.rng.below(2) === 0 ? cpuWrite : cpuAtomicAdd;
    const found = yield* access(mm, vpn, word, value);
    const expected = oracle.add(vpn, word, value);
    expect(found, `add at ${vpn}`).toBe(expected);
    return `add ${typeof found === 'number' ? 'word' : found}`;
  }

  private *map({ mm, oracle }: Process, start: number, pages: number, files: boolean): Op<string> {
    const { rng } = this;
    const write = rng.below(4) > 0;
    const kind = rng.below(files ? 4 : 2);
    const offset = rng.below(8);
    const populate = rng.below(3) === 0;
    // Shared anonymous memory is a file of its own, of the mapping's length.
    const anonymous: OracleFile = { pages, content: new Map() };
    const shared = kind === 1 || kind === 3;
    const file = kind >= 2 ? { file: this.file, fileOffset: offset } : {};
    const at = yield* mm.map({ at: start, pages, fixed: true, write, shared, populate, ...file });
    expect(at).toBe(start);
    oracle.map(start, pages, {
      write,
      shared,
      file: kind >= 2 ? this.oracleFile : shared ? anonymous : null,
      offset: kind >= 2 ? offset : 0,
    });
    if (populate && write) oracle.copyFile(start, start + pages);
    return `map ${['private', 'shared', 'private file', 'shared file'][kind]}`;
  }

  private *protect({ mm, oracle }: Process, start: number, end: number): Op<string> {
    const read = this.rng.below(8) > 0;
    const write = read && this.rng.below(3) > 0;
    const status = yield* mm.mprotect(start, end, { read, write });
    for (let vpn = start; vpn < end; vpn++) {
      const slot = oracle.slots.get(vpn);
      if (slot === undefined) break;
      slot.read = read;
      slot.write = write;
    }
    return `mprotect ${status}`;
  }

  private *remap({ mm, oracle }: Process, start: number, pages: number): Op<string> {
    const vma = mm.findVma(start);
    const fits = vma !== null && start + pages <= vma.endVpn;
    const to = this.rng.below(SPAN - 8);
    const dontUnmap = this.rng.below(3) > 0;
    if (this.rng.below(4) === 0) return yield* this.resize({ mm, oracle }, start, pages, fits);
    const result = yield* mm.mremap({ from: start, pages, to, dontUnmap });
    const overlaps = to < start + pages && start < to + pages;
    expect(result).toBe(overlaps ? 'EINVAL' : fits ? to : 'EFAULT');
    if (result === to) {
      oracle.unmap(to, to + pages);
      oracle.move(start, pages, to, dontUnmap);
    }
    return `mremap ${result === to ? 'moved' : result}`;
  }

  private *resize(
    { mm, oracle }: Pick<Process, 'mm' | 'oracle'>,
    start: number,
    pages: number,
    fits: boolean,
  ): Op<string> {
    const newPages = pages > 1 && this.rng.below(2) === 0 ? pages - 1 : pages + 1;
    const result = yield* mm.mremap({ from: start, pages, newPages, mayMove: false });
    if (!fits) expect(result).toBe('EFAULT');
    else if (newPages < pages) oracle.unmap(start + newPages, start + pages);
    else if (result === start) oracle.grow(start + pages);
    else expect(result).toBe('ENOMEM');
    return `resize ${typeof result === 'number' ? Math.sign(newPages - pages) : result}`;
  }

  private *fork({ mm, oracle }: Process, left: number, files: boolean): Op<string> {
    if (this.processes.length > 4) return 'enough';
    const child = yield* mm.fork(`child ${this.processes.length}`);
    if (isErrno(child)) return `fork ${child}`;
    const process = this.adopt(this.machine.watch(child), oracle.fork());
    if (!files) this.machine.start(child.name, this.program(process, left, files));
    return 'fork';
  }

  private *advise({ mm, oracle }: Process, start: number, end: number): Op<string> {
    const free = this.rng.below(2) === 0;
    const before = Array.from({ length: end - start }, (_, i) => mm.findVma(start + i));
    const status = yield* mm.madvise(start, end, free ? 'FREE' : 'DONTNEED');
    // FREE leaves the choice between old content and zeroes open: write to all of it, so that the choice is made.
    for (let i = 0; i < before.length; i++) {
      const vma = before[i] ?? null;
      if (vma !== null && (vma.locked || (free && !vma.anonymous))) break;
      if (!free) oracle.discard(start + i, start + i + 1);
      else if (vma !== null) yield* this.wantAgain({ mm, oracle }, start + i);
    }
    return `${free ? 'FREE' : 'DONTNEED'} ${status}`;
  }

  private *wantAgain({ mm, oracle }: Pick<Process, 'mm' | 'oracle'>, vpn: number): Op<void> {
    if ((yield* cpuWrite(mm, vpn, 0, 1)) === 'SEGV') {
      // A read-only page cannot be claimed back: give it up for good.
      yield* mm.madvise(vpn, vpn + 1, 'DONTNEED');
      oracle.discard(vpn, vpn + 1);
      return;
    }
    const now = yield* this.machine.page(mm, vpn);
    const old = oracle.page(vpn);
    const kept = typeof now !== 'string' && [...now].every((word, i) => word === Number(old[i]) + (i === 0 ? 1 : 0));
    if (!kept) oracle.discard(vpn, vpn + 1);
    oracle.add(vpn, 0, 1);
    this.count(kept ? 'kept' : 'freed');
  }

  private *lock({ mm, oracle }: Process, start: number, end: number): Op<string> {
    if (this.rng.below(2) === 0) {
      yield* mm.munlock(start, end);
      return 'munlock';
    }
    const status = yield* mm.mlock(start, end);
    // A hole anywhere: nothing is populated.
    if ([...Array(end - start).keys()].some((i) => !oracle.slots.has(start + i))) {
      expect(status).toBe('ENOMEM');
      return 'mlock ENOMEM';
    }
    // Up to the first page that cannot be had, pages of private file mappings are copied.
    const stop = [...Array(end - start).keys()].find((i) => typeof oracle.page(start + i) === 'string');
    oracle.copyFile(start, stop === undefined ? end : start + stop);
    return `mlock ${status}`;
  }

  private *changeFile(): Op<string> {
    const { rng, oracleFile, file } = this;
    const page = rng.below(10);
    const oracles = this.processes.map((process) => process.oracle);
    switch (rng.below(3)) {
      case 0: {
        const words = new Uint32Array(1024).fill(rng.u32());
        yield* fileWrite(file, page, words);
        oracleFile.content.set(page, words);
        oracleFile.pages = Math.max(oracleFile.pages, page + 1);
        return 'pwrite';
      }
      case 1:
        yield* filePunch(file, page, page + 2);
        oracleFile.content.delete(page);
        oracleFile.content.delete(page + 1);
        return 'punch';
      default:
        yield* fileTruncate(file, 6 + page);
        truncate(oracleFile, oracles, 6 + page);
        return 'truncate';
    }
  }
}
