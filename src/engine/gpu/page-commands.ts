// Commands on whole pages: copies by frames, the linear peer, fills and hashes. Copies by addresses: translated-copies.ts.
import { pageKey } from '../../base/mix.ts';
import type { Copy, CopyBaseline, Fill, FillSeeded, Hash, SpaceId } from '../plan/commands.ts';
import { WGSL } from '../plan/layouts.gen.ts';
import { segmentPages } from '../plan/segments.ts';
import type { Batch, BatchKind, FlushWriter } from './flush-writer.ts';
import { orderPairs, sortedSide } from './pair-order.ts';
import { eachPairOfPieces, eachPiece, firstFrame, framesIn, segmentId, spaceOf, type SegmentId } from './segments.ts';
import { fieldWord, structWords } from './struct-words.ts';

const PAIR_WORDS = structWords('PagePair');
const PAIR_SRC = fieldWord('PagePair', 'src');
const PAIR_DST = fieldWord('PagePair', 'dst');
const TASK_WORDS = structWords('PageTask');
const TASK_FRAME = fieldWord('PageTask', 'frame');
const TASK_VALUE = fieldWord('PageTask', 'value');
const ROWS = WGSL.PAGE_ROWS;
const LINEAR_LANES = 256;

/** Frames of the whole space. */
export function framesOf(writer: FlushWriter, space: SpaceId): number {
  return writer.machine.config.spaces[space]?.pages ?? 0;
}

const COPY: BatchKind = { struct: 'PagePair', emit: emitCopies };
const FILL: BatchKind = { struct: 'PageTask', emit: (writer, batch) => emitTasks(writer, batch, 'fillPages') };
const FILL_SEEDED: BatchKind = { struct: 'PageTask', emit: (writer, batch) => emitTasks(writer, batch, 'fillSeeded') };
const HASH: BatchKind = { struct: 'PageTask', emit: (writer, batch) => emitTasks(writer, batch, 'hashPages') };

/** The batch is about two spaces, named by their first segments. */
function emitCopies(writer: FlushWriter, { a, b, first, count }: Batch): void {
  const { words } = writer.machine.arenas.list;
  const list = { words, at: first * PAIR_WORDS, count };
  const side = sortedSide(spaceOf(a), spaceOf(b));
  orderPairs(list, side, segmentPages(writer.machine.config), (src, dst, start, part) =>
    dispatchCopy(writer, 'copy', a + src, b + dst, first + start, part),
  );
}

/** Copies those of the pairs `firstPair` … `firstPair + count` of the host's list, or of what a walk found, that lie in the segments. */
export function dispatchCopy(
  writer: FlushWriter,
  list: 'copy' | 'walked',
  src: SegmentId,
  dst: SegmentId,
  firstPair: number,
  count: number,
): void {
  const { config } = writer.machine;
  const values = {
    count,
    firstPair,
    srcFirst: firstFrame(config, src),
    dstFirst: firstFrame(config, dst),
    srcFrames: framesIn(config, src),
    dstFrames: framesIn(config, dst),
  };
  const { groups } = writer.machine.pipelines.shapeOf(src, dst);
  writer.dispatch(`${list}${src === dst ? 'Within' : 'Between'}`, src, dst, 'CopyParams', values, count * groups);
}

function emitTasks(writer: FlushWriter, batch: Batch, variant: 'fillPages' | 'fillSeeded' | 'hashPages'): void {
  const { a, first: firstTask, count } = batch;
  const values = { count, firstTask, frames: framesIn(writer.machine.config, a) };
  if (variant !== 'hashPages') writer.dispatch(variant, a, a, 'FillParams', values, count);
  else writer.dispatch(variant, a, a, 'HashParams', values, Math.ceil(count / WGSL.HASH_PAGES));
}

/** COPY: one pair a page. Within one space reads matter too: another command may write what this one reads. */
export function encodeCopy(writer: FlushWriter, command: Copy): void {
  const { srcSpace, dstSpace, pages } = command;
  for (let done = 0; done < pages;) {
    const count = writer.room(COPY, segmentId(srcSpace), segmentId(dstSpace), pages - done);
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
  writer.closeBatch();
  const perPage = command.method === 'linear' ? ROWS : WGSL.TABLE_ENTRIES;
  const kernel = command.method === 'linear' ? 'linear' : 'entries';
  eachPairOfPieces(writer.machine.config, command, (src, srcFrame, dst, dstFrame, pages) => {
    const count = pages * perPage;
    const values = { count, first: srcFrame * perPage, to: dstFrame * perPage };
    const variant = `${kernel}${src === dst ? 'Within' : 'Between'}` as const;
    writer.dispatch(variant, src, dst, 'LinearParams', values, Math.ceil(count / LINEAR_LANES));
  });
}

function encodeFill(
  writer: FlushWriter,
  kind: BatchKind,
  command: Fill | FillSeeded,
  value: (page: number) => number,
): void {
  const { space, frame, pages } = command;
  eachPiece(writer.machine.config, space, frame, pages, (segment, first, count, done) =>
    addFills(writer, kind, segment, first, count, (page) => value(done + page)),
  );
}

/** `pages` tasks for the frames from `frame` on of a segment. */
function addFills(
  writer: FlushWriter,
  kind: BatchKind,
  segment: SegmentId,
  frame: number,
  pages: number,
  value: (page: number) => number,
): void {
  for (let done = 0; done < pages;) {
    const count = writer.room(kind, segment, segment, pages - done);
    const first = frame + done;
    if (!writer.claim(first, first + count)) continue;
    writeTasks(writer, first, count, (page) => value(done + page));
    done += count;
  }
}

function writeTasks(writer: FlushWriter, frame: number, count: number, value: (page: number) => number): void {
  const { words } = writer.machine.arenas.list;
  for (let i = 0, at = writer.addItems(count); i < count; i++, at += TASK_WORDS) {
    words[at + TASK_FRAME] = frame + i;
    words[at + TASK_VALUE] = value(i);
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
export function encodeHash(writer: FlushWriter, { space, frame, pages }: Hash): void {
  eachPiece(writer.machine.config, space, frame, pages, (segment, first, count) =>
    addHashes(writer, segment, first, count),
  );
}

function addHashes(writer: FlushWriter, segment: SegmentId, frame: number, pages: number): void {
  for (let done = 0; done < pages;) {
    const count = writer.room(HASH, segment, segment, pages - done, 2);
    const io = writer.flush.takeIo(writer.job, 2 * count);
    writeTasks(writer, frame + done, count, (page) => io + 2 * page);
    done += count;
  }
}
