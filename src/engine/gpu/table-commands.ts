// Commands on page tables and the TLB: PTE_WRITE, PTE_FILL, ZAP and TLB_INVAL.
import { TLB_INVAL_ALL, type PteFill, type PteWrite, type TlbInval, type Zap } from '../plan/commands.ts';
import { WGSL } from '../plan/layouts.gen.ts';
import type { Batch, BatchKind, FlushWriter } from './flush-writer.ts';
import { framesIn, segmentId } from './segments.ts';
import { fieldWord, structWords, writeStruct } from './struct-words.ts';

const ENTRY_WORDS = 2;
const TLB_LANES = 64;
const PTE_LANES = 64;
const RUN_WORDS = structWords('PteRun');
const RUN_FIRST = fieldWord('PteRun', 'first');
const RUN_COUNT = fieldWord('PteRun', 'count');
const RUN_PAYLOAD = fieldWord('PteRun', 'payload');
const RUN_STEP = fieldWord('PteRun', 'step');
const BLOCK_MOVE_WORDS = 32;
/** 2^45 pages and more are a whole address space: TLB_INVAL_ALL is cut to what a shift in the shader can tell apart. */
const WHOLE_SPACE = WGSL.TLB_ALL_LOG2;

const PTES: BatchKind = { struct: 'PteRun', emit: emitPtes };
const INTERVALS: BatchKind = { struct: 'TlbInterval', emit: emitInvalidate };

function emitPtes(writer: FlushWriter, batch: Batch): void {
  const { a, first: firstRun, count } = batch;
  const entries = framesIn(writer.machine.config, a) * WGSL.TABLE_ENTRIES;
  const { variant, lanes } = shapeFor(longestRun(writer, batch));
  const groups = Math.ceil((count * lanes) / PTE_LANES);
  writer.dispatch(variant, a, a, 'PteParams', { count, firstRun, entries }, groups);
}

/** Entries of the longest run of the batch. */
function longestRun(writer: FlushWriter, { first, count }: Batch): number {
  const { words } = writer.machine.arenas.list;
  let longest = 0;
  for (let run = first; run < first + count; run++)
    longest = Math.max(longest, words[run * RUN_WORDS + RUN_COUNT] as number);
  return longest;
}

/** As many lanes a run as the longest one can use: idle ones cost as much as busy ones. */
function shapeFor(longest: number): {
  readonly variant: 'writePtes' | 'writeShortRuns' | 'writeSinglePtes';
  readonly lanes: number;
} {
  if (longest === 1) return { variant: 'writeSinglePtes', lanes: 1 };
  return longest <= 16 ? { variant: 'writeShortRuns', lanes: 16 } : { variant: 'writePtes', lanes: PTE_LANES };
}

function emitInvalidate(writer: FlushWriter, batch: Batch): void {
  const { first: firstInterval, count } = batch;
  const lines = writer.machine.config.tlbLines;
  const groups = Math.ceil(lines / TLB_LANES);
  writer.dispatch('invalidateTlb', 0, 0, 'InvalidateParams', { count, firstInterval, lines }, groups);
}

/** Stores `count` entries: one after the other from the payload, or the payload's one entry again and again. */
function encodeRun(writer: FlushWriter, command: PteWrite | PteFill | Zap, count: number, payload: Uint32Array): void {
  const first = command.table * WGSL.TABLE_ENTRIES + command.index;
  const { arenas } = writer.machine;
  if (arenas.payload.room(ENTRY_WORDS) < payload.length) writer.split();
  const segment = segmentId(command.space);
  do writer.room(PTES, segment, segment, 1);
  while (!writer.claim(first, first + count));
  const at = arenas.payload.take(payload.length, ENTRY_WORDS);
  copyWords(payload, arenas.payload.words, at);
  const { words } = arenas.list;
  const run = writer.addItems(1);
  words[run + RUN_FIRST] = first;
  words[run + RUN_COUNT] = count;
  words[run + RUN_PAYLOAD] = at / ENTRY_WORDS;
  words[run + RUN_STEP] = payload.length > ENTRY_WORDS ? 1 : 0;
}

/** A block move costs more than it saves below some words. */
function copyWords(from: Uint32Array, to: Uint32Array, at: number): void {
  if (from.length > BLOCK_MOVE_WORDS) to.set(from, at);
  else for (let i = 0; i < from.length; i++) to[at + i] = from[i] as number;
}

export function encodePteWrite(writer: FlushWriter, command: PteWrite): void {
  encodeRun(writer, command, command.entries.length / ENTRY_WORDS, command.entries);
}

const oneEntry = new Uint32Array(ENTRY_WORDS);

export function encodePteFill(writer: FlushWriter, command: PteFill): void {
  oneEntry[0] = command.lo;
  oneEntry[1] = command.hi;
  encodeRun(writer, command, command.count, oneEntry);
}

export function encodeZap(writer: FlushWriter, command: Zap): void {
  oneEntry.fill(0);
  encodeRun(writer, command, command.count, oneEntry);
}

/** TLB_INVAL; nothing to do where the TLB is left out. */
export function encodeTlbInval(writer: FlushWriter, command: TlbInval): void {
  if (writer.machine.config.tlbLines === 0) return;
  const { asid, vpn, log2Pages } = command;
  writer.room(INTERVALS, 0, 0, 1);
  const interval = {
    asid,
    pageLo: vpn % 2 ** 32,
    pageHi: Math.floor(vpn / 2 ** 32),
    log2Pages: log2Pages === TLB_INVAL_ALL ? WHOLE_SPACE : log2Pages,
  };
  writeStruct(writer.machine.arenas.list.words, writer.addItems(1), 'TlbInterval', interval);
}
