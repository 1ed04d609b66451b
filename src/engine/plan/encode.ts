// Guarantees that a validated job survives as words: decodeJob(encodeJob(job)) equals job, field by field.
//
// A command is one descriptor of eight words, [opcode | space << 8 | space2 << 16, a, b, c, d, e, f, seq]; what does not
// fit (entries, records, uploaded words) lies in the payload, and the descriptor says where. Page numbers of virtual
// addresses have 45 bits: the low 32 fill a word, the high 13 share one. Unused words are zero.
import { assert } from '../../base/assert.ts';
import {
  ACCESS_RECORD_WORDS,
  OPCODE,
  UPLOAD_PATHS,
  type Access,
  type AccessKind,
  type Chase,
  type Command,
  type CopyBaseline,
  type CopyTranslated,
  type OpName,
  type Upload,
} from './commands.ts';
import type { Job } from './job.ts';

export const DESCRIPTOR_WORDS = 8;

export interface EncodedJob {
  readonly seq: number;
  readonly queue: string;
  readonly label: string;
  readonly timed: boolean;
  /** DESCRIPTOR_WORDS words a command. */
  readonly descriptors: Uint32Array;
  readonly payload: Uint32Array;
}

const WORDS_PER_FRAME = 1024;
const VPN_HI_BITS = 13;
const VPN_HI_MASK = 2 ** VPN_HI_BITS - 1;
const OP_NAMES = new Map(Object.entries(OPCODE).map(([name, code]) => [code as number, name as OpName]));
const METHODS = ['copyBufferToBuffer', 'linear', 'linearEntries'] as const satisfies CopyBaseline['method'][];

/** Words of a job that was validated (validate.ts): a field out of range would be cut off. */
export function encodeJob(job: Job): EncodedJob {
  const { seq, queue, label, timed, commands } = job;
  const descriptors = new Uint32Array(commands.length * DESCRIPTOR_WORDS);
  const payload = new Uint32Array(commands.reduce((words, command) => words + payloadOf(command).length, 0));
  let offset = 0;
  commands.forEach((command, i) => {
    const words = payloadOf(command);
    payload.set(words, offset);
    descriptors.set(descriptor(command, offset), i * DESCRIPTOR_WORDS);
    descriptors[i * DESCRIPTOR_WORDS + DESCRIPTOR_WORDS - 1] = seq;
    offset += words.length;
  });
  return { seq, queue, label, timed, descriptors, payload };
}

const NO_WORDS = new Uint32Array(0);

function payloadOf(command: Command): Uint32Array {
  if (command.op === 'pteWrite') return command.entries;
  if (command.op === 'accessLoad') return command.records;
  return command.op === 'upload' ? command.words : NO_WORDS;
}

function head(command: Command, space = 0, space2 = 0): number {
  return OPCODE[command.op] | (space << 8) | (space2 << 16);
}

/** Up to seven words; `payload` is where the command's payload begins. */
function descriptor(command: Command, payload: number): number[] {
  switch (command.op) {
    case 'pteWrite':
      return [head(command, command.space), command.table, command.index, command.entries.length / 2, payload];
    case 'pteFill':
      return [head(command, command.space), command.table, command.index, command.count, 0, command.lo, command.hi];
    case 'zap':
      return [head(command, command.space), command.table, command.index, command.count];
    case 'tlbInval':
      return [head(command), command.asid, vpnLo(command.vpn), command.log2Pages, vpnHi(command.vpn)];
    case 'copy':
      return [head(command, command.srcSpace, command.dstSpace), command.srcFrame, command.dstFrame, command.pages];
    case 'copyBaseline':
      return baselineWords(command);
    case 'copyTranslated':
      return translatedWords(command);
    case 'fill':
      return [head(command, command.space), command.frame, command.pages, command.pattern];
    case 'fillSeeded':
      return [head(command, command.space), command.frame, command.pages, command.seed, command.pageLo];
    case 'accessLoad':
      return [head(command), command.base, command.records.length / ACCESS_RECORD_WORDS, 0, payload];
    case 'access':
      return accessWords(command);
    case 'accessResult':
      return [head(command), command.base, command.count];
    case 'chase':
      return chaseWords(command);
    case 'cpuAccess':
      return [head(command), command.frame, command.word, command.kind, command.operand];
    case 'hash':
    case 'readback':
      return [head(command, command.space), command.frame, command.pages];
    default:
      return uploadWords(command, payload);
  }
}

/** c: 1 + index of the way, 0 where none is named. */
function uploadWords({ op, space, frame, words, via }: Upload, payload: number): number[] {
  const way = via === undefined ? 0 : 1 + UPLOAD_PATHS.indexOf(via);
  return [OPCODE[op] | (space << 8), frame, words.length / WORDS_PER_FRAME, way, payload];
}

function baselineWords(command: CopyBaseline): number[] {
  const { srcSpace, dstSpace, srcFrame, dstFrame, pages, method } = command;
  return [head(command, srcSpace, dstSpace), srcFrame, dstFrame, pages, METHODS.indexOf(method)];
}

function chaseWords(command: Chase): number[] {
  const { space, frame, pages, base, count, loads } = command;
  return [head(command, space), frame, pages, base, count, loads];
}

/** b: high bits of the source, high bits of the destination, level of the root. */
function translatedWords(command: CopyTranslated): number[] {
  const { root, srcSpace, dstSpace, srcVpn, dstVpn, pages } = command;
  const high = vpnHi(srcVpn) | (vpnHi(dstVpn) << VPN_HI_BITS) | (root.level << (2 * VPN_HI_BITS));
  return [head(command, srcSpace, dstSpace), vpnLo(srcVpn), high, vpnLo(dstVpn), pages, root.frame, root.space];
}

