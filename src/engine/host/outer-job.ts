// A job as its submitter sees it, between submission and completion: gathered from the parts that ran for it.
import { ioWords } from '../plan/commands.ts';
import type { Completion, Job, JobStatus } from '../plan/job.ts';

const NO_WORDS = new Uint32Array(0);

export class OuterJob {
  readonly job: Job;
  /** Index of the next command to translate. */
  next = 0;
  /** Words of io that translated commands have claimed. */
  ioTaken = 0;
  /** Parts that were sent and have not been taken up. */
  open = 0;
  /** Every command is in a part, or done. */
  translated = false;
  /** The host has moved or touched bytes for it: the device's time is not the time that it takes. */
  hostWork = false;
  #io: Uint32Array | null = null;
  #parts = 0;
  #faults: Uint32Array[] = [];
  #dropped = 0;
  #status: JobStatus = 'ok';
  #gpuNs: number | null = null;

  constructor(job: Job) {
    this.job = job;
  }

  /** Words that its commands return. */
  get io(): Uint32Array {
    this.#io ??= new Uint32Array(this.ioLength);
    return this.#io;
  }

  get ioLength(): number {
    return this.job.commands.reduce((sum, command) => sum + ioWords(command), 0);
  }

  /** All of its io at once, as a part returned it. */
  adoptIo(words: Uint32Array): void {
    this.#io = words;
  }

  /** Takes up what a part returned, its io aside. */
  add({ faults, dropped, status, gpuNs }: Completion): void {
    this.#parts++;
    if (faults.length > 0) this.#faults.push(faults);
    this.#dropped += dropped;
    if (status !== 'ok' && this.#status !== 'injected') this.#status = status;
    this.#gpuNs = gpuNs;
  }

  completion(): Completion {
    const { seq } = this.job;
    if (this.#status === 'injected')
      return { seq, status: 'injected', faults: NO_WORDS, dropped: 0, io: NO_WORDS, gpuNs: null };
    const gpuNs = this.hostWork || this.#parts !== 1 ? null : this.#gpuNs;
    const faults = joined(this.#faults);
    return { seq, status: this.#status, faults, dropped: this.#dropped, io: this.io, gpuNs };
  }
}

function joined(parts: readonly Uint32Array[]): Uint32Array {
  if (parts.length <= 1) return parts[0] ?? NO_WORDS;
  const all = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
