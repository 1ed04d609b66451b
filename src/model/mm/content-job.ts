// Giving frames their content in the order in which it is asked for: zeroes, copies of other frames, words of the host.
// Neighbours become one command, and all commands of a batch one job on queue 'cpu', which nobody waits for.
import type { Pfn } from '../../base/units.ts';
import { SYSTEM_SPACE, type Command } from '../../engine/plan/commands.ts';
import type { MmWorld } from './mm.ts';

/** Pages of one command in the making. */
interface Run {
  readonly kind: 'zero' | 'copy';
  readonly src: Pfn;
  readonly dst: Pfn;
  pages: number;
}

export class ContentJob {
  private readonly world: MmWorld;
  private readonly label: string;
  private readonly commands: Command[] = [];
  private run: Run | null = null;

  constructor(world: MmWorld, label: string) {
    this.world = world;
    this.label = label;
  }

  /** The system page becomes zero. */
  zero(pfn: Pfn): void {
    this.extend('zero', pfn, pfn);
  }

  /** The system page `dst` gets the bytes that `src`, another system page, has at this point of the job. */
  copy(src: Pfn, dst: Pfn): void {
    this.extend('copy', src, dst);
  }

  /** The system page gets 1024 words of the host. */
  upload(pfn: Pfn, words: Uint32Array): void {
    this.close();
    this.commands.push({ op: 'upload', space: SYSTEM_SPACE, frame: this.frame(pfn), words });
  }

  /** Submits the batch as one job; nothing when it is empty. Call before anything can wait. */
  submit(): void {
    this.close();
    if (this.commands.length > 0) this.world.jobs.submit('cpu', this.label, this.commands);
  }

  private extend(kind: Run['kind'], src: Pfn, dst: Pfn): void {
    const { run } = this;
    if (run !== null && run.kind === kind && src === run.src + run.pages && dst === run.dst + run.pages) {
      // A copy must not read what it writes itself.
      if (kind === 'zero' || Math.abs(run.src - run.dst) > run.pages) {
        run.pages++;
        return;
      }
    }
    this.close();
    this.run = { kind, src, dst, pages: 1 };
  }

  private close(): void {
    if (this.run !== null) this.commands.push(this.command(this.run));
    this.run = null;
  }

  private command({ kind, src, dst, pages }: Run): Command {
    const space = SYSTEM_SPACE;
    if (kind === 'zero') return { op: 'fill', space, frame: this.frame(dst), pages, pattern: 0 };
    return {
      op: 'copy',
      srcSpace: space,
      srcFrame: this.frame(src),
      dstSpace: space,
      dstFrame: this.frame(dst),
      pages,
    };
  }

  private frame(pfn: Pfn): number {
    return this.world.pages.frameOf(pfn);
  }
}
