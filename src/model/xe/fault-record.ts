// The hardware's page-fault message and its reply, field for field: decode(encode(x)) = x (xe.md §1.1).
import { assert } from '../../base/assert.ts';
import { vaHi, vaLo, vpnOf, type Vpn } from '../../base/units.ts';
import { FAULT_RECORD_WORDS } from '../../engine/plan/job.ts';

/** Access kinds of a record; 3 is reserved. */
export const FAULT_ACCESS = { read: 0, write: 1, atomic: 2 } as const;

/** Length in dwords of a reply's payload. */
export const FAULT_REPLY_WORDS = 2;
/** Level that the decoder puts into a record that software must refuse ("nack me", xe.md §1.2). */
export const NACK_LEVEL = 0xff;
/** ASIDs have 20 bits. */
export const MAX_ASID = 0xfffff;

/** One page-fault message. All fields unsigned; see the width of each in xe.md §1.1. */
export interface FaultRecord {
  /** Page-table level at which the walk stopped, 0…7; NACK_LEVEL after decoding a TRVA fault. */
  level: number;
  sourceId: number;
  /** Tiled-resource fault: not handled, answered with EFAULT. */
  trva: boolean;
  engineInstance: number;
  engineClass: number;
  /** Opaque cookie of 16 bits, echoed in the reply; the access program puts the access's index here. */
  pdata: number;
  asid: number;
  /** FAULT_ACCESS, or the reserved 3. */
  access: number;
  /** Why the walk failed: 0 the entry was absent · 1 it lacked RW · 2 it lacked the atomic bit. */
  faultType: number;
  vfid: number;
  /** Page number: the low 12 bits of the address are lost in the message. */
  vpn: Vpn;
}

/** The reply: what identifies the fault, and whether servicing it failed. */
export interface FaultReply {
  failed: boolean;
  asid: number;
  vfid: number;
  engineInstance: number;
  engineClass: number;
  pdata: number;
}

const TRVA_BIT = 1 << 18;
const REPLY_VALID = 1;
const REPLY_FAILED = 2;
/** Bits 11:10: descriptor type "fault response". */
const REPLY_TYPE = 1 << 10;

/** Writes a record as four dwords at `out[offset]`. */
export function encodeFault(record: FaultRecord, out: Uint32Array, offset = 0): void {
  const trva = record.trva ? TRVA_BIT : 0;
  const engine = (record.engineInstance << 19) | (record.engineClass << 25);
  out[offset] = (record.level & 7) | (record.sourceId << 3) | trva | engine | ((record.pdata & 0xf) << 28);
  out[offset + 1] = (record.pdata >>> 4) | (record.asid << 12);
  out[offset + 2] = record.access | (record.faultType << 2) | (record.vfid << 4) | vaLo(record.vpn);
  out[offset + 3] = vaHi(record.vpn);
}

/** An empty record for `decodeFault` to fill. */
export function blankFault(): FaultRecord {
  return {
    level: 0,
    sourceId: 0,
    trva: false,
    engineInstance: 0,
    engineClass: 0,
    pdata: 0,
    asid: 0,
    access: 0,
    faultType: 0,
    vfid: 0,
    vpn: 0,
  };
}

/**
 * Reads one message of `length` dwords at `words[offset]` into `into`. EPROTO unless the length is 4. A TRVA fault
 * decodes with level NACK_LEVEL, which the service answers with EFAULT (xe.md §1.1, §1.3 step 1).
 */
export function decodeFault(words: Uint32Array, offset: number, length: number, into: FaultRecord): 0 | 'EPROTO' {
  if (length !== FAULT_RECORD_WORDS || offset + length > words.length) return 'EPROTO';
  const w0 = words[offset] ?? 0;
  const w1 = words[offset + 1] ?? 0;
  const w2 = words[offset + 2] ?? 0;
  into.trva = (w0 & TRVA_BIT) !== 0;
  into.level = into.trva ? NACK_LEVEL : w0 & 7;
  into.sourceId = (w0 >>> 3) & 0xff;
  into.engineInstance = (w0 >>> 19) & 0x3f;
  into.engineClass = (w0 >>> 25) & 7;
  into.pdata = (w0 >>> 28) | ((w1 & 0xfff) << 4);
  into.asid = w1 >>> 12;
  into.access = w2 & 3;
  into.faultType = (w2 >>> 2) & 3;
  into.vfid = (w2 >>> 4) & 0x3f;
  into.vpn = vpnOf(w2, words[offset + 3] ?? 0);
  return 0;
}

/** Writes the reply to a record as two dwords. The "success" bit of the format is set on failure (xe.md §1.1). */
export function encodeReply(record: FaultRecord, failed: boolean, out: Uint32Array, offset = 0): void {
  out[offset] = REPLY_VALID | (failed ? REPLY_FAILED : 0) | REPLY_TYPE | (record.asid << 12);
  out[offset + 1] = record.vfid | (record.engineInstance << 7) | (record.engineClass << 13) | (record.pdata << 16);
}

/** Reads a reply; null when the words are not a valid fault response. */
export function decodeReply(words: Uint32Array, offset = 0): FaultReply | null {
  assert(offset + FAULT_REPLY_WORDS <= words.length, 'a reply has two dwords');
  const w0 = words[offset] ?? 0;
  const w1 = words[offset + 1] ?? 0;
  if ((w0 & REPLY_VALID) === 0 || (w0 & 0xc00) !== REPLY_TYPE || (w0 & 0x1c) !== 0) return null;
  return {
    failed: (w0 & REPLY_FAILED) !== 0,
    asid: w0 >>> 12,
    vfid: w1 & 0x3f,
    engineInstance: (w1 >>> 7) & 0x3f,
    engineClass: (w1 >>> 13) & 7,
    pdata: w1 >>> 16,
  };
}
