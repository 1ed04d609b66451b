// A cursor over the memory behind a bind: contiguous segments in order, with look-ahead for 64K pieces (xe.md §5.4).
import { assert } from '../../base/assert.ts';
import type { Frame } from '../../base/units.ts';
import { PAGES_64K } from './pt-geometry.ts';

/** SvmPages is one. Offsets are pages from the bind's start; segments ascend and cover the whole interval. */
export interface SegmentSource {
  forEachSegment(fn: (pageOffset: number, proto: number, frame: Frame, pages: number) => void): void;
}

/** Protocols that a leaf can express; 2 (peer) has no space in a walk (xe.md §3.5). */
export const LEAF_PROTO = { system: 0, vram: 1 } as const;
const FIRST_CAPACITY = 64;

/** Reused from bind to bind: loading a source allocates only when it has more segments than any before. */
export class SegmentCursor {
  private offsets = new Float64Array(FIRST_CAPACITY + 1);
  private frames = new Float64Array(FIRST_CAPACITY);
  private protos = new Uint8Array(FIRST_CAPACITY);
  private count = 0;
  private index = 0;
  private readonly push: (pageOffset: number, proto: number, frame: Frame, pages: number) => void;

  constructor() {
    this.push = (offset, proto, frame, pages) => this.append(offset, proto, frame, pages);
  }

  /** Takes the segments of `source`, joining neighbours that continue each other. */
  load(source: SegmentSource): void {
    this.count = 0;
    this.index = 0;
    this.offsets[0] = 0;
    source.forEachSegment(this.push);
  }

  /** Pages that the loaded segments cover. */
  get pages(): number {
    return this.offsets[this.count] as number;
  }

  /** True when every segment is system memory or VRAM of the same device. */
  get addressable(): boolean {
    for (let i = 0; i < this.count; i++) if ((this.protos[i] as number) > LEAF_PROTO.vram) return false;
    return true;
  }

  /** Moves to the segment that holds page `offset`; offsets may only grow between loads. */
  seek(offset: number): void {
    while ((this.offsets[this.index + 1] as number) <= offset) this.index++;
  }

  /** Frame of page `offset`, which lies in the segment of the last `seek`. */
  frameAt(offset: number): Frame {
    return (this.frames[this.index] as number) + offset - (this.offsets[this.index] as number);
  }

  /** Protocol of the segment of the last `seek`. */
  get proto(): number {
    return this.protos[this.index] as number;
  }

  /** First page behind the segment of the last `seek`. */
  get end(): number {
    return this.offsets[this.index + 1] as number;
  }

  /** Every 64K of [offset, end) begins 64K-aligned in memory and lies in one segment. Does not move the cursor. */
  in64K(offset: number, end: number): boolean {
    let index = this.index;
    for (let at = offset; at < end; at += PAGES_64K) {
      while ((this.offsets[index + 1] as number) <= at) index++;
      const frame = (this.frames[index] as number) + at - (this.offsets[index] as number);
      if (frame % PAGES_64K !== 0 || (this.offsets[index + 1] as number) - at < PAGES_64K) return false;
    }
    return true;
  }

  private append(offset: number, proto: number, frame: Frame, pages: number): void {
    assert(offset === this.pages && pages > 0, () => `segment at page ${offset}, expected one at ${this.pages}`);
    const last = this.count - 1;
    const continues =
      last >= 0 &&
      this.protos[last] === proto &&
      (this.frames[last] as number) + offset - (this.offsets[last] as number) === frame;
    if (!continues) this.open(proto, frame);
    this.offsets[this.count] = offset + pages;
  }

  private open(proto: number, frame: Frame): void {
    if (this.count === this.frames.length) this.grow();
    this.frames[this.count] = frame;
    this.protos[this.count] = proto;
    this.count++;
  }

  private grow(): void {
    const { offsets, frames, protos } = this;
    this.offsets = new Float64Array(2 * frames.length + 1);
    this.frames = new Float64Array(2 * frames.length);
    this.protos = new Uint8Array(2 * frames.length);
    this.offsets.set(offsets);
    this.frames.set(frames);
    this.protos.set(protos);
  }
}
