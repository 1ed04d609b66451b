// One submission while it is being recorded: one encoder, at most one open pass, and what must be read back afterwards.
import { assert } from '../../base/assert.ts';
import { STRUCTS } from '../plan/layouts.gen.ts';
import { PARAM_SLOT_BYTES, ringRecords } from './buffers.ts';
import type { Machine } from './machine.ts';
import type { PendingJob } from './pending-job.ts';
import { layOut, type IoPiece, type SubmittedFlush } from './submitted-flush.ts';

const PARAM_SLOT_WORDS = PARAM_SLOT_BYTES / 4;
/** Timed passes that one command, with the batch that it closes, may need. */
const MARGIN = 8;

export class Flush {
  readonly #machine: Machine;
  readonly #encoder: GPUCommandEncoder;
  #pass: GPUComputePassEncoder | null = null;
  #ioWords = 0;
  #ringRecords = 0;
  #touched = false;
  /** Jobs whose last command is in this submission. */
  readonly #ending: PendingJob[] = [];
  readonly #ioPieces: IoPiece[] = [];
  readonly #bulkPieces: IoPiece[] = [];
  #bulk: GPUBuffer | null = null;
  #bulkWords = 0;
  readonly #accesses: { readonly job: PendingJob; readonly count: number }[] = [];
  readonly #marks: PendingJob[] = [];
  readonly #stamps: PendingJob[] = [];

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#encoder = machine.device.createCommandEncoder({ label: 'flush' });
  }

  /** True until something is recorded: host writes to buffers need no earlier submission to go first. */
  get untouched(): boolean {
    return !this.#touched;
  }

  /** True when there is nothing to submit and nobody to tell. */
  get empty(): boolean {
    return !this.#touched && this.#ending.length === 0;
  }

  /** Whether the small resources suffice for one more command of any kind. */
  get roomy(): boolean {
    const { limits, arenas, dispatchMargin } = this.#machine;
    return (
      arenas.params.room() >= dispatchMargin * PARAM_SLOT_WORDS &&
      // The batch that a command closes takes one, and the batch that its job's end closes another.
      this.#marks.length + 2 <= limits.marks &&
      this.#stamps.length + MARGIN <= limits.stamps
    );
  }

  get ioRoom(): number {
    return this.#machine.limits.ioWords - this.#ioWords;
  }

  /** Fault records that the ring still has room for, whatever the accesses recorded so far do. */
  get ringRoom(): number {
    return ringRecords(this.#machine.config) - this.#ringRecords;
  }

  /** Records a job's claim on the ring, at most the room. */
  claimRing(records: number): void {
    assert(records <= this.ringRoom, () => `${records} fault records, room for ${this.ringRoom}`);
    this.#ringRecords += records;
  }

  /** The open pass, or a new one. A timed job's passes are its own and are stamped. */
  pass(job: PendingJob): GPUComputePassEncoder {
    this.#touched = true;
    job.unstampedTail = false;
    this.#pass ??= this.#beginPass(job);
    return this.#pass;
  }

  /** Ends the open pass: what follows is another job's to time, or needs the encoder. */
  endPass(): void {
    this.#pass?.end();
    this.#pass = null;
  }

  /** The encoder, outside any pass. Copies have no stamps of their own: empty passes around them have. */
  encoder(job: PendingJob): GPUCommandEncoder {
    this.endPass();
    this.#touched = true;
    if (job.timed && !job.stamped) this.stampNow(job);
    job.unstampedTail = true;
    return this.#encoder;
  }

  /** An empty stamped pass. */
  stampNow(job: PendingJob): void {
    this.endPass();
    this.#touched = true;
    this.#beginPass(job).end();
    job.unstampedTail = false;
  }

  #beginPass(job: PendingJob): GPUComputePassEncoder {
    const { stamps } = this.#machine;
    if (!job.timed || stamps === null) return this.#encoder.beginComputePass({ label: job.job.label });
    const timestampWrites = stamps.writes(this.#stamps.length);
    this.#stamps.push(job);
    job.stamped = true;
    return this.#encoder.beginComputePass({ label: job.job.label, timestampWrites });
  }

  /** Words of io that kernels will write for the job's next words of io; the index of the first. At most `ioRoom`. */
  takeIo(job: PendingJob, words: number): number {
    const at = this.#ioWords;
    this.#ioWords += words;
    claim(this.#ioPieces, job, at, words);
    return at;
  }

  /** Number of the next ACCESS: its fault records carry it. */
  addAccess(job: PendingJob, count: number): number {
    return this.#accesses.push({ job, count }) - 1;
  }

  /** Slot that a batch of translated copies marks when it meets a fault. */
  addMark(job: PendingJob): number {
    return this.#marks.push(job) - 1;
  }

  /** Words that can still be read back in bulk; `wanted` sizes the buffer when it is the first. */
  bulkRoom(wanted: number): number {
    const words = Math.min(wanted, this.#machine.limits.bulkWords);
    this.#bulk ??= this.#machine.staging.take(words * 4);
    return this.#bulk.size / 4 - this.#bulkWords;
  }

  /** Copies words of a buffer to the host, as the job's next words of io. At most `bulkRoom`. */
  readBulk(job: PendingJob, source: GPUBuffer, offsetBytes: number, words: number): void {
    const at = this.#bulkWords;
    this.#bulkWords += words;
    claim(this.#bulkPieces, job, at, words);
    this.encoder(job).copyBufferToBuffer(source, offsetBytes, this.#bulk as GPUBuffer, at * 4, words * 4);
  }

  /** The job's last command has been recorded. */
  endJob(job: PendingJob): void {
    if (job.timed && job.unstampedTail) this.stampNow(job);
    this.#ending.push(job);
  }

  /** Sends everything to the device, in queue order: what the host wrote, then the commands. */
  submit(): SubmittedFlush {
    this.endPass();
    const flush = layOut({
      ending: this.#ending,
      ioPieces: this.#ioPieces,
      ioWords: this.#ioWords,
      bulkPieces: this.#bulkPieces,
      bulk: this.#bulk,
      bulkWords: this.#bulkWords,
      accesses: this.#accesses,
      ringRecords: this.#accesses.length === 0 ? 0 : this.#ringRecords,
      marks: this.#marks,
      stamps: this.#stamps,
      status: null,
    });
    const { device, staging } = this.#machine;
    if (flush.statusBytes > 0) flush.status = staging.take(flush.statusBytes);
    this.#copyStatus(flush);
    this.#writeArenas();
    device.queue.submit([this.#encoder.finish()]);
    return flush;
  }

  /** Everything small goes to the host in one buffer; ring, marks and io are zeroed by the same command buffer. */
  #copyStatus(flush: SubmittedFlush): void {
    const { status, sections } = flush;
    if (status === null) return;
    const { buffers, stamps } = this.#machine;
    const copy = (source: GPUBuffer, at: number, bytes: number): void => {
      if (bytes > 0) this.#encoder.copyBufferToBuffer(source, 0, status, at, bytes);
    };
    if (stamps !== null && this.#stamps.length > 0) {
      this.#encoder.resolveQuerySet(stamps.querySet, 0, 2 * this.#stamps.length, stamps.resolved, 0);
      copy(stamps.resolved, sections.stamps.at, sections.stamps.bytes);
    }
    copy(buffers.marks, sections.marks.at, sections.marks.bytes);
    copy(buffers.io, sections.io.at, sections.io.bytes);
    copy(buffers.faults, sections.ring.at, sections.ring.bytes);
    if (sections.marks.bytes > 0) this.#encoder.clearBuffer(buffers.marks, 0, sections.marks.bytes);
    if (sections.io.bytes > 0) this.#encoder.clearBuffer(buffers.io, 0, sections.io.bytes);
    if (sections.ring.bytes > 0) this.#encoder.clearBuffer(buffers.faults, 0, STRUCTS.FaultRing.fields.lastFaulted);
  }

  #writeArenas(): void {
    const { device, arenas, buffers } = this.#machine;
    for (const name of ['list', 'payload', 'params'] as const) {
      const { words, used } = arenas[name];
      if (used > 0) device.queue.writeBuffer(buffers[name], 0, words, 0, used);
      arenas[name].clear();
    }
  }
}

/** Notes where the job's next words of io come from; a continuation of the last piece is the same piece. */
function claim(pieces: IoPiece[], job: PendingJob, from: number, words: number): void {
  const last = pieces.at(-1);
  const to = job.ioTaken;
  job.ioTaken += words;
  if (last !== undefined && last.job === job && last.from + last.words === from && last.to + last.words === to)
    last.words += words;
  else pieces.push({ job, from, to, words });
}
