// Reads a submission's answers on the host, without stalling the queue, and hands them to the jobs they belong to.
import { FAULT_RECORD_WORDS } from '../plan/job.ts';
import type { Machine } from './machine.ts';
import type { PendingJob } from './pending-job.ts';
import { fieldWord, structWords } from './struct-words.ts';
import type { IoPiece, SubmittedFlush } from './submitted-flush.ts';
import { addPass } from './timestamps.ts';

const RECORD_WORDS = structWords('FaultRecord');
const HEADER_WORDS = fieldWord('FaultRing', 'records');
const COMMAND = fieldWord('FaultRecord', 'command');
const DW0 = fieldWord('FaultRecord', 'dw0');
const NO_PLACE = -1;

/** Fault records of one ACCESS, sorted. */
export interface FaultPart {
  readonly job: PendingJob;
  readonly records: Uint32Array;
}

/**
 * Waits for the submission and distributes what it returned, but for the fault records: they are appended, so that the
 * caller has to do it in the order of submissions. Rejects when the device goes away meanwhile.
 */
export async function readFlush(machine: Machine, flush: SubmittedFlush): Promise<FaultPart[]> {
  if (flush.status === null && flush.bulk === null) {
    await machine.device.queue.onSubmittedWorkDone();
    return [];
  }
  await Promise.all([
    flush.status?.mapAsync(GPUMapMode.READ, 0, flush.firstBytes),
    flush.bulk?.mapAsync(GPUMapMode.READ, 0, flush.bulkWords * 4),
  ]);
  if (flush.bulk !== null) readBulk(machine, flush, flush.bulk);
  return flush.status === null ? [] : readStatus(machine, flush, flush.status);
}

function readBulk(machine: Machine, flush: SubmittedFlush, bulk: GPUBuffer): void {
  deliver(flush.bulkPieces, new Uint32Array(bulk.getMappedRange(0, flush.bulkWords * 4)));
  release(machine, bulk);
}

function release(machine: Machine, buffer: GPUBuffer): void {
  buffer.unmap();
  machine.staging.give(buffer);
}

function deliver(pieces: readonly IoPiece[], words: Uint32Array): void {
  for (const { job, from, to, words: count } of pieces) job.io.set(words.subarray(from, from + count), to);
}

async function readStatus(machine: Machine, flush: SubmittedFlush, status: GPUBuffer): Promise<FaultPart[]> {
  const bytes = status.getMappedRange(0, flush.firstBytes);
  const { stamps, marks, io, ring } = flush.sections;
  readStamps(flush, new Uint32Array(bytes, stamps.at, stamps.bytes / 4));
  readMarks(flush, new Uint32Array(bytes, marks.at, marks.bytes / 4));
  deliver(flush.ioPieces, new Uint32Array(bytes, io.at, io.bytes / 4));
  const faults = ring.bytes === 0 ? [] : await readRing(flush, status, new Uint32Array(bytes, ring.at));
  release(machine, status);
  return faults;
}

function readStamps(flush: SubmittedFlush, stamps: Uint32Array): void {
  flush.stamps.forEach((job, pass) => addPass(job.region, stamps, pass));
}

function readMarks(flush: SubmittedFlush, marks: Uint32Array): void {
  flush.marks.forEach((job, slot) => {
    if (marks[slot] !== 0) job.status = 'engine-fault';
  });
}

/** `first` are the words of the ring that are mapped already; more are mapped only when there are more records. */
async function readRing(flush: SubmittedFlush, status: GPUBuffer, first: Uint32Array): Promise<FaultPart[]> {
  const dropped = first[fieldWord('FaultRing', 'dropped')] as number;
  const count = (first[fieldWord('FaultRing', 'head')] as number) - dropped;
  // Only a job that fills the ring alone can drop records: others were promised room (Flush·claimRing).
  const last = flush.accesses.at(-1);
  if (dropped > 0 && last !== undefined) last.job.dropped += dropped;
  if (count === 0) return [];
  const words = HEADER_WORDS + count * RECORD_WORDS;
  const ring = words <= first.length ? first : await mapMore(flush, status, words * 4);
  return sortFaults(flush, ring.subarray(HEADER_WORDS), count);
}

async function mapMore(flush: SubmittedFlush, status: GPUBuffer, bytes: number): Promise<Uint32Array> {
  const { at } = flush.sections.ring;
  status.unmap();
  await status.mapAsync(GPUMapMode.READ, at, bytes);
  return new Uint32Array(status.getMappedRange(at, bytes));
}

/** PDATA: the access's index in its command. */
function cookieOf(records: Uint32Array, at: number): number {
  const dw0 = records[at + DW0] as number;
  const dw1 = records[at + DW0 + 1] as number;
  return (dw0 >>> 28) | ((dw1 & 0xfff) << 4);
}

/**
 * The records in the order (command, cookie): lanes write them in any order. A cookie is unique within its
 * command, so that every record has its own place and nothing needs comparing.
 */
function sortFaults(flush: SubmittedFlush, records: Uint32Array, count: number): FaultPart[] {
  const places: (Int32Array | undefined)[] = [];
  for (let i = 0; i < count; i++) {
    const at = i * RECORD_WORDS;
    const command = records[at + COMMAND] as number;
    let byCookie = places[command];
    if (byCookie === undefined) {
      byCookie = new Int32Array(flush.accesses[command]?.count ?? 0).fill(NO_PLACE);
      places[command] = byCookie;
    }
    byCookie[cookieOf(records, at)] = at;
  }
  const parts: FaultPart[] = [];
  places.forEach((byCookie, command) => {
    const job = flush.accesses[command]?.job;
    if (byCookie !== undefined && job !== undefined) parts.push({ job, records: gather(records, byCookie) });
  });
  return parts;
}

function gather(records: Uint32Array, places: Int32Array): Uint32Array {
  const out = new Uint32Array(places.reduce((sum, at) => sum + (at === NO_PLACE ? 0 : FAULT_RECORD_WORDS), 0));
  let to = 0;
  for (const at of places) {
    if (at === NO_PLACE) continue;
    for (let word = 0; word < FAULT_RECORD_WORDS; word++) out[to++] = records[at + DW0 + word] as number;
  }
  return out;
}
