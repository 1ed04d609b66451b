// Segments of memory spaces as the executor names them, and ranges of frames cut where one buffer ends and the next begins.
import type { CopyBaseline, SpaceId } from '../plan/commands.ts';
import type { ExecutorConfig } from '../plan/executor.ts';
import { MAX_SEGMENTS, pagesOfSegment, segmentPages } from '../plan/segments.ts';

/** A space and one of its segments as one number: what a batch or a bind group is about. */
export type SegmentId = number;

export function segmentId(space: SpaceId, index = 0): SegmentId {
  return space * MAX_SEGMENTS + index;
}

export function spaceOf(segment: SegmentId): SpaceId {
  return Math.floor(segment / MAX_SEGMENTS);
}

export function indexOf(segment: SegmentId): number {
  return segment % MAX_SEGMENTS;
}

/** Frames that the segment holds. */
export function framesIn(config: ExecutorConfig, segment: SegmentId): number {
  return pagesOfSegment(config, spaceOf(segment), indexOf(segment));
}

/** First frame of the segment in its space. */
export function firstFrame(config: ExecutorConfig, segment: SegmentId): number {
  return indexOf(segment) * segmentPages(config);
}

/** Calls `visit` with each piece of `pages` frames from `frame` on: its segment, its first frame there, its length, and
 * how many pages came before it. */
export function eachPiece(
  config: ExecutorConfig,
  space: SpaceId,
  frame: number,
  pages: number,
  visit: (segment: SegmentId, frame: number, pages: number, done: number) => void,
): void {
  const size = segmentPages(config);
  for (let done = 0; done < pages;) {
    const at = frame + done;
    const count = Math.min(pages - done, size - (at % size));
    visit(segmentId(space, Math.floor(at / size)), at % size, count, done);
    done += count;
  }
}

/** Calls `visit` with each piece of a copy that stays within one segment on either side. */
export function eachPairOfPieces(
  config: ExecutorConfig,
  { srcSpace, srcFrame, dstSpace, dstFrame, pages }: Omit<CopyBaseline, 'op' | 'method'>,
  visit: (src: SegmentId, srcFrame: number, dst: SegmentId, dstFrame: number, pages: number) => void,
): void {
  eachPiece(config, srcSpace, srcFrame, pages, (src, from, count, done) =>
    eachPiece(config, dstSpace, dstFrame + done, count, (dst, to, part, before) =>
      visit(src, from + before, dst, to, part),
    ),
  );
}