/** e: level of the root, TLB in bit 8, chained in bit 9, translateOnly in bit 10. */
function accessWords(command: Access): number[] {
  const { asid, root, base, count, tlb, chained, translateOnly = false } = command;
  const flags = root.level | (tlb ? 0x100 : 0) | (chained ? 0x200 : 0) | (translateOnly ? 0x400 : 0);
  return [head(command, root.space), asid, base, count, root.frame, flags];
}

function vpnLo(vpn: number): number {
  return vpn % 2 ** 32;
}

function vpnHi(vpn: number): number {
  return Math.floor(vpn / 2 ** 32);
}

/** Page number from a low word and 13 high bits that begin at bit `shift` of `high`. */
function vpnFrom(low: number, high: number, shift: number): number {
  return ((high >>> shift) & VPN_HI_MASK) * 2 ** 32 + low;
}

/** The job that was encoded. Throws an AssertionError on words that no encoder wrote. */
export function decodeJob(encoded: EncodedJob): Job {
  const { seq, queue, label, timed, descriptors } = encoded;
  const count = descriptors.length / DESCRIPTOR_WORDS;
  assert(Number.isInteger(count), () => `${descriptors.length} words of descriptors, wanted a multiple of 8`);
  const commands = Array.from({ length: count }, (_, i) => decodeCommand(encoded, i));
  return { seq, queue, label, timed, commands };
}

/** One descriptor, opened. */
interface Fields {
  readonly space: number;
  readonly space2: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
  /** The `length` words of payload that the descriptor points at. */
  readonly words: (length: number) => Uint32Array;
}

function decodeCommand(encoded: EncodedJob, index: number): Command {
  const at = index * DESCRIPTOR_WORDS;
  const [first = 0, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, seq] = encoded.descriptors.subarray(at, at + 8);
  const op = OP_NAMES.get(first & 0xff);
  assert(op !== undefined, () => `descriptor ${index}: opcode ${first & 0xff} is unknown`);
  assert(seq === encoded.seq, () => `descriptor ${index}: seq ${seq}, wanted ${encoded.seq}`);
  const words = (length: number): Uint32Array => {
    assert(d + length <= encoded.payload.length, () => `descriptor ${index}: payload ends at ${d + length}`);
    return encoded.payload.slice(d, d + length);
  };
  return commandOf(op, { space: (first >>> 8) & 0xff, space2: first >>> 16, a, b, c, d, e, f, words });
}

function commandOf(op: OpName, fields: Fields): Command {
  const { space, space2, a, b, c, d, e, f, words } = fields;
  switch (op) {
    case 'pteWrite':
      return { op, space, table: a, index: b, entries: words(2 * c) };
    case 'pteFill':
      return { op, space, table: a, index: b, count: c, lo: e, hi: f };
    case 'zap':
      return { op, space, table: a, index: b, count: c };
    case 'tlbInval':
      return { op, asid: a, vpn: vpnFrom(b, d, 0), log2Pages: c };
    case 'copy':
      return { op, srcSpace: space, srcFrame: a, dstSpace: space2, dstFrame: b, pages: c };
    case 'copyBaseline':
      return { op, method: methodOf(d), srcSpace: space, srcFrame: a, dstSpace: space2, dstFrame: b, pages: c };
    case 'copyTranslated':
      return translatedOf(fields);
    case 'fill':
      return { op, space, frame: a, pages: b, pattern: c };
    case 'fillSeeded':
      return { op, space, frame: a, pages: b, seed: c, pageLo: d };
    case 'accessLoad':
      return { op, base: a, records: words(b * ACCESS_RECORD_WORDS) };
    case 'access':
      return accessOf(fields);
    case 'accessResult':
      return { op, base: a, count: b };
    case 'chase':
      return { op, space, frame: a, pages: b, base: c, count: d, loads: e };
    case 'cpuAccess':
      return { op, frame: a, word: b, kind: c as AccessKind, operand: d };
    case 'hash':
    case 'readback':
      return { op, space, frame: a, pages: b };
    default:
      return uploadOf(fields);
  }
}

function methodOf(code: number): CopyBaseline['method'] {
  const method = METHODS[code];
  assert(method !== undefined, () => `copy method ${code} is unknown`);
  return method;
}

function uploadOf({ space, a, b, c, words }: Fields): Upload {
  const upload: Upload = { op: 'upload', space, frame: a, words: words(b * WORDS_PER_FRAME) };
  if (c === 0) return upload;
  const via = UPLOAD_PATHS[c - 1];
  assert(via !== undefined, () => `way of an upload ${c} is unknown`);
  return { ...upload, via };
}

function translatedOf(fields: Fields): CopyTranslated {
  const { space, space2, a, b, c, d, e, f } = fields;
  const root = { space: f, frame: e, level: b >>> (2 * VPN_HI_BITS) };
  const srcVpn = vpnFrom(a, b, 0);
  const dstVpn = vpnFrom(c, b, VPN_HI_BITS);
  return { op: 'copyTranslated', root, srcSpace: space, srcVpn, dstSpace: space2, dstVpn, pages: d };
}

function accessOf(fields: Fields): Access {
  const { space, a, b, c, d, e } = fields;
  const root = { space, frame: d, level: e & 0xff };
  const step: Access = {
    op: 'access',
    asid: a,
    root,
    base: b,
    count: c,
    tlb: (e & 0x100) !== 0,
    chained: (e & 0x200) !== 0,
  };
  return (e & 0x400) === 0 ? step : { ...step, translateOnly: true };
}
