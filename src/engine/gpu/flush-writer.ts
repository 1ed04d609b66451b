// Records jobs into submissions: gathers neighbouring commands into one dispatch, and begins a new submission when full.
import { assert } from '../../base/assert.ts';
import { PARAM_SLOT_BYTES } from './buffers.ts';
import { Flush } from './flush.ts';
import { IndexRanges } from './index-ranges.ts';
import type { Machine } from './machine.ts';
import type { PendingJob } from './pending-job.ts';
import type { VariantName } from './pipelines.ts';
import { STRUCTS } from '../plan/layouts.gen.ts';
import type { SegmentId } from './segments.ts';
import { structWords, writeFields, type FieldOf, type StructName } from './struct-words.ts';
import type { SubmittedFlush } from './submitted-flush.ts';

const PARAM_SLOT_WORDS = PARAM_SLOT_BYTES / 4;

/** What a list can hold: the struct of its items, and how a run of them becomes a dispatch. */
export interface BatchKind {
  readonly struct: StructName;
  readonly emit: (writer: FlushWriter, batch: Batch) => void;
  /** Commands of different jobs share no batch. */
  readonly withinJob?: boolean;
}

/** Items of one coming dispatch, neighbours in the list, all about segments `a` and `b`. */
export interface Batch {
  readonly kind: BatchKind;
  readonly a: SegmentId;
  readonly b: SegmentId;
  /** Index of the first item in the list, counted in items. */
  readonly first: number;
  count: number;
}

export class FlushWriter {
  readonly machine: Machine;
  readonly #submitted: (flush: SubmittedFlush) => void;
  #flush: Flush | null = null;
  #job: PendingJob | null = null;
  /** Fault records that the job being recorded may leave: every submission it takes part in keeps room for them. */
  #jobFaults = 0;
  #batch: Batch | null = null;
  readonly #written = new IndexRanges();
  readonly #read = new IndexRanges();

  /** `submitted` is told of every submission as it goes out. */
  constructor(machine: Machine, submitted: (flush: SubmittedFlush) => void) {
    this.machine = machine;
    this.#submitted = submitted;
  }

  get flush(): Flush {
    if (this.#flush === null) {
      this.#flush = new Flush(this.machine);
      this.#flush.claimRing(this.#jobFaults);
    }
    return this.#flush;
  }

  get job(): PendingJob {
    assert(this.#job !== null, 'a command is encoded outside any job');
    return this.#job;
  }

  /** `faults`: records that the job's accesses may leave at most. */
  beginJob(job: PendingJob, faults: number): void {
    if (faults > this.flush.ringRoom) this.split();
    this.flush.claimRing(faults);
    this.#jobFaults = faults;
    // A timed job shares no dispatch and no pass with its neighbours.
    if (job.timed) this.closeBatch();
    if (job.timed) this.flush.endPass();
    this.#job = job;
  }

  endJob(): void {
    const { job } = this;
    if (job.timed || this.openKind?.withinJob === true) this.closeBatch();
    this.flush.endJob(job);
    if (job.timed) this.flush.endPass();
    this.#jobFaults = 0;
  }

  /** Before each command: begins a new submission when one of the small resources runs out. */
  makeRoom(): void {
    if (!this.flush.roomy) this.split();
  }

  /** Sends what has been recorded; the job goes on in the next submission. */
  split(): void {
    this.closeBatch();
    const flush = this.#flush;
    this.#flush = null;
    if (flush === null || flush.empty) return;
    this.machine.uploads.unmap();
    const sent = flush.submit();
    this.machine.uploads.remap();
    this.#submitted(sent);
  }

  /** True while the host may write straight into buffers: nothing recorded would see it too early. */
  get untouched(): boolean {
    return this.flush.untouched && this.#batch === null;
  }

  /** Kind of the open batch. */
  get openKind(): BatchKind | null {
    return this.#batch?.kind ?? null;
  }

  /**
   * Opens or continues a batch and says how many items, 1 … `wanted`, may be added now. `ioWords` are the words of io
   * that each of them needs.
   */
  room(kind: BatchKind, a: SegmentId, b: SegmentId, wanted: number, ioWords = 0): number {
    const stride = structWords(kind.struct);
    const { list } = this.machine.arenas;
    if (list.room(stride) < stride || this.flush.ioRoom < ioWords) this.split();
    this.#openBatch(kind, a, b, stride);
    const io = ioWords === 0 ? wanted : Math.floor(this.flush.ioRoom / ioWords);
    return Math.min(wanted, Math.floor(list.room(stride) / stride), io);
  }

  #openBatch(kind: BatchKind, a: SegmentId, b: SegmentId, stride: number): void {
    const batch = this.#batch;
    if (batch !== null && batch.kind === kind && batch.a === a && batch.b === b) return;
    this.closeBatch();
    this.#batch = { kind, a, b, first: this.machine.arenas.list.take(0, stride) / stride, count: 0 };
  }

  /**
   * Declares what the coming items write and, where it can matter, read, in any unit that their kind always uses. False
   * where lanes of one dispatch would race (two writes, or a write and a read, of one thing): then the batch has been
   * closed, nothing is declared, and the caller asks for `room` again.
   */
  claim(writeStart: number, writeEnd: number, readStart = 0, readEnd = 0): boolean {
    const races =
      this.#written.overlaps(writeStart, writeEnd) ||
      this.#read.overlaps(writeStart, writeEnd) ||
      this.#written.overlaps(readStart, readEnd);
    if (races) {
      this.closeBatch();
      return false;
    }
    this.#written.add(writeStart, writeEnd);
    this.#read.add(readStart, readEnd);
    return true;
  }

  /** Adds `count` items to the open batch; where in the list the first one's words go, for the caller to write. */
  addItems(count: number): number {
    const batch = this.#batch;
    assert(batch !== null, 'no batch is open');
    batch.count += count;
    return this.machine.arenas.list.take(count * structWords(batch.kind.struct));
  }

  /** Turns the open batch into its dispatch. */
  closeBatch(): void {
    const batch = this.#batch;
    this.#batch = null;
    this.#written.clear();
    this.#read.clear();
    if (batch !== null && batch.count > 0) batch.kind.emit(this, batch);
  }

  /** Closes the batch and gives the encoder outside any pass. */
  encoder(): GPUCommandEncoder {
    this.closeBatch();
    return this.flush.encoder(this.job);
  }

  /** One dispatch of `groups` workgroups. A field `width` of the parameters is filled in here. */
  dispatch<S extends StructName>(
    variant: VariantName,
    a: SegmentId,
    b: SegmentId,
    struct: S,
    values: Record<Exclude<FieldOf<S>, 'width'>, number>,
    groups: number,
  ): void {
    const { params } = this.machine.arenas;
    const width = Math.min(groups, this.machine.limits.gridWidth);
    const at = params.take(PARAM_SLOT_WORDS, PARAM_SLOT_WORDS);
    writeFields(params.words, at, struct, values);
    if ('width' in STRUCTS[struct].fields) params.words[at + STRUCTS[struct].fields.width / 4] = width;
    const pass = this.flush.pass(this.job);
    pass.setPipeline(this.machine.pipelines.get(variant, a, b));
    pass.setBindGroup(0, this.machine.pipelines.group(variant, a, b), [at * 4]);
    pass.dispatchWorkgroups(width, Math.ceil(groups / width));
  }
}
