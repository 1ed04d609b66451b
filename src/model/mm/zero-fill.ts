// Zeroing fresh frames: adjacent frames become one FILL command, and all commands of a batch one job on queue 'cpu'.
//
// The queue is in order with everything, so nobody waits for these jobs (.contracts/model.md).
import type { Pfn } from '../../base/units.ts';
import { SYSTEM_SPACE, type Command } from '../../engine/plan/commands.ts';
import type { MmWorld } from './mm.ts';

export class ZeroFill {
  private readonly world: MmWorld;
  private readonly commands: Command[] = [];
  private runStart: Pfn = 0;
  private runPages = 0;

  constructor(world: MmWorld) {
    this.world = world;
  }

  /** Adds a system page to the batch. */
  add(pfn: Pfn): void {
    if (this.runPages > 0 && pfn === this.runStart + this.runPages) {
      this.runPages++;
      return;
    }
    this.closeRun();
    this.runStart = pfn;
    this.runPages = 1;
  }

  /** Submits the batch as one job; nothing when it is empty. Call before anything can wait. */
  submit(): void {
    this.closeRun();
    if (this.commands.length > 0) this.world.jobs.submit('cpu', 'zero pages', this.commands);
  }

  private closeRun(): void {
    if (this.runPages > 0) this.commands.push(fillZero(this.world, this.runStart, this.runPages));
    this.runPages = 0;
  }
}

/** Zeroes the shared zero page the first time somebody maps it. */
export function prepareZeroPage(world: MmWorld): void {
  if (world.pages.zeroReady) return;
  world.pages.zeroReady = true;
  world.jobs.submit('cpu', 'zero page', [fillZero(world, world.pages.zeroPfn, 1)]);
}

function fillZero(world: MmWorld, pfn: Pfn, pages: number): Command {
  return { op: 'fill', space: SYSTEM_SPACE, frame: world.pages.frameOf(pfn), pages, pattern: 0 };
}
