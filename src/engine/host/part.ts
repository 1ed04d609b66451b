// One inner job: commands for the executor inside, and what the host does, in order, when their answers are there.
import { WORDS_PER_PAGE, type Frame } from '../../base/units.ts';
import { ACCESS_RESULT_WORDS, ioWords, type Command, type SpaceId, type UploadPath } from '../plan/commands.ts';
import type { AccessRange } from './host-accesses.ts';
import type { HostMemory } from './host-memory.ts';
import type { OuterJob } from './outer-job.ts';

/** Pages of one upload or readback at most, 8 MiB: what a device stages at once. */
const MOST_PAGES = 2048;

export interface Act {
  /** Its number in HostOrder; 0 for what has nothing to do with host memory. */
  readonly number: number;
  /** `io` are the words that the part's commands returned. */
  readonly run: (io: Uint32Array) => void;
}

/** Words of the part's io that are the outer job's io as they are. */
interface IoMove {
  readonly from: number;
  readonly to: number;
  words: number;
}

/** A copy between host and device: so many pages from frame `host` on and from (space, frame) on. */
interface Run {
  readonly host: Frame;
  readonly space: SpaceId;
  readonly frame: Frame;
  readonly pages: number;
}

/** A run that a command of the part moves; it may grow. */
interface Transfer extends Run {
  pages: number;
  /** Place of the command. */
  readonly index: number;
}

/** An ACCESS whose results have not been asked for yet; then, word `ioAt` of the part's io. */
export interface UnreadRange extends AccessRange {
  ioAt: number;
}

export class Part {
  readonly outer: OuterJob;
  readonly commands: Command[] = [];
  readonly acts: Act[] = [];
  /** Its completion was taken up and its acts are done. */
  applied = false;
  #ioWords = 0;
  #move: IoMove | null = null;
  #up: Transfer | null = null;
  #down: Transfer | null = null;
  /** Number of the act of `#down`. */
  #downAct = 0;
  readonly #ups: Transfer[] = [];
  #unread: UnreadRange[] = [];

  constructor(outer: OuterJob) {
    this.outer = outer;
  }

  /** Adds a command for the executor inside; where its io begins. */
  add(command: Command): number {
    const at = this.#ioWords;
    this.commands.push(command);
    this.#ioWords += ioWords(command);
    return at;
  }

  /** Adds a command whose io is the outer job's io from word `to` on. */
  pass(command: Command, to: number): void {
    const words = ioWords(command);
    const from = this.add(command);
    if (words === 0) return;
    const last = this.#move;
    if (last !== null && last.from + last.words === from && last.to + last.words === to) last.words += words;
    else this.#moveIo({ from, to, words });
  }

  #moveIo(move: IoMove): void {
    this.#move = move;
    this.acts.push({ number: 0, run: (io) => this.#runMove(move, io) });
  }

  #runMove({ from, to, words }: IoMove, io: Uint32Array): void {
    const { outer } = this;
    const whole = this.acts.length === 1 && words === io.length && words === outer.ioLength;
    if (whole) outer.adoptIo(io);
    else outer.io.set(io.subarray(from, from + words), to);
  }

  /** Copies host frames to a device: one upload a run of frames that are neighbours on both sides. */
  up(memory: HostMemory, via: UploadPath, run: Run): void {
    const joined = continues(this.#up, run, this.commands.length);
    const up = joined ?? { ...run, index: this.commands.length };
    if (joined === null) this.#ups.push(up);
    else joined.pages += run.pages;
    this.#up = up;
    const words = memory.frames(up.host, up.pages);
    this.commands[up.index] = { op: 'upload', space: up.space, frame: up.frame, words, via };
  }

  /** True when an upload of this part, not sent yet, would see a change of the frames. */
  uploads(frame: Frame, pages: number): boolean {
    return this.#ups.some((up) => frame < up.host + up.pages && up.host < frame + pages);
  }

  /** Gives every upload its own copy of the words, for executors that read them only when they run a job. */
  ownWords(): void {
    for (const { index } of this.#ups) {
      const command = this.commands[index];
      if (command?.op === 'upload') this.commands[index] = { ...command, words: command.words.slice() };
    }
  }

  /** Goes on with the last readback where the run continues it and nothing came between. Its act writes these frames too. */
  joinDown(run: Run): boolean {
    const down = continues(this.#down, run, this.commands.length);
    if (down === null || this.acts.at(-1)?.number !== this.#downAct) return false;
    down.pages += run.pages;
    this.commands[down.index] = { op: 'readback', space: down.space, frame: down.frame, pages: down.pages };
    this.#ioWords += run.pages * WORDS_PER_PAGE;
    return true;
  }

  /** Reads device frames back; act `number` puts them into host memory. */
  startDown(memory: HostMemory, run: Run, number: number): void {
    const down = { ...run, index: this.commands.length };
    const from = this.add({ op: 'readback', space: down.space, frame: down.frame, pages: down.pages });
    this.#down = down;
    this.#downAct = number;
    const store = (io: Uint32Array): void =>
      memory.words.set(io.subarray(from, from + down.pages * WORDS_PER_PAGE), down.host * WORDS_PER_PAGE);
    this.acts.push({ number, run: store });
  }

  /** Notes an ACCESS whose results the host must see. */
  addAccess(range: UnreadRange): void {
    this.#unread.push(range);
  }

  /** Something will change results of [base, base + count): what is unread there must be read before. */
  readBefore(base: number, count: number): void {
    const touched = this.#unread.some((range) => base < range.base + range.count && range.base < base + count);
    if (touched) this.readAccesses();
  }

  /** The results of [base, base + count) begin at word `ioAt`: whatever is unread among them need not be read again. */
  readHere(base: number, count: number, ioAt: number): void {
    for (const range of this.#unread) {
      if (range.base < base || range.base + range.count > base + count) continue;
      range.ioAt = ioAt + (range.base - base) * ACCESS_RESULT_WORDS;
    }
    this.#unread = this.#unread.filter((range) => range.ioAt < 0);
  }

  /** Asks for the results of every ACCESS that has not been read; neighbours share one command. */
  readAccesses(): void {
    for (let first = 0; first < this.#unread.length;) {
      const { base } = this.#unread[first] as UnreadRange;
      let end = base;
      for (; this.#unread[first]?.base === end; first++) end += (this.#unread[first] as UnreadRange).count;
      const ioAt = this.add({ op: 'accessResult', base, count: end - base });
      for (const range of this.#unread.slice(0, first))
        if (range.ioAt < 0) range.ioAt = ioAt + (range.base - base) * ACCESS_RESULT_WORDS;
    }
    this.#unread = [];
  }
}

/** `last` where it is the newest command and `run` goes on where it ends, on both sides. */
function continues(last: Transfer | null, run: Run, commands: number): Transfer | null {
  if (last === null || last.index !== commands - 1 || last.space !== run.space) return null;
  const joins = last.host + last.pages === run.host && last.frame + last.pages === run.frame;
  return joins && last.pages + run.pages <= MOST_PAGES ? last : null;
}

/** A copy between system memory and a device in runs of at most MOST_PAGES pages. */
export function* runsOf(host: Frame, space: SpaceId, frame: Frame, pages: number): Generator<Run> {
  for (let done = 0; done < pages; done += MOST_PAGES)
    yield { host: host + done, space, frame: frame + done, pages: Math.min(MOST_PAGES, pages - done) };
}
