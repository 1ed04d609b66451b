// Commands that act on single words: the access list of GPU programs, and CPU touches of system frames.
import { WORDS_PER_PAGE } from '../../base/units.ts';
import {
  ACCESS_RECORD_WORDS,
  ACCESS_RESULT_WORDS,
  SYSTEM_SPACE,
  type Access,
  type AccessLoad,
  type AccessResult,
  type CpuAccess,
  type SpaceId,
} from '../plan/commands.ts';
import { segmentCount, segmentPages, tableFrames } from '../plan/segments.ts';
import { vramBeside } from './buffers.ts';
import type { Batch, BatchKind, FlushWriter } from './flush-writer.ts';
import { writeWords } from './host-commands.ts';
import type { VariantName } from './pipelines.ts';
import { firstFrame, framesIn, segmentId } from './segments.ts';
import { writeStruct } from './struct-words.ts';

const LANES = 64;
const RECORD_BYTES = ACCESS_RECORD_WORDS * 4;
const RESULT_BYTES = ACCESS_RESULT_WORDS * 4;

/** ACCESS_LOAD: the records go into the list, their results become pending with value 0. */
export function encodeAccessLoad(writer: FlushWriter, command: AccessLoad): void {
  const { buffers } = writer.machine;
  const count = command.records.length / ACCESS_RECORD_WORDS;
  writeWords(writer, buffers.records, command.base * RECORD_BYTES, command.records);
  writer.encoder().clearBuffer(buffers.results, command.base * RESULT_BYTES, count * RESULT_BYTES);
}

/** ACCESS: a dispatch that translates, with the TLB model one over its lines, and one that performs. */
export function encodeAccess(writer: FlushWriter, command: Access): void {
  const { machine, job } = writer;
  if (command.translateOnly === true) return translate(writer, command, UNCHAINED);
  const number = writer.flush.addAccess(job, command.count);
  translate(writer, command, { command: number, ...machine.accessSerials.next(job.job.seq, command.chained) });
  encodePerform(writer, command, vramBeside(command.root.space));
}

/** What an ACCESS is called that leaves no fault records. */
const UNCHAINED = { command: 0, serial: 0, chainFirst: 0 };

function translate(writer: FlushWriter, command: Access, numbers: typeof UNCHAINED): void {
  const { base, count, asid, root } = command;
  const { config } = writer.machine;
  const tlb = command.tlb && config.tlbLines > 0;
  const values = {
    base,
    count,
    asid,
    rootFrame: root.frame,
    rootLevel: root.level,
    tableFrames: tableFrames(config, root.space),
    vramFrames: config.spaces[vramBeside(root.space)]?.pages ?? 0,
    systemFrames: config.spaces[SYSTEM_SPACE]?.pages ?? 0,
    tlbLines: config.tlbLines,
    ringCapacity: config.faultCapacity,
    ...numbers,
  };
  writer.closeBatch();
  const tables = segmentId(root.space);
  writer.dispatch(variantOf(command, tlb), tables, tables, 'AccessParams', values, Math.ceil(count / LANES));
  if (tlb) encodeFillTlb(writer, command);
}

function variantOf({ translateOnly }: Access, tlb: boolean): VariantName {
  if (translateOnly === true) return tlb ? 'translateTlb' : 'translate';
  return tlb ? 'accessTlb' : 'access';
}

/** Performs what was resolved: a dispatch for the first segments of VRAM and system memory, one for the second … */
function encodePerform(writer: FlushWriter, { base, count }: Access, vram: SpaceId): void {
  const { config } = writer.machine;
  const segments = Math.max(segmentCount(config, SYSTEM_SPACE), segmentCount(config, vram));
  for (let index = 0; index < segments; index++) {
    const [near, system] = [segmentId(vram, index), segmentId(SYSTEM_SPACE, index)];
    const values = {
      base,
      count,
      vramFirst: firstFrame(config, near),
      vramFrames: framesIn(config, near),
      systemFirst: firstFrame(config, system),
      systemFrames: config.spaces[SYSTEM_SPACE]?.host === true ? 0 : framesIn(config, system),
    };
    writer.dispatch('performAccess', system, near, 'PerformParams', values, Math.ceil(count / LANES));
  }
}

function encodeFillTlb(writer: FlushWriter, command: Access): void {
  const { asid, root } = command;
  const { config } = writer.machine;
  const { tlbLines: lines } = config;
  const frames = tableFrames(config, root.space);
  const values = { asid, rootFrame: root.frame, rootLevel: root.level, tableFrames: frames, lines };
  const tables = segmentId(root.space);
  writer.dispatch('fillTlb', tables, tables, 'FillTlbParams', values, Math.ceil(lines / LANES));
}

/** ACCESS_RESULT: status and value of each access become the job's next words of io. */
export function encodeAccessResult(writer: FlushWriter, command: AccessResult): void {
  for (let done = 0; done < command.count;) {
    if (writer.flush.ioRoom < ACCESS_RESULT_WORDS) writer.split();
    const room = Math.floor(writer.flush.ioRoom / ACCESS_RESULT_WORDS);
    const count = Math.min(room, command.count - done);
    const { results, io } = writer.machine.buffers;
    const encoder = writer.encoder();
    const at = writer.flush.takeIo(writer.job, count * ACCESS_RESULT_WORDS);
    encoder.copyBufferToBuffer(results, (command.base + done) * RESULT_BYTES, io, at * 4, count * RESULT_BYTES);
    done += count;
  }
}

const TOUCHES: BatchKind = { struct: 'CpuTouch', emit: emitTouches };

function emitTouches(writer: FlushWriter, batch: Batch): void {
  const { a, first: firstTouch, count } = batch;
  const words = framesIn(writer.machine.config, a) * WORDS_PER_PAGE;
  const groups = Math.ceil(count / LANES);
  writer.dispatch('cpuAccess', a, a, 'CpuParams', { count, firstTouch, words }, groups);
}

/** CPU_ACCESS: touches of distinct words share a dispatch; a second touch of a word waits for the first. */
export function encodeCpuAccess(writer: FlushWriter, command: CpuAccess): void {
  const { config } = writer.machine;
  const segment = segmentId(SYSTEM_SPACE, Math.floor(command.frame / segmentPages(config)));
  const word = (command.frame - firstFrame(config, segment)) * WORDS_PER_PAGE + command.word;
  do writer.room(TOUCHES, segment, segment, 1, 1);
  while (!writer.claim(word, word + 1));
  const io = writer.flush.takeIo(writer.job, 1);
  const touch = { word, kind: command.kind, operand: command.operand, io };
  writeStruct(writer.machine.arenas.list.words, writer.addItems(1), 'CpuTouch', touch);
}
