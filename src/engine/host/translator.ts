// Turns jobs whose system pages lie with the host into jobs for an executor that has none: copies become uploads and
// readbacks, commands on system memory become acts of the host, and everything else goes through.
//
// Acts are done in the order of their submission, each behind what it needs. Only an upload needs host memory at once: it
// waits, and with it all that follows, until no act that may write its frames is outstanding.
import { assert } from '../../base/assert.ts';
import type { Frame } from '../../base/units.ts';
import {
  ACCESS_RECORD_WORDS,
  ioWords,
  SYSTEM_SPACE,
  type Access,
  type AccessLoad,
  type AccessResult,
  type Chase,
  type Command,
  type Copy,
  type UploadPath,
} from '../plan/commands.ts';
import { AccessRecords, HostAccesses } from './host-accesses.ts';
import { writtenFrames, type HostCommand, type HostMemory } from './host-memory.ts';
import { HostOrder } from './host-order.ts';
import type { OuterJob } from './outer-job.ts';
import { Part, runsOf, type UnreadRange } from './part.ts';

const NO_WORDS = new Uint32Array(0);

/** Chained ACCESSes of one job, when they lie in several parts: each part must know how the one before ended. */
interface Chain {
  readonly outer: OuterJob;
  /** The last part that has one of them. */
  part: Part;
  /** An access of the chain is pending. */
  stopped: boolean;
}

export class Translator {
  readonly order: HostOrder;
  readonly #memory: HostMemory;
  readonly #accesses: HostAccesses;
  readonly #records: AccessRecords;
  readonly #via: UploadPath;
  readonly #send: (part: Part) => void;
  #part: Part | null = null;
  #chain: Chain | null = null;

  /** `send` takes the parts in order. `accesses`: entries of the access list. */
  constructor(memory: HostMemory, pages: number, accesses: number, via: UploadPath, send: (part: Part) => void) {
    this.order = new HostOrder(pages);
    this.#memory = memory;
    this.#accesses = new HostAccesses(memory, accesses);
    this.#records = new AccessRecords(accesses);
    this.#via = via;
    this.#send = send;
  }

  /** Translates and sends the rest of the job; false when it must be tried again after more acts have been done. */
  translate(outer: OuterJob): boolean {
    const { commands } = outer.job;
    let going = true;
    while (going && outer.next < commands.length) {
      going = this.#command(outer, commands[outer.next] as Command);
      if (going) outer.next++;
    }
    this.#close();
    outer.translated = going;
    return going;
  }

