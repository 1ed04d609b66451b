// Executors with host pages for tests: what they ask of the twin inside is written down.
import type { Command } from '../../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import type { Completion, Job } from '../../../src/engine/plan/job.ts';
import { HostPagesExecutor, innerConfig, type HostPagesOptions } from '../../../src/engine/host/host-pages-executor.ts';
import { createTwinExecutor, type TwinExecutor, type TwinOptions } from '../../../src/engine/twin/twin-executor.ts';
import { complete } from '../../support/differential.ts';

export const PAGE_WORDS = 1024;

export const CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: 16 },
    { name: 'vram0', pages: 16 },
  ],
  accessCapacity: 16,
  faultCapacity: 16,
  tlbLines: 0,
};

export interface Recorded {
  readonly executor: HostPagesExecutor;
  /** Jobs that the twin was given, as they were then. */
  readonly inner: Job[];
  readonly twin: TwinExecutor;
  /** Submits the commands as the next job, without waiting. */
  readonly submit: (...commands: Command[]) => Job;
  /** Runs the commands as the next job. */
  readonly run: (...commands: Command[]) => Promise<Completion>;
}

export function recorded(
  options: HostPagesOptions & { readonly config?: ExecutorConfig } = {},
  twinOptions: TwinOptions = {},
): Recorded {
  const { config = CONFIG } = options;
  const inner: Job[] = [];
  const twin = createTwinExecutor(innerConfig(config), twinOptions);
  const submitInner = twin.submit.bind(twin);
  twin.submit = (job) => {
    inner.push(job);
    submitInner(options.readsAtSubmit === true ? structuredClone(job) : job);
  };
  const executor = new HostPagesExecutor(twin, config, options);
  let seq = 0;
  const next = (commands: readonly Command[], queue = 'q'): Job => ({
    seq: ++seq,
    queue,
    label: `job ${seq}`,
    commands,
    timed: false,
  });
  const submit = (...commands: Command[]): Job => {
    const job = next(commands);
    executor.submit(job);
    return job;
  };
  const run = async (...commands: Command[]): Promise<Completion> => {
    const [completion] = await complete(executor, [next(commands)]);
    return completion as Completion;
  };
  return { executor, inner, twin, submit, run };
}

/** Completions of everything that was submitted, `count` of them. */
export async function drain({ executor }: Recorded, count: number): Promise<Completion[]> {
  const done: Completion[] = [];
  while (done.length < count) {
    await executor.settled();
    done.push(...executor.take());
  }
  return done;
}

/** A copy of pages to the device, or home. */
export function up(srcFrame: number, dstFrame: number, pages = 1): Command {
  return { op: 'copy', srcSpace: 0, srcFrame, dstSpace: 1, dstFrame, pages };
}

export function down(srcFrame: number, dstFrame: number, pages = 1): Command {
  return { op: 'copy', srcSpace: 1, srcFrame, dstSpace: 0, dstFrame, pages };
}

export function fill(space: number, frame: number, pattern: number, pages = 1): Command {
  return { op: 'fill', space, frame, pages, pattern };
}

export function readback(space: number, frame: number, pages = 1): Command {
  return { op: 'readback', space, frame, pages };
}

/** First word of each page of a readback. */
export function firstWords({ io }: Completion): number[] {
  return Array.from({ length: io.length / PAGE_WORDS }, (_, page) => io[page * PAGE_WORDS] as number);
}
