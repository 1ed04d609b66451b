// An executor whose pages hold one word each: enough to see whether content follows its page.
import type { Command, SpaceId } from '../../../src/engine/plan/commands.ts';
import type { Executor, ExecutorConfig, ExecutorInfo } from '../../../src/engine/plan/executor.ts';
import type { Completion, Job } from '../../../src/engine/plan/job.ts';

const INFO: ExecutorInfo = {
  kind: 'twin',
  name: 'toy',
  software: false,
  vendor: '',
  architecture: '',
  driver: '',
  backend: '',
  features: [],
  limits: {},
  timestamps: false,
};

export class ToyExecutor implements Executor {
  readonly info = INFO;
  readonly config: ExecutorConfig;
  private readonly spaces: Uint32Array[];
  /** Every job that came, in order. */
  readonly jobs: Job[] = [];
  private done: Completion[] = [];

  /** Pages of [system, device 0, …]; they start with rubbish, so that a missing zero fill shows. */
  constructor(pages: readonly number[]) {
    this.spaces = pages.map((count) => new Uint32Array(count).fill(0xdead));
    const spaces = pages.map((count, i) => ({ name: `space ${i}`, pages: count }));
    this.config = { spaces, accessCapacity: 0, faultCapacity: 0, tlbLines: 0 };
  }

  word(space: SpaceId, frame: number): number {
    return this.spaces[space]?.[frame] ?? NaN;
  }

  submit(job: Job): void {
    this.jobs.push(job);
    const io: number[] = [];
    for (const command of job.commands) this.perform(command, io);
    const words = Uint32Array.from(io);
    this.done.push({ seq: job.seq, status: 'ok', faults: new Uint32Array(0), dropped: 0, io: words, gpuNs: null });
  }

  flush(): void {}

  take(): Completion[] {
    const taken = this.done;
    this.done = [];
    return taken;
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): void {}

  private perform(command: Command, io: number[]): void {
    switch (command.op) {
      case 'fill':
        this.spaces[command.space]?.fill(command.pattern, command.frame, command.frame + command.pages);
        return;
      case 'copy':
        for (let i = 0; i < command.pages; i++) {
          const word = this.word(command.srcSpace, command.srcFrame + i);
          (this.spaces[command.dstSpace] as Uint32Array)[command.dstFrame + i] = word;
        }
        return;
      case 'cpuAccess': {
        const system = this.spaces[0] as Uint32Array;
        const before = system[command.frame] as number;
        io.push(before);
        if (command.kind !== 0) system[command.frame] = before + command.operand;
        return;
      }
      default:
        throw new Error(`the toy executor has no ${command.op}`);
    }
  }
}