  /** False when the command must wait. */
  #command(outer: OuterJob, command: Command): boolean {
    switch (command.op) {
      case 'copy':
        return this.#copy(outer, command);
      case 'accessLoad':
        return this.#load(outer, command);
      case 'access':
        return command.translateOnly === true ? this.#overwrite(outer, command) : this.#access(outer, command);
      case 'accessResult':
        return this.#result(outer, command);
      case 'chase':
        return this.#overwrite(outer, command);
      case 'cpuAccess':
        return this.#onHost(outer, command);
      case 'pteWrite':
      case 'pteFill':
      case 'zap':
      case 'fill':
      case 'fillSeeded':
      case 'hash':
      case 'upload':
      case 'readback':
        return command.space === SYSTEM_SPACE ? this.#onHost(outer, command) : this.#pass(outer, command);
      default:
        return this.#pass(outer, command);
    }
  }

  /** The open part; a new one where there is none. */
  #open(outer: OuterJob): Part {
    assert(this.#part === null || this.#part.outer === outer, 'a part belongs to one job');
    this.#part ??= new Part(outer);
    return this.#part;
  }

  #close(): void {
    const part = this.#part;
    this.#part = null;
    part?.readAccesses();
    if (part !== null && part.commands.length + part.acts.length > 0) this.#send(part);
  }

  /** Does what the host has to do as soon as every act before it has been done. It may write the frames. */
  #act(outer: OuterJob, frame: Frame, pages: number, run: () => void): void {
    if (!this.order.idle) return void this.#open(outer).acts.push({ number: this.order.issue(frame, pages), run });
    if (pages > 0 && this.#part?.uploads(frame, pages) === true) this.#close();
    run();
  }

  #pass(outer: OuterJob, command: Command): boolean {
    this.#open(outer).pass(command, this.#takeIo(outer, command));
    return true;
  }

  /** Where the io of the next command begins. */
  #takeIo(outer: OuterJob, command: Command): number {
    const at = outer.ioTaken;
    outer.ioTaken += ioWords(command);
    return at;
  }

  #onHost(outer: OuterJob, command: HostCommand): boolean {
    const at = this.#takeIo(outer, command);
    const [frame, pages] = writtenFrames(command);
    outer.hostWork = true;
    this.#act(outer, frame, pages, () => this.#memory.run(command, at < outer.ioTaken ? outer.io : NO_WORDS, at));
    return true;
  }

  #copy(outer: OuterJob, command: Copy): boolean {
    const { srcSpace, srcFrame, dstSpace, dstFrame, pages } = command;
    if (srcSpace !== SYSTEM_SPACE && dstSpace !== SYSTEM_SPACE) return this.#pass(outer, command);
    if (srcSpace === dstSpace) return this.#onHost(outer, command);
    outer.hostWork = true;
    if (dstSpace === SYSTEM_SPACE) {
      for (const run of runsOf(dstFrame, srcSpace, srcFrame, pages)) {
        const part = this.#open(outer);
        if (part.joinDown(run)) this.order.extend(run.host, run.pages);
        else part.startDown(this.#memory, run, this.order.issue(run.host, run.pages));
      }
      return true;
    }
    if (!this.order.settled(srcFrame, pages)) return false;
    for (const run of runsOf(srcFrame, dstSpace, dstFrame, pages)) this.#open(outer).up(this.#memory, this.#via, run);
    return true;
  }

  #load(outer: OuterJob, command: AccessLoad): boolean {
    const { base, records } = command;
    const count = records.length / ACCESS_RECORD_WORDS;
    this.#part?.readBefore(base, count);
    this.#records.load(command);
    this.#act(outer, 0, 0, () => this.#accesses.forget(base, base + count));
    return this.#pass(outer, command);
  }

  /** Results are overwritten whatever they were: those that the host still needs are read first. */
  #overwrite(outer: OuterJob, command: Access | Chase): boolean {
    this.#part?.readBefore(command.base, command.count);
    return this.#pass(outer, command);
  }

  #access(outer: OuterJob, command: Access): boolean {
    const { base, count } = command;
    const chain = this.#chainOf(outer, command);
    if (chain.part !== this.#part && chain.stopped) return true;
    const part = this.#open(outer);
    chain.part = part;
    part.readBefore(base, count);
    const range: UnreadRange = { base, count, loaded: this.#records.over(base, count), ioAt: -1 };
    this.#pass(outer, command);
    part.addAccess(range);
    const run = (io: Uint32Array): void => {
      const performed = this.#accesses.perform(range, io, range.ioAt);
      if (performed.count > 0) outer.hostWork = true;
      if (performed.pending) chain.stopped = true;
    };
    part.acts.push({ number: this.order.issueAnywhere(), run });
    return true;
  }

  /** The chain that the command belongs to. A job is cut only where every access before has been taken up. */
  #chainOf(outer: OuterJob, { chained }: Access): Chain {
    const chain = this.#chain;
    if (chained && chain?.outer === outer) {
      assert(chain.part === this.#part || chain.part.applied, 'a chain goes on before it is known how it went');
      return chain;
    }
    this.#chain = { outer, part: this.#open(outer), stopped: false };
    return this.#chain;
  }

  #result(outer: OuterJob, command: AccessResult): boolean {
    const { base, count } = command;
    const part = this.#open(outer);
    const from = part.add(command);
    const to = this.#takeIo(outer, command);
    const words = ioWords(command);
    part.readHere(base, count, from);
    const run = (io: Uint32Array): void => {
      outer.io.set(io.subarray(from, from + words), to);
      this.#accesses.overlay(base, outer.io, to, to + words);
    };
    part.acts.push({ number: this.order.issue(0, 0), run });
    return true;
  }
}
