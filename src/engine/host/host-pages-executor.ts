// The executor whose system pages lie in host memory: it moves them to a device by uploads and home by readbacks, around
// an executor of either kind that holds everything else.
import { assert } from '../../base/assert.ts';
import { SYSTEM_SPACE, type UploadPath } from '../plan/commands.ts';
import { DeviceLostError, type Executor, type ExecutorConfig, type ExecutorInfo } from '../plan/executor.ts';
import type { Completion, Job } from '../plan/job.ts';
import { validateCommand, validateJob } from '../plan/validate.ts';
import { HostMemory } from './host-memory.ts';
import { OuterJob } from './outer-job.ts';
import type { Part } from './part.ts';
import { Translator } from './translator.ts';

export interface HostPagesOptions {
  /** How pages go up. Default `writeBuffer`. */
  readonly uploadPath?: UploadPath;
  /**
   * True where the executor inside has read the words of a job when `submit` returns: uploads are then views of host
   * memory. Default false: they are copies.
   */
  readonly readsAtSubmit?: boolean;
}

/** What the executor inside is opened with: the same, but without the bytes of system memory. */
export function innerConfig(config: ExecutorConfig): ExecutorConfig {
  const spaces = config.spaces.map((space, id) => (id === SYSTEM_SPACE ? { ...space, host: true as const } : space));
  return { ...config, spaces };
}

const NO_WORDS = new Uint32Array(0);

/** Completions come in the order of submission, whatever the order of the executor inside. */
export class HostPagesExecutor implements Executor {
  readonly info: ExecutorInfo;
  readonly config: ExecutorConfig;
  readonly #inner: Executor;
  readonly #memory: HostMemory;
  readonly #translator: Translator;
  readonly #readsAtSubmit: boolean;
  /** Submitted and not completed. */
  readonly #jobs: OuterJob[] = [];
  /** Those of them that are not translated to their end. */
  readonly #waiting: OuterJob[] = [];
  /** Sent and not taken up, in order. */
  readonly #parts: { readonly part: Part; readonly seq: number | null; completion: Completion | null }[] = [];
  #done: Completion[] = [];
  #lastSeq = 0;
  #innerSeq = 0;
  #settling: Promise<void> | null = null;
  #broken: Error | null = null;

  /** `inner` was opened with `innerConfig(config)`. Throws a RangeError where the host has no room for system memory. */
  constructor(inner: Executor, config: ExecutorConfig, options: HostPagesOptions = {}) {
    const pages = config.spaces[SYSTEM_SPACE]?.pages ?? 0;
    assert(inner.config.spaces[SYSTEM_SPACE]?.host === true, 'the executor inside has system pages of its own');
    this.info = { ...inner.info, hostPages: true };
    this.config = config;
    this.#inner = inner;
    this.#memory = new HostMemory(pages);
    this.#readsAtSubmit = options.readsAtSubmit ?? false;
    const via = options.uploadPath ?? 'writeBuffer';
    this.#translator = new Translator(this.#memory, pages, config.accessCapacity, via, (part) => this.#send(part));
  }

  /**
   * Throws on a job that does not validate. Beyond what the configuration forbids, no copy by addresses, no peer copy and
   * no walk may touch system memory: a device cannot reach into the host's.
   */
  submit(job: Job): void {
    if (this.#broken !== null) throw this.#broken;
    const wrong = validateJob(job, this.config) ?? this.#outOfReach(job);
    assert(wrong === null, () => wrong ?? '');
    assert(job.seq > this.#lastSeq, () => `seq ${job.seq} follows ${this.#lastSeq}: fence numbers rise`);
    this.#lastSeq = job.seq;
    const outer = new OuterJob(job);
    this.#jobs.push(outer);
    this.#waiting.push(outer);
    this.#advance();
  }

  flush(): void {
    this.#inner.flush();
  }

  take(): Completion[] {
    try {
      if (this.#broken === null) this.#advance();
    } catch {
      // Taking never throws: `submit` and `settled` tell what happened.
    }
    const done = this.#done;
    this.#done = [];
    return done;
  }

  settled(): Promise<void> {
    // Callers that wait at the same time wait for one loop: each turn of it may make the executor inside run a job.
    this.#settling ??= this.#settle().finally(() => (this.#settling = null));
    return this.#settling;
  }

  destroy(): void {
    this.#broken ??= new DeviceLostError('the executor was destroyed');
    this.#inner.destroy();
  }

  /** The live words of system memory, for tests only. */
  peek(): Uint32Array {
    return this.#memory.words;
  }

  #outOfReach({ seq, commands }: Job): string | null {
    for (const [i, command] of commands.entries()) {
      if (!['copyTranslated', 'copyBaseline', 'access', 'chase'].includes(command.op)) continue;
      const wrong = validateCommand(command, this.#inner.config);
      if (wrong !== null) return `job ${seq}, command ${i} ${command.op}: ${wrong}`;
    }
    return null;
  }

  async #settle(): Promise<void> {
    for (;;) {
      if (this.#broken !== null) throw this.#broken;
      this.#advance();
      if (this.#done.length > 0 || this.#jobs.length === 0) return;
      await this.#inner.settled();
    }
  }

  /** Takes up what has arrived, then goes on where it made room. */
  #advance(): void {
    try {
      for (const completion of this.#inner.take()) this.#arrived(completion);
      this.#applyArrived();
      // Before new work is handed over: what has come back is there although the device may be gone by now.
      this.#complete();
      this.#translateWaiting();
      this.#complete();
    } catch (error) {
      this.#broken ??= error as Error;
      throw error;
    }
  }

  #arrived(completion: Completion): void {
    const entry = this.#parts.find(({ seq }) => seq === completion.seq);
    assert(entry !== undefined, () => `inner job ${completion.seq} is nobody's`);
    entry.completion = completion;
  }

  /** In the order of parts: an executor that reorders its queues must not reorder what the host does. */
  #applyArrived(): void {
    for (let head = this.#parts[0]; head !== undefined; head = this.#parts[0]) {
      if (head.seq !== null && head.completion === null) return;
      this.#parts.shift();
      this.#apply(head.part, head.completion);
    }
  }

  #apply(part: Part, completion: Completion | null): void {
    const { order } = this.#translator;
    const io = completion?.io ?? NO_WORDS;
    for (const { number, run } of part.acts) {
      // A job that failure injection left out answers nothing, and the host has nothing to do for it.
      if (completion?.status !== 'injected') run(io);
      if (number > 0) order.done(number);
    }
    if (completion !== null) part.outer.add(completion);
    part.outer.open--;
    part.applied = true;
  }

  #translateWaiting(): void {
    for (let head = this.#waiting[0]; head !== undefined; head = this.#waiting[0]) {
      if (!this.#translator.translate(head)) {
        assert(this.#parts.length > 0, () => `job ${head?.job.seq} waits for nothing`);
        // What it waits for must not wait for somebody to flush.
        return this.#inner.flush();
      }
      this.#waiting.shift();
    }
  }

  #send(part: Part): void {
    const { outer, commands } = part;
    outer.open++;
    if (commands.length === 0) return void this.#parts.push({ part, seq: null, completion: null });
    if (!this.#readsAtSubmit) part.ownWords();
    const { queue, label, timed } = outer.job;
    const seq = ++this.#innerSeq;
    this.#parts.push({ part, seq, completion: null });
    this.#inner.submit({ seq, queue, label, commands, timed });
  }

  #complete(): void {
    for (let head = this.#jobs[0]; head?.translated === true && head.open === 0; head = this.#jobs[0]) {
      this.#jobs.shift();
      this.#done.push(head.completion());
    }
  }
}
