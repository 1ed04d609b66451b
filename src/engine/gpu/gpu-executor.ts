// The executor on a WebGPU device: jobs become submissions, and come back as completions in the order of their numbers.
import { AccessSerials } from './access-serials.ts';
import { assert } from '../../base/assert.ts';
import {
  DeviceLostError,
  type Executor,
  type ExecutorConfig,
  type ExecutorInfo,
  type UploadCounts,
} from '../plan/executor.ts';
import type { Completion, Job } from '../plan/job.ts';
import { validateConfig, validateJob } from '../plan/validate.ts';
import { adapterName, chooseAdapter, largestBuffer, type AdapterKind } from './adapter.ts';
import { breatherFor, type Breather } from './breather.ts';
import { allocateBuffers, neededBytes, PARAM_SLOT_BYTES } from './buffers.ts';
import type { CopyShapes } from './copy-shape.ts';
import { createPipelines } from './create-pipelines.ts';
import { GpuError, openDevice, type WatchedDevice } from './device.ts';
import { dispatchMargin, flushLimits, type FlushLimits } from './flush-limits.ts';
import { FlushWriter } from './flush-writer.ts';
import { encodeJob } from './job-encoder.ts';
import type { Machine } from './machine.ts';
import { completionOf, startJob } from './pending-job.ts';
import { readFlush, type FaultPart } from './readback.ts';
import { StagingPool } from './staging.ts';
import type { SubmittedFlush } from './submitted-flush.ts';
import { Stamps } from './timestamps.ts';
import { distinctShapes, runnableShapes, tuningFor, type Tuning, type TuningTable } from './tuning.ts';
import { GpuUnavailable } from './unavailable.ts';
import { UploadRing, type UploadRingLimits } from './upload-ring.ts';
import { walkShape } from './walk-shape.ts';
import { WordArena } from './word-arena.ts';

export interface GpuOptions {
  /** Default `any`. */
  readonly adapter?: AdapterKind;
  /** Ask for timestamp queries; default true. Without them every `gpuNs` is null. */
  readonly timestamps?: boolean;
  readonly powerPreference?: GPUPowerPreference;
  /** Sizes of one submission; for tests of how jobs are spread. */
  readonly flushLimits?: Partial<FlushLimits>;
  /** Tuned copy shapes (autotune.ts); used where they are of this adapter, driver and tool. Default: none. */
  readonly tuning?: TuningTable;
  /** Version of the tool, part of the key of a tuning. */
  readonly toolVersion?: string;
  /** Create the pipelines of every copy shape, so that `useShapes` may choose any. */
  readonly allShapes?: boolean;
  /** Sizes of the staging buffers of `mapped` uploads; for tests of what happens when they are all in use. */
  readonly uploadRing?: UploadRingLimits;
  /** Failure injection: a job for which this is true is skipped and completes with status 'injected'. */
  readonly failJob?: (job: Job) => boolean;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

export class GpuExecutor implements Executor {
  readonly info: ExecutorInfo;
  readonly config: ExecutorConfig;
  /** For error scopes and for three.js; jobs are the only way to its memory. */
  readonly device: GPUDevice;
  /** The copy shapes that it was opened with, and where they come from. */
  readonly tuning: Tuning;
  readonly #watched: WatchedDevice;
  readonly #machine: Machine;
  readonly #writer: FlushWriter;
  readonly #failJob: (job: Job) => boolean;
  readonly #breather: Breather | null;
  /** Submissions in order; those whose answers have arrived wait for the ones before them. */
  readonly #inFlight: { readonly flush: SubmittedFlush; faults: FaultPart[] | null }[] = [];
  #done: Completion[] = [];
  #waiters: Waiter[] = [];
  #lastSeq = 0;
  #broken: Error | null = null;

  constructor(watched: WatchedDevice, machine: Machine, tuning: Tuning, failJob: (job: Job) => boolean) {
    this.info = watched.info;
    this.config = machine.config;
    this.device = watched.device;
    this.tuning = tuning;
    this.#watched = watched;
    this.#machine = machine;
    this.#failJob = failJob;
    this.#breather = breatherFor(watched.info.software);
    this.#writer = new FlushWriter(machine, (flush) => void this.#await(flush));
    watched.onTrouble = () => this.#noticeTrouble();
  }

