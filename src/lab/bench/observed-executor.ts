// Passes jobs on to an executor and keeps when each was handed over and came back; its calls to the device are counted.
import type { Executor, ExecutorConfig, ExecutorInfo } from '../../engine/plan/executor.ts';
import type { Completion, Job } from '../../engine/plan/job.ts';

/** Wall milliseconds. */
export interface JobTimes {
  readonly label: string;
  /** Before the executor took it. */
  readonly submittedMs: number;
  /** When its completion was in hand; infinite until then. */
  doneMs: number;
  gpuNs: number | null;
}

/** Calls since the start: command buffers submitted, buffers mapped, waits for the queue. */
export interface DeviceCalls {
  submits: number;
  maps: number;
  waits: number;
}

export class ObservedExecutor implements Executor {
  /** When jobs were handed over, from … to: validation, encoding, submission. */
  handOvers: (readonly [fromMs: number, toMs: number])[] = [];
  /** Jobs since the last `forget`, in order. */
  jobs: JobTimes[] = [];
  readonly #inner: Executor;
  readonly #now: () => number;
  readonly #bySeq = new Map<number, JobTimes>();

  constructor(inner: Executor, now: () => number) {
    this.#inner = inner;
    this.#now = now;
  }

  get info(): ExecutorInfo {
    return this.#inner.info;
  }

  get config(): ExecutorConfig {
    return this.#inner.config;
  }

  submit(job: Job): void {
    const submittedMs = this.#now();
    const times = { label: job.label, submittedMs, doneMs: Number.POSITIVE_INFINITY, gpuNs: null };
    this.jobs.push(times);
    this.#bySeq.set(job.seq, times);
    this.#inner.submit(job);
    this.handOvers.push([submittedMs, this.#now()]);
  }

  flush(): void {
    const start = this.#now();
    this.#inner.flush();
    this.handOvers.push([start, this.#now()]);
  }

  take(): Completion[] {
    const done = this.#inner.take();
    if (done.length > 0) this.#note(done);
    return done;
  }

  settled(): Promise<void> {
    return this.#inner.settled();
  }

  destroy(): void {
    this.#inner.destroy();
  }

  /** Begins a new stretch; what is in flight still counts for the old one. */
  forget(): void {
    this.jobs = [];
    this.handOvers = [];
  }

  #note(done: readonly Completion[]): void {
    const doneMs = this.#now();
    for (const { seq, gpuNs } of done) {
      const times = this.#bySeq.get(seq);
      if (times === undefined) continue;
      times.doneMs = doneMs;
      times.gpuNs = gpuNs;
      this.#bySeq.delete(seq);
    }
  }
}

interface Countable {
  readonly device: GPUDevice;
}

/**
 * Counts what an executor asks of its device, until `stop`. Null where there is no device (the twin). Methods are wrapped
 * in place: one device is measured at a time.
 */
export function countCalls(executor: Executor): { readonly calls: DeviceCalls; readonly stop: () => void } | null {
  if (!('device' in executor)) return null;
  const { device } = executor as Executor & Countable;
  const calls: DeviceCalls = { submits: 0, maps: 0, waits: 0 };
  const scratch = device.createBuffer({ size: 8, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const queue = methodsOf(device.queue);
  const buffer = methodsOf(scratch);
  scratch.destroy();
  const restore = [
    counted(queue, 'submit', () => calls.submits++),
    counted(queue, 'onSubmittedWorkDone', () => calls.waits++),
    counted(buffer, 'mapAsync', () => calls.maps++),
  ];
  return { calls, stop: () => restore.forEach((undo) => undo()) };
}

type Method = (this: unknown, ...given: readonly unknown[]) => unknown;
type Methods = Record<string, Method>;

function methodsOf(object: object): Methods {
  return Object.getPrototypeOf(object) as Methods;
}

/** Wraps a method of a prototype; returns what puts the old one back. */
function counted(prototype: Methods, name: string, count: () => void): () => void {
  const original = prototype[name] as Method;
  prototype[name] = function call(...given): unknown {
    count();
    return original.apply(this, [...given]);
  };
  return () => {
    prototype[name] = original;
  };
}
