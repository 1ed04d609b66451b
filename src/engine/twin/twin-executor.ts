// The executor without a GPU: runs jobs on plain arrays, word for word as the shaders do, and deterministically.
import { assert } from '../../base/assert.ts';
import { createRng } from '../../base/rng.ts';
import type { SpaceId } from '../plan/commands.ts';
import type { Executor, ExecutorConfig, ExecutorInfo } from '../plan/executor.ts';
import type { Completion, Job } from '../plan/job.ts';
import { validateConfig, validateJob } from '../plan/validate.ts';
import { LogicalQueues } from './logical-queues.ts';
import { runJob } from './run-job.ts';
import { createTwinMemory, spaceWords, type TwinMemory } from './twin-memory.ts';

export interface TwinOptions {
  /**
   * `fifo` (default): submission order, as on the GPU. A seed: jobs of different logical queues run in a random order,
   * jobs of one queue keep theirs. It finds code that relies on an order which only fences promise.
   */
  readonly order?: 'fifo' | { readonly seed: number };
  /** Failure injection: a job for which this is true is skipped and completes with status 'injected'. */
  readonly failJob?: (job: Job) => boolean;
}

const INFO: ExecutorInfo = {
  kind: 'twin',
  name: 'CPU twin (no GPU)',
  software: false,
  vendor: '',
  architecture: '',
  driver: '',
  backend: 'typescript',
  features: [],
  limits: {},
  timestamps: false,
};

/** Jobs run inside `settled`, one a call, and never before: the caller's own waits are the twin's only clock. */
export class TwinExecutor implements Executor {
  readonly info = INFO;
  readonly config: ExecutorConfig;
  readonly #memory: TwinMemory;
  readonly #queues: LogicalQueues;
  readonly #failJob: (job: Job) => boolean;
  #done: Completion[] = [];
  #lastSeq = 0;
  #destroyed = false;

  constructor(config: ExecutorConfig, options: TwinOptions = {}) {
    const wrong = validateConfig(config);
    assert(wrong === null, () => `twin: ${wrong}`);
    const order = options.order ?? 'fifo';
    this.config = config;
    this.#memory = createTwinMemory(config);
    this.#queues = new LogicalQueues(order === 'fifo' ? null : createRng(order.seed));
    this.#failJob = options.failJob ?? (() => false);
  }

  submit(job: Job): void {
    assert(!this.#destroyed, () => `job ${job.seq} was submitted to a destroyed executor`);
    const wrong = validateJob(job, this.config);
    assert(wrong === null, () => wrong ?? '');
    assert(job.seq > this.#lastSeq, () => `seq ${job.seq} follows ${this.#lastSeq}: fence numbers rise`);
    this.#lastSeq = job.seq;
    this.#queues.push(job);
  }

  /** Nothing to hand over: a submitted job is the twin's already. */
  flush(): void {}

  take(): Completion[] {
    const done = this.#done;
    this.#done = [];
    return done.sort((a, b) => a.seq - b.seq);
  }

  async settled(): Promise<void> {
    await Promise.resolve();
    if (this.#done.length === 0) this.#runNext();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#queues.clear();
    this.#done = [];
  }

  /** The live words of a space, for tests only. */
  peek(space: SpaceId): Uint32Array {
    assert(space in this.config.spaces, () => `space ${space} of ${this.config.spaces.length}`);
    return spaceWords(this.#memory, space);
  }

  #runNext(): void {
    const job = this.#queues.next();
    if (job === undefined) return;
    this.#done.push(this.#failJob(job) ? injected(job) : runJob(this.#memory, job));
  }
}

function injected(job: Job): Completion {
  const none = new Uint32Array(0);
  return { seq: job.seq, status: 'injected', faults: none, dropped: 0, io: none, gpuNs: null };
}

/** An executor on plain arrays, all zero. Throws on a configuration that makes no sense. */
export function createTwinExecutor(config: ExecutorConfig, options: TwinOptions = {}): TwinExecutor {
  return new TwinExecutor(config, options);
}
