// COPY by addresses: neighbouring commands become one pass that walks and one that copies, whatever their number.
//
// All of a batch is walked before any of it is copied, so commands share one only where that changes nothing: one job, one
// root, the same spaces, and no virtual page written twice, or written and read (commands.ts·CopyTranslated says what is
// left to the submitter).
import { vaHi, vaLo } from '../../base/units.ts';
import { SYSTEM_SPACE, type CopyTranslated, type SpaceId, type WalkRoot } from '../plan/commands.ts';
import { WGSL } from '../plan/layouts.gen.ts';
import { segmentCount, tableFrames } from '../plan/segments.ts';
import { translatedPages, vramBeside } from './buffers.ts';
import type { Batch, BatchKind, FlushWriter } from './flush-writer.ts';
import { dispatchCopy, framesOf } from './page-commands.ts';
import { segmentId, spaceOf } from './segments.ts';
import { sortedSide } from './pair-order.ts';
import { orderSpans } from './span-order.ts';
import { structWords, writeStruct } from './struct-words.ts';

const SPAN_WORDS = structWords('CopySpan');
/** A value that the masked bit of a leaf never has. */
const NO_MEMORY = 0xffffffff;

/** What commands of a batch share beside their spaces. */
class TranslatedBatch implements BatchKind {
  readonly struct = 'CopySpan';
  readonly withinJob = true;
  readonly root: WalkRoot;
  /** Pages of the commands of the open batch so far. */
  pages = 0;
  /** The virtual pages behind the last command: a command that begins there continues its span. */
  #srcEnd = Number.NaN;
  #dstEnd = Number.NaN;

  constructor(root: WalkRoot) {
    this.root = root;
  }

  /** Whether `pages` pages under `root` may join: what the walks find must fit into the list of pairs. */
  takes(root: WalkRoot, pages: number, most: number): boolean {
    const { space, frame, level } = this.root;
    return space === root.space && frame === root.frame && level === root.level && this.pages + pages <= most;
  }

  emit(writer: FlushWriter, batch: Batch): void {
    const { a, b, first, count } = batch;
    const { words } = writer.machine.arenas.list;
    const side = sortedSide(spaceOf(a), spaceOf(b));
    orderSpans({ words, at: first * SPAN_WORDS, count, pages: this.pages }, side);
    emitTranslate(writer, batch, this);
    // Nobody knows yet which segments the frames lie in: each pair of segments gets a dispatch that skips the others' pages.
    const { config } = writer.machine;
    for (let src = 0; src < segmentCount(config, spaceOf(a)); src++)
      for (let dst = 0; dst < segmentCount(config, spaceOf(b)); dst++)
        dispatchCopy(writer, 'walked', a + src, b + dst, 0, this.pages);
    // The writer may close it to make room for the very command that asked for it: it then begins anew.
    this.pages = 0;
  }

  /** Counts the command in; false where it begins a span of its own. */
  continues({ srcVpn, dstVpn, pages }: CopyTranslated): boolean {
    const same = this.pages > 0 && this.#srcEnd === srcVpn && this.#dstEnd === dstVpn;
    this.#srcEnd = srcVpn + pages;
    this.#dstEnd = dstVpn + pages;
    this.pages += pages;
    return same;
  }
}

/** The open batch where the command may join it; else a new one. */
function batchFor(writer: FlushWriter, { root, pages }: CopyTranslated): TranslatedBatch {
  const open = writer.openKind;
  const most = translatedPages(writer.machine.config);
  return open instanceof TranslatedBatch && open.takes(root, pages, most) ? open : new TranslatedBatch(root);
}

/** Opens or continues a batch that the command does not conflict with. */
function joinBatch(writer: FlushWriter, command: CopyTranslated): TranslatedBatch {
  const { srcSpace, dstSpace, srcVpn, dstVpn, pages } = command;
  for (;;) {
    const kind = batchFor(writer, command);
    writer.room(kind, segmentId(srcSpace), segmentId(dstSpace), 1);
    if (writer.claim(dstVpn, dstVpn + pages, srcVpn, srcVpn + pages)) return kind;
  }
}

/** COPY by addresses: a pass that walks, then a pass that copies what it found. */
export function encodeCopyTranslated(writer: FlushWriter, command: CopyTranslated): void {
  const { srcVpn, dstVpn } = command;
  const kind = joinBatch(writer, command);
  const first = kind.pages;
  if (kind.continues(command)) return;
  const span = { first, srcLo: vaLo(srcVpn), srcHi: vaHi(srcVpn), dstLo: vaLo(dstVpn), dstHi: vaHi(dstVpn) };
  writeStruct(writer.machine.arenas.list.words, writer.addItems(1), 'CopySpan', span);
}

/** Bit that a leaf must have to target `space` under tables in `tableSpace`. */
function leafMemory(space: SpaceId, tableSpace: SpaceId): number {
  if (space === SYSTEM_SPACE) return 0;
  return space === vramBeside(tableSpace) ? WGSL.PTE_DEVICE_MEMORY : NO_MEMORY;
}

function emitTranslate(writer: FlushWriter, batch: Batch, { root, pages }: TranslatedBatch): void {
  const { first: firstSpan, count: spanCount } = batch;
  const [srcSpace, dstSpace] = [spaceOf(batch.a), spaceOf(batch.b)];
  const values = {
    count: pages,
    firstSpan,
    spanCount,
    rootFrame: root.frame,
    rootLevel: root.level,
    tableFrames: tableFrames(writer.machine.config, root.space),
    srcMemory: leafMemory(srcSpace, root.space),
    dstMemory: leafMemory(dstSpace, root.space),
    srcFrames: framesOf(writer, srcSpace),
    dstFrames: framesOf(writer, dstSpace),
    mark: writer.flush.addMark(writer.job),
  };
  const { lanes, pagesALane } = writer.machine.walks;
  const groups = Math.ceil(pages / (lanes * pagesALane));
  const tables = segmentId(root.space);
  writer.dispatch('translatePages', tables, tables, 'TranslateParams', values, groups);
}
