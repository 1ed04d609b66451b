// Commands on whole pages: copies by frames, the linear peer, fills and hashes. Copies by addresses: translated-copies.ts.
import { pageKey } from '../../base/mix.ts';
import type { Copy, CopyBaseline, Fill, FillSeeded, Hash, SpaceId } from '../plan/commands.ts';
import { WGSL } from '../plan/layouts.gen.ts';
import type { Batch, BatchKind, FlushWriter } from './flush-writer.ts';
import { fieldWord, structWords } from './struct-words.ts';
import type { VariantName } from './pipelines.ts';

const PAIR_WORDS = structWords('PagePair');
const PAIR_SRC = fieldWord('PagePair', 'src');
const PAIR_DST = fieldWord('PagePair', 'dst');
const TASK_WORDS = structWords('PageTask');
const TASK_FRAME = fieldWord('PageTask', 'frame');
const TASK_VALUE = fieldWord('PageTask', 'value');
const ROWS = WGSL.PAGE_ROWS;
const LINEAR_LANES = 256;

export function framesOf(writer: FlushWriter, space: SpaceId): number {
  return writer.machine.config.spaces[space]?.pages ?? 0;
}

const COPY: BatchKind = { struct: 'PagePair', emit: emitCopy };
const FILL: BatchKind = { struct: 'PageTask', emit: (writer, batch) => emitTasks(writer, batch, 'fillPages') };
const FILL_SEEDED: BatchKind = { struct: 'PageTask', emit: (writer, batch) => emitTasks(writer, batch, 'fillSeeded') };
const HASH: BatchKind = { struct: 'PageTask', emit: (writer, batch) => emitTasks(writer, batch, 'hashPages') };

function emitCopy(writer: FlushWriter, batch: Batch): void {
  const { a, b, first, count } = batch;
  dispatchCopy(writer, a === b ? 'copyWithin' : 'copyBetween', a, b, first, count);
}

/** Copies pairs `firstPair` … `firstPair + count` of the variant's list. */
export function dispatchCopy(
  writer: FlushWriter,
  variant: VariantName,
  src: SpaceId,
  dst: SpaceId,
  firstPair: number,
  count: number,
): void {
  const srcFrames = framesOf(writer, src);
  const dstFrames = framesOf(writer, dst);
  writer.dispatch(variant, src, dst, 'CopyParams', { count, firstPair, srcFrames, dstFrames }, count);
}

function emitTasks(writer: FlushWriter, batch: Batch, variant: 'fillPages' | 'fillSeeded' | 'hashPages'): void {
  const { a, first: firstTask, count } = batch;
  const values = { count, firstTask, frames: framesOf(writer, a) };
  if (variant !== 'hashPages') writer.dispatch(variant, a, a, 'FillParams', values, count);
  else writer.dispatch(variant, a, a, 'HashParams', values, Math.ceil(count / WGSL.HASH_PAGES));
}

/** COPY: one pair a page. Within one space reads matter too: another command may write what this one reads. */
export function encodeCopy(writer: FlushWriter, command: Copy): void {
  const { srcSpace, dstSpace, pages } = command;
  for (let done = 0; done < pages;) {
    const count = writer.room(COPY, srcSpace, dstSpace, pages - done);
    const src = command.srcFrame + done;
    const dst = command.dstFrame + done;
    if (!writer.claim(dst, dst + count, src, srcSpace === dstSpace ? src + count : src)) continue;
    writePairs(writer.machine.arenas.list.words, writer.addItems(count), src, dst, count);
    done += count;
  }
}

function writePairs(words: Uint32Array, at: number, src: number, dst: number, count: number): void {
  for (let i = 0; i < count; i++) {
    words[at + i * PAIR_WORDS + PAIR_SRC] = src + i;
    words[at + i * PAIR_WORDS + PAIR_DST] = dst + i;
  }
}

/** The plain shader copies; `copyBufferToBuffer` is in host-commands.ts. */
export function encodeCopyLinear(writer: FlushWriter, command: CopyBaseline): void {
  const { srcSpace, dstSpace, method } = command;
  writer.closeBatch();
  const perPage = method === 'linear' ? ROWS : WGSL.TABLE_ENTRIES;
  const kernel = method === 'linear' ? 'linear' : 'entries';
  const count = command.pages * perPage;
  const values = { count, first: command.srcFrame * perPage, to: command.dstFrame * perPage };
  const variant = `${kernel}${srcSpace === dstSpace ? 'Within' : 'Between'}` as const;
  writer.dispatch(variant, srcSpace, dstSpace, 'LinearParams', values, Math.ceil(count / LINEAR_LANES));
}

function encodeFill(
  writer: FlushWriter,
  kind: BatchKind,
  command: Fill | FillSeeded,
  value: (page: number) => number,
): void {
  const { space, pages } = command;
  for (let done = 0; done < pages;) {
    const count = writer.room(kind, space, space, pages - done);
    const frame = command.frame + done;
    if (!writer.claim(frame, frame + count)) continue;
    const { words } = writer.machine.arenas.list;
    for (let i = 0, at = writer.addItems(count); i < count; i++, at += TASK_WORDS) {
      words[at + TASK_FRAME] = frame + i;
      words[at + TASK_VALUE] = value(done + i);
    }
    done += count;
  }
}

/** FILL: every word of the pages is the pattern. */
export function encodeFillPattern(writer: FlushWriter, command: Fill): void {
  encodeFill(writer, FILL, command, () => command.pattern);
}

/** FILL_SEEDED: page i has the contents of key pageKey(seed, pageLo + i). */
export function encodeFillSeeded(writer: FlushWriter, command: FillSeeded): void {
  encodeFill(writer, FILL_SEEDED, command, (page) => pageKey(command.seed, command.pageLo + page));
}

/** HASH: two words of io a page. */
export function encodeHash(writer: FlushWriter, command: Hash): void {
  const { space, pages } = command;
  for (let done = 0; done < pages;) {
    const count = writer.room(HASH, space, space, pages - done, 2);
    const io = writer.flush.takeIo(writer.job, 2 * count);
    const { words } = writer.machine.arenas.list;
    for (let i = 0, at = writer.addItems(count); i < count; i++, at += TASK_WORDS) {
      words[at + TASK_FRAME] = command.frame + done + i;
      words[at + TASK_VALUE] = io + 2 * i;
    }
    done += count;
  }
}
