// In which order the host acts on its memory: acts are numbered as they are submitted and done in that order, and a frame
// remembers the last act that may write it.
import type { Frame } from '../../base/units.ts';

export class HostOrder {
  /** By frame: number of the last act that may write it. */
  readonly #writer: Float64Array;
  /** Number of the last act that may write any frame. */
  #anywhere = 0;
  #issued = 0;
  #done = 0;

  constructor(frames: number) {
    this.#writer = new Float64Array(frames);
  }

  /** True when every act has been done: the next one may be done at once. */
  get idle(): boolean {
    return this.#done === this.#issued;
  }

  /** Number of the next act, which may write the frames. */
  issue(frame: Frame, pages: number): number {
    this.#issued++;
    this.extend(frame, pages);
    return this.#issued;
  }

  /** The last act may write these frames too. */
  extend(frame: Frame, pages: number): void {
    this.#writer.fill(this.#issued, frame, frame + pages);
  }

  /** Number of the next act, which may write any frame: what an access hits is known only afterwards. */
  issueAnywhere(): number {
    this.#issued++;
    this.#anywhere = this.#issued;
    return this.#issued;
  }

  /** Acts are done in the order of their numbers. */
  done(number: number): void {
    this.#done = number;
  }

  /** Whether the words of the frames are what everything submitted so far makes of them. */
  settled(frame: Frame, pages: number): boolean {
    if (this.#anywhere > this.#done) return false;
    for (let i = frame; i < frame + pages; i++) if ((this.#writer[i] as number) > this.#done) return false;
    return true;
  }
}
