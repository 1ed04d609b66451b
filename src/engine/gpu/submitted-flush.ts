// A submission after it was sent: where its answers lie in the staging buffers.
import { STRUCTS } from '../plan/layouts.gen.ts';
import type { PendingJob } from './pending-job.ts';

/** `words` words from word `from` of a section become words `to` … of the job's io. */
export interface IoPiece {
  readonly job: PendingJob;
  readonly from: number;
  readonly to: number;
  words: number;
}

/** Bytes `at` … `at + bytes` of the status buffer. */
export interface Section {
  readonly at: number;
  readonly bytes: number;
}

export interface FlushParts {
  readonly ending: readonly PendingJob[];
  readonly ioPieces: readonly IoPiece[];
  readonly ioWords: number;
  readonly bulkPieces: readonly IoPiece[];
  readonly bulk: GPUBuffer | null;
  readonly bulkWords: number;
  /** Of each ACCESS: its job and its count. */
  readonly accesses: readonly { readonly job: PendingJob; readonly count: number }[];
  /** Most fault records that its accesses can have left. */
  readonly ringRecords: number;
  /** Job of each batch of translated copies. */
  readonly marks: readonly PendingJob[];
  /** Job of each stamped pass. */
  readonly stamps: readonly PendingJob[];
  /** Staging buffer of the sections. */
  status: GPUBuffer | null;
}

export interface SubmittedFlush extends FlushParts {
  readonly sections: Readonly<Record<'stamps' | 'marks' | 'io' | 'ring', Section>>;
  /** Bytes of all sections. */
  readonly statusBytes: number;
  /** Bytes that are mapped at first: all but the fault records beyond a prefix. */
  readonly firstBytes: number;
}

/** Fault records that are mapped together with everything else; more cost a second mapping. */
export const FAULT_PREFIX = 256;

const HEADER = STRUCTS.FaultRing.fields.records;

/** Lays the sections out. The ring comes last, so that its unused end need not be mapped; mapping wants multiples of 8. */
export function layOut(parts: FlushParts): SubmittedFlush {
  const stamps = { at: 0, bytes: parts.stamps.length * 16 };
  const marks = { at: stamps.bytes, bytes: parts.marks.length * 4 };
  const io = { at: marks.at + marks.bytes, bytes: parts.ioWords * 4 };
  const records = parts.ringRecords * STRUCTS.FaultRecord.bytes;
  const ring = {
    at: Math.ceil((io.at + io.bytes) / 8) * 8,
    bytes: parts.accesses.length > 0 ? HEADER + records : 0,
  };
  const statusBytes = ring.bytes > 0 ? ring.at + ring.bytes : io.at + io.bytes;
  const prefix = ring.at + HEADER + FAULT_PREFIX * STRUCTS.FaultRecord.bytes;
  return { ...parts, sections: { stamps, marks, io, ring }, statusBytes, firstBytes: Math.min(statusBytes, prefix) };
}