  /** Throws on a job that does not validate, and DeviceLostError once the device is gone. */
  submit(job: Job): void {
    this.#throwIfBroken();
    const wrong = validateJob(job, this.config);
    assert(wrong === null, () => wrong ?? '');
    assert(job.seq > this.#lastSeq, () => `seq ${job.seq} follows ${this.#lastSeq}: fence numbers rise`);
    this.#lastSeq = job.seq;
    const failed = this.#failJob(job);
    const pending = startJob(failed ? { ...job, commands: [] } : job, this.#machine.stamps !== null);
    if (failed) pending.status = 'injected';
    encodeJob(this.#writer, pending);
  }

  flush(): void {
    if (this.#broken === null) this.#writer.split();
  }

  take(): Completion[] {
    const done = this.#done;
    this.#done = [];
    return done;
  }

  /** Rejects with DeviceLostError, or with GpuError when WebGPU reported an error that nobody caught. */
  async settled(): Promise<void> {
    this.#throwIfBroken();
    this.flush();
    if (this.#done.length > 0 || this.#inFlight.length === 0) return;
    await new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** What became of `mapped` uploads so far: a figure about them holds only where none fell back. */
  get uploadCounts(): UploadCounts {
    return this.#machine.uploads.counts;
  }

  /** Copy shapes of what is submitted from now on, for the tuner: needs `allShapes`. */
  useShapes(shapes: CopyShapes): void {
    this.#machine.pipelines.shapes = shapes;
  }

  destroy(): void {
    this.#break(new DeviceLostError('the executor was destroyed'));
    this.device.destroy();
  }

  async #await(flush: SubmittedFlush): Promise<void> {
    const entry: { flush: SubmittedFlush; faults: FaultPart[] | null } = { flush, faults: null };
    this.#inFlight.push(entry);
    this.#breather?.begin();
    try {
      entry.faults = await readFlush(this.#machine, flush);
      this.#deliver();
    } catch (error) {
      // Mapping fails on a lost device, or after an error that is reported on its own; anything else is a bug.
      this.#noticeTrouble();
      const lost = error instanceof DOMException;
      this.#break(lost ? new DeviceLostError(`reading back failed: ${error.message}`) : (error as Error));
    } finally {
      this.#breather?.end();
    }
  }

  /** Hands out completions of everything that has arrived and has nothing before it. */
  #deliver(): void {
    for (let head = this.#inFlight[0]; head !== undefined && head.faults !== null; head = this.#inFlight[0]) {
      this.#inFlight.shift();
      for (const { job, records } of head.faults) job.faults.push(records);
      for (const pending of head.flush.ending) this.#done.push(completionOf(pending));
    }
    if (this.#done.length === 0 && this.#inFlight.length > 0) return;
    for (const waiter of this.#takeWaiters()) waiter.resolve();
  }

  #takeWaiters(): Waiter[] {
    const waiters = this.#waiters;
    this.#waiters = [];
    return waiters;
  }

  #noticeTrouble(): void {
    const { lost, errors } = this.#watched;
    if (errors.length > 0) this.#break(new GpuError(errors.join('\n')));
    else if (lost !== null) this.#break(lost);
  }

  /** The first trouble is the one that is told. */
  #break(error: Error): void {
    this.#broken ??= error;
    for (const waiter of this.#takeWaiters()) waiter.reject(this.#broken);
  }

  #throwIfBroken(): void {
    if (this.#broken !== null) throw this.#broken;
  }
}

/** Everything on the device. Gives the device back where memory is short. */
async function createMachine(
  watched: WatchedDevice,
  config: ExecutorConfig,
  limits: FlushLimits,
  tuning: Tuning,
  options: GpuOptions,
): Promise<Machine | GpuUnavailable> {
  const { device, info } = watched;
  const walks = walkShape(info.software);
  const buffers = await allocateBuffers(device, config, limits);
  if (buffers === null) {
    device.destroy();
    const { total } = neededBytes(config, limits);
    return new GpuUnavailable('out-of-memory', `The GPU has no room for ${total} bytes.`, total);
  }
  return {
    device,
    config,
    limits,
    buffers,
    pipelines: await createPipelines(device, buffers, {
      shapes: options.allShapes === true ? runnableShapes(info) : distinctShapes(tuning.shapes),
      inUse: tuning.shapes,
      walks,
    }),
    walks,
    dispatchMargin: dispatchMargin(config),
    staging: new StagingPool(device),
    uploads: new UploadRing(device, options.uploadRing),
    stamps: info.timestamps ? new Stamps(device, limits.stamps) : null,
    accessSerials: new AccessSerials(),
    arenas: {
      list: new WordArena(limits.listWords),
      payload: new WordArena(limits.payloadWords),
      params: new WordArena((limits.dispatches * PARAM_SLOT_BYTES) / 4),
    },
  };
}

/**
 * Opens a device and allocates everything that `config` asks for, zeroed; all or nothing. `gpu` is `navigator.gpu` or
 * what createNodeGpu gave. Throws on a configuration that makes no sense and on shaders that do not compile (bugs).
 */
export async function createGpuExecutor(
  gpu: GPU | undefined,
  config: ExecutorConfig,
  options: GpuOptions = {},
): Promise<GpuExecutor | GpuUnavailable> {
  const wrong = validateConfig(config);
  assert(wrong === null, () => `gpu: ${wrong}`);
  const limits = flushLimits(config, options.flushLimits);
  const adapter = await chooseAdapter(gpu, options.adapter ?? 'any', options.powerPreference);
  if (adapter instanceof GpuUnavailable) return adapter;
  const { largest } = neededBytes(config, limits);
  const tooLarge = checkLimits(adapter, largest);
  if (tooLarge !== null) return tooLarge;
  const wanted = { maxBufferSize: largest, maxStorageBufferBindingSize: largest };
  const watched = await openDevice(adapter, wanted, options.timestamps ?? true);
  if (watched instanceof GpuUnavailable) return watched;
  const tuning = tuningFor(watched.info, options.tuning, options.toolVersion ?? '');
  const machine = await createMachine(watched, config, limits, tuning, options);
  if (machine instanceof GpuUnavailable) return machine;
  return new GpuExecutor(watched, machine, tuning, options.failJob ?? (() => false));
}

function checkLimits(adapter: GPUAdapter, largest: number): GpuUnavailable | null {
  const allowed = largestBuffer(adapter.limits);
  if (largest <= allowed) return null;
  const message = `A buffer of ${largest} bytes is needed; ${adapterName(adapter)} allows ${allowed}.`;
  return new GpuUnavailable('limits', message, largest, allowed);
}
